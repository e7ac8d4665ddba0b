"""What the audit log shows for saved views."""

from pingadmin.audit.actions import AuditAction, sentence
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent


def _view_name(event: AuditEvent) -> str:
    return str(read_detail(event).get("name", ""))


ACTIONS = [
    AuditAction(f"view_{done}", f"View {done}", object_name=_view_name, sentence=sentence(text))
    for done, text in (
        ("saved", "saved the view {object}"),
        ("renamed", "renamed a view to {object}"),
        ("deleted", "deleted the view {object}"),
    )
]
FIELD_LABELS = {"name_before": "Name before"}
