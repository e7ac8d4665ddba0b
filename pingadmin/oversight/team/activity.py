"""The one writer of what the team says and does about a session: a state that changes, and entries that do not.

Every act holds the session's state while it writes, so that two acts at once come one after the other, and adds
exactly one entry in the same transaction.
"""

import uuid

from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording import observations


def locked_state(session: RemoteSession) -> TeamState:
    """The session's state, made where there is none, held until the transaction ends. Needs a transaction."""
    TeamState.objects.get_or_create(session=session)
    return TeamState.objects.select_for_update().get(session=session)


def token_of(form: uuid.UUID | None, *what) -> uuid.UUID | None:
    """What makes an act of a form itself and no other: the form's number, and who does what to which session.

    The words belong to it, so that a form that comes back from the browser's history with others is another act.
    """
    return uuid.uuid5(form, repr(what)) if form else None


def is_there(token: uuid.UUID | None) -> bool:
    """Whether this very act is written already: the second half of a double click."""
    return token is not None and TeamEntry.objects.filter(token=token).exists()


def add(
    session: RemoteSession,
    kind: str,
    *,
    by: Actor,
    to=None,
    text: str = "",
    token: uuid.UUID | None = None,
) -> TeamEntry:
    """Add an entry and let the board see that something changed. to: the user whom it concerns."""
    entry = TeamEntry.objects.create(
        session=session,
        at=timezone.now(),
        kind=kind,
        by_id=by.id,
        by_name=by.name,
        to_id=str(to.pk) if to else "",
        to_name=to.get_username() if to else "",
        text=text,
        token=token,
    )
    observations.touch(session)
    return entry
