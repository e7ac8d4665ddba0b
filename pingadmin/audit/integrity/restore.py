"""An admin's word that an older log is the log from now on; it is the first event after the restore."""

from django.db import transaction

from pingadmin.audit.chain.checkpoint import Checkpoint
from pingadmin.audit.integrity import checkpoints
from pingadmin.audit.record import restore_guard, trail
from pingadmin.audit.record.actors import Actor


class NothingToAccept(Exception):
    """The log did not go back."""


def accept(*, reason: str, by: Actor) -> Checkpoint:
    """Record the restore as an event, and begin a new line of checkpoints with it.

    Checkpoints at or above that event are given up from then on, and are shown so. Raises NothingToAccept,
    NotSigned, OSError and django.db.Error.
    """
    given_up = checkpoints.newest_in_file()
    if given_up is None or not restore_guard.problem():
        raise NothingToAccept
    with transaction.atomic():
        event = trail.append(
            action=restore_guard.ACCEPT,
            phase="event",
            by=by,
            reason=reason,
            detail={
                "given_up_seq": given_up.seq,
                "given_up_hash": given_up.row_hash,
                "given_up_at": given_up.at,
            },
        )
    return checkpoints.make(restored=event.seq)
