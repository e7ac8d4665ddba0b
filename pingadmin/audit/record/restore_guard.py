"""Refuses to append to a log that ends before its newest checkpoint: an older database is in place.

Nothing is appended until an admin accepts that in writing (integrity/restore.py), because new
events would take numbers that a checkpoint already vouches for. The checkpoint file is read again
only when it has changed, so an append costs one stat().
"""

import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from pingadmin.audit.chain import checkpoint_file
from pingadmin.audit.chain.checkpoint import Checkpoint
from pingadmin.audit.chain.checkpoint_file import FileVersion
from pingadmin.audit.models import AuditEvent

ACCEPT_RESTORE = "accept_restore"

log = logging.getLogger(__name__)


class RestoreNotAccepted(DatabaseError):
    """The log went back in time, and takes no event until an admin accepts that."""


@dataclass
class _Cache:
    """The newest checkpoint of that file in that version."""

    file: tuple[Path, FileVersion | None] | None = None
    checkpoint: Checkpoint | None = None


_cache = _Cache()


def raise_if_closed(action: str, last_seq: int) -> None:
    """Raises RestoreNotAccepted where an event of this action must not follow the last one.

    last_seq: where the log ends, 0 for an empty log.
    """
    if action != ACCEPT_RESTORE and (problem := problem_at(last_seq)):
        raise RestoreNotAccepted(problem)


def problem_at(last_seq: int) -> str:
    """Why nothing can be appended to a log that ends at `last_seq`; '' where all is well."""
    newest = newest_checkpoint()
    if newest is None or newest.seq <= last_seq:
        return ""
    return (
        f"the audit log ends at #{last_seq}, but the checkpoint of {newest.at} stands at "
        f"#{newest.seq}: an older database was put in its place. Put the newer one back, or let "
        "an admin accept this one with audit_accept_restore"
    )


def current_problem() -> str:
    """The same for the log as it is now."""
    return problem_at(AuditEvent.objects.last_seq())


def newest_checkpoint() -> Checkpoint | None:
    """The newest valid checkpoint in CHECKPOINT_FILE."""
    path = settings.CHECKPOINT_FILE
    try:
        file = (path, checkpoint_file.version(path))
        if file != _cache.file:
            _cache.checkpoint = checkpoint_file.newest_checkpoint(path)
            _cache.file = file
    except OSError as error:
        # The panel goes on without the file; a verification reports that it cannot be read.
        log.error("the checkpoints cannot be read: %s", error)
    return _cache.checkpoint
