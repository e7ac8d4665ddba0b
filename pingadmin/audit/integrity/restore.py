"""An admin accepts that an older log is the log from now on: the first event after a restore."""

from django.conf import settings
from django.db import transaction

from pingadmin.audit.chain import checkpoint_file
from pingadmin.audit.chain.checkpoint import Checkpoint
from pingadmin.audit.integrity import checkpoints
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import restore_guard, trail
from pingadmin.audit.record.actors import Actor


class NothingToAccept(Exception):
    """The log did not go back in time."""


def accept(*, reason: str, by: Actor) -> Checkpoint:
    """Records the restore as an event, and makes the first checkpoint that follows from it.

    Checkpoints at or above that event are given up from then on, and are listed as such.
    Raises NothingToAccept, NotSigned, OSError and django.db.Error.
    """
    given_up = checkpoint_file.newest_checkpoint(settings.CHECKPOINT_FILE)
    if given_up is None or not restore_guard.current_problem():
        raise NothingToAccept
    with transaction.atomic():
        event = trail.append(
            action=restore_guard.ACCEPT_RESTORE,
            phase=AuditEvent.Phase.EVENT,
            by=by,
            reason=reason,
            detail={
                "given_up_seq": given_up.seq,
                "given_up_hash": given_up.row_hash,
                "given_up_at": given_up.at,
            },
        )
    return checkpoints.make(restored=event.seq)
