"""What the team wants to remember about a session: plain text, added and never changed."""

import uuid

from django.db import transaction

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team import activity
from pingadmin.remote_sessions.models import RemoteSession


@transaction.atomic
def write_note(
    *, session: RemoteSession, text: str, by: Actor, form_id: uuid.UUID | None = None
) -> None:
    """Add a note of at most 2,000 characters. The same form sent twice adds one.

    Writing one is how the new owner takes up a handover.
    """
    state = activity.lock_team_state(session)
    token = activity.entry_token(form_id, session.pk, by.id, "note", text)
    if activity.is_recorded(token):
        return
    if state.handover and state.handover.to_id == by.id:
        state.handover = None
        state.save(update_fields=["handover"])
    activity.add_entry(session, TeamEntry.Kind.NOTE, by=by, text=text, token=token)
