"""Notices that the log went back in time: it ends below the newest checkpoint, or holds another event there.

Until an admin accepts that in writing (restore.py), nothing is appended: it would stand beside a future that was
vouched for already. The checkpoint file is looked at when it changed, so an append costs one stat().
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError

from pingadmin.audit import checkpoint_file, checkpoints
from pingadmin.audit.checkpoint import Checkpoint
from pingadmin.audit.models import AuditEvent

ACCEPT = "accept_restore"


class LogWentBack(DatabaseError):
    """The log cannot take an event before its past is accepted."""


@dataclass
class _Seen:
    state: tuple | None = None
    checkpoint: Checkpoint | None = None
    is_another: bool = False


_seen = _Seen()


def refuse_if_closed(action: str, head: int) -> None:
    """Let an event of this action follow the head (0 for an empty log). Raises LogWentBack."""
    if action != ACCEPT and (problem := problem_at(head)):
        raise LogWentBack(problem)


def problem() -> str:
    """Why nothing can be appended now, '' where all is well."""
    return problem_at(AuditEvent.objects.order_by("-seq").values_list("seq", flat=True).first() or 0)


def problem_at(head: int) -> str:
    _look()
    newest = _seen.checkpoint
    if newest is None or (newest.seq <= head and not _seen.is_another):
        return ""
    how = f"differs from the checkpoint at #{newest.seq}" if newest.seq <= head else f"ends at #{head}"
    return (
        f"the audit log {how}, but the checkpoint of {newest.at} vouches for #{newest.seq}: an older or another "
        "database was put in its place. Put the right one back, or let an admin accept it with audit_accept_restore"
    )


def _look() -> None:
    path = settings.CHECKPOINT_FILE
    state = (str(path), checkpoint_file.state(path))
    if state == _seen.state:
        return
    newest = checkpoints.newest_in_file()
    _seen.is_another = newest is not None and _is_another(newest)
    _seen.checkpoint, _seen.state = newest, state


def _is_another(newest: Checkpoint) -> bool:
    found = AuditEvent.objects.filter(seq=newest.seq).values_list("row_hash", flat=True).first()
    return found is not None and found != newest.row_hash
