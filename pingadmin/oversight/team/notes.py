"""What the team wants to remember about a session: plain text, added and never changed."""

import uuid

from django.db import transaction

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.team import activity
from pingadmin.remote_sessions.models import RemoteSession


@transaction.atomic
def write_note(
    *, session: RemoteSession, text: str, by: Actor, form: uuid.UUID | None = None
) -> None:
    """Add a note of at most 2,000 characters. The same form sent twice adds one.

    Whom the session was handed over to takes it up by writing.
    """
    state = activity.locked_state(session)
    token = activity.token_of(form, session.pk, by.id, "note", text)
    if activity.is_there(token):
        return
    if state.handover and state.handover.to_id == by.id:
        state.handover = None
        state.save(update_fields=["handover"])
    activity.add(session, "note", by=by, text=text, token=token)
