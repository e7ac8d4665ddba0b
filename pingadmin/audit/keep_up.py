"""The checkpoints' place in a loop that has other work: cheap to ask often, and a failure is not in that work's way."""

import logging
import time

from pingadmin.audit import checkpoints

EVERY_SECONDS = 5
AFTER_A_FAILURE_SECONDS = 60

log = logging.getLogger(__name__)

_next_look = 0.0


def keep_up() -> None:
    """Make a checkpoint if one is due. What cannot be signed or kept is logged and tried again a minute later.

    Raises django.db.Error.
    """
    global _next_look
    if time.monotonic() < _next_look:
        return
    _next_look = time.monotonic() + EVERY_SECONDS
    try:
        checkpoints.make_if_due()
    except (checkpoints.NotSigned, OSError) as problem:
        _next_look = time.monotonic() + AFTER_A_FAILURE_SECONDS
        log.error("the audit log is not anchored: %s", problem)
