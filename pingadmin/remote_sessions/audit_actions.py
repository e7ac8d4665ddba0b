"""What the audit log shows for sessions: their names, their pages, and what happens to them."""

from django.urls import NoReverseMatch

from pingadmin.audit.actions import AuditAction, sentence
from pingadmin.audit.models import AuditEvent
from pingadmin.remote_sessions.models import RemoteSession


def session_name(event: AuditEvent) -> str:
    """The id of the session that an audit event is about."""
    return event.session_id


def session_address(event: AuditEvent) -> str:
    """The page of that session, "" for an event that names no session, or no possible one."""
    try:
        return RemoteSession(alias=event.alias, session_id=event.session_id).get_absolute_url()
    except NoReverseMatch:
        return ""


ACTIONS = [
    AuditAction(
        "look_up_limit",
        "Look-up limit reached",
        sentence=sentence("reached the limit on look-ups"),
    ),
    AuditAction(
        "agent_waiting",
        "Agent waits for an answer",
        object_name=session_name,
        sentence=sentence("found that the agent of {object} waits for an answer"),
        address=session_address,
    ),
]
FIELD_LABELS = {"limit": "Limit reached", "waiting_since": "Seen waiting since"}
