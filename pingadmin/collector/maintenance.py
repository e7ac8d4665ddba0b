"""Steps that hear nothing: sign the audit log's head, make and send messages, make the history smaller."""

import logging
from time import monotonic

from pingadmin.audit.integrity import checkpoints
from pingadmin.collector.steps.pruner import prune_some
from pingadmin.notifications.deliver import deliver_one
from pingadmin.notifications.make import make_new

CHECKPOINT_SECONDS = 5
CHECKPOINT_AGAIN_SECONDS = 60
PRUNE_SECONDS = 3600

log = logging.getLogger(__name__)


def notify() -> bool:
    """Make the messages that are due, or send one."""
    return make_new() or deliver_one()


class Checkpointer:
    """Makes a checkpoint where one is due. After it failed it waits, so that the log is not full of it."""

    def __init__(self):
        self._rest = CHECKPOINT_SECONDS

    def step(self) -> bool:
        self._rest = CHECKPOINT_AGAIN_SECONDS
        try:
            checkpoints.make_if_due()
            self._rest = CHECKPOINT_SECONDS
        except (checkpoints.NotSigned, OSError):
            log.exception("no checkpoint could be made")
        return False

    def rest_seconds(self) -> float:
        return self._rest


class Pruner:
    """Makes history smaller, a piece at a time; when all is done, not again for an hour."""

    def __init__(self):
        self._after = 0.0

    def step(self) -> bool:
        if monotonic() < self._after:
            return False
        if prune_some():
            return True
        self._after = monotonic() + PRUNE_SECONDS
        return False
