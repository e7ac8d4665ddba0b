"""The only writer of what the team says and does about a session.

A session has one team state, which changes, and any number of entries, which never do. Every
action holds the state while it writes, so that two at once come one after the other, and adds
exactly one entry in the same transaction.
"""

import uuid

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording import observations


def lock_team_state(session: RemoteSession) -> TeamState:
    """The session's team state, held until the transaction ends; created where there is none.

    Needs a transaction.
    """
    TeamState.objects.get_or_create(session=session)
    return TeamState.objects.select_for_update().get(session=session)


def entry_token(form_id: uuid.UUID | None, *content: object) -> uuid.UUID | None:
    """The token of the entry that a form writes: its id, with who does what to which session.

    The content belongs to it, so that a form that comes back from the browser's history with
    another text is another action.
    """
    return uuid.uuid5(form_id, repr(content)) if form_id else None


def is_recorded(token: uuid.UUID | None) -> bool:
    """Whether this very entry is written already: the second half of a double click."""
    return token is not None and TeamEntry.objects.filter(token=token).exists()


def add_entry(
    session: RemoteSession,
    kind: TeamEntry.Kind,
    *,
    by: Actor,
    to: AbstractUser | None = None,
    text: str = "",
    token: uuid.UUID | None = None,
) -> TeamEntry:
    """Write an entry, and let the board see that the session changed. to: whom it concerns."""
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
    observations.mark_session_changed(session)
    return entry
