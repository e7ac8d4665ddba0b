"""What the audit log shows for saved views."""

from pingadmin.audit.actions import AuditAction
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent


def _view_name(event: AuditEvent) -> str:
    return str(read_detail(event).get("name", ""))


ACTIONS = [
    AuditAction("view_saved", "View saved", object_name=_view_name),
    AuditAction("view_renamed", "View renamed", object_name=_view_name),
    AuditAction("view_deleted", "View deleted", object_name=_view_name),
]
FIELD_LABELS = {"name_before": "Name before"}
