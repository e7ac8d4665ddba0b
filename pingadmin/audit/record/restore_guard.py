"""Notices that the log went back in time: it ends below the newest checkpoint in the file.

Until an admin accepts that in writing (restore.py), nothing is appended: it would stand beside a future that was
vouched for already. The checkpoint file is looked at when it changed, so an append costs one stat().
"""

import logging
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError

from pingadmin.audit.chain import checkpoint_file
from pingadmin.audit.chain.checkpoint import Checkpoint
from pingadmin.audit.integrity import checkpoints
from pingadmin.audit.models import AuditEvent

ACCEPT = "accept_restore"

log = logging.getLogger(__name__)


class LogWentBack(DatabaseError):
    """The log cannot take an event before its past is accepted."""


@dataclass
class _Seen:
    state: tuple | None = None
    checkpoint: Checkpoint | None = None


_seen = _Seen()


def refuse_if_closed(action: str, head: int) -> None:
    """Let an event of this action follow the head (0 for an empty log). Raises LogWentBack."""
    if action != ACCEPT and (problem := problem_at(head)):
        raise LogWentBack(problem)


def problem() -> str:
    """Why nothing can be appended now, '' where all is well."""
    return problem_at(
        AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0
    )


def problem_at(head: int) -> str:
    """The same for a log that ends at `head`."""
    vouched = newest()
    if vouched is None or vouched.seq <= head:
        return ""
    return (
        f"the audit log ends at #{head}, but the checkpoint of {vouched.at} stands at #{vouched.seq}: "
        "an older database was put in its place. Put the newer one back, or let an admin accept this one "
        "with audit_accept_restore"
    )


def fault_line() -> str:
    """The same as a line for /readyz."""
    return f"audit: {found}" if (found := problem()) else ""


def newest() -> Checkpoint | None:
    """The newest checkpoint in CHECKPOINT_FILE."""
    path = settings.CHECKPOINT_FILE
    try:
        state = (str(path), checkpoint_file.state(path))
        if state != _seen.state:
            _seen.checkpoint, _seen.state = checkpoints.newest_in_file(), state
    except OSError as problem:
        # Resumes go on without the file; a check says that it cannot be read.
        log.error("the checkpoints cannot be read: %s", problem)
    return _seen.checkpoint
