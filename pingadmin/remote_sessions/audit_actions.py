"""What the audit log needs to know of sessions: how to name one, where its page is, and our own actions."""

from django.urls import NoReverseMatch

from pingadmin.audit.actions import AuditAction
from pingadmin.audit.models import AuditEvent
from pingadmin.remote_sessions.models import RemoteSession


def session_name(event: AuditEvent) -> str:
    """The id of the session that an audit event is about."""
    return event.session_id


def session_address(event: AuditEvent) -> str:
    """The page of that session; "" where there is none, or an old event names what is no session id."""
    try:
        return RemoteSession(alias=event.alias, session_id=event.session_id).get_absolute_url()
    except NoReverseMatch:
        return ""


ACTIONS = [AuditAction("look_up_limit", "Look-up limit reached")]
FIELD_LABELS = {"limit": "Limit reached"}
