"""The actions that the audit log records about itself."""

from pingadmin.audit.actions import AuditAction
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.marks import Mark
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import restore_guard


def _export_format(event: AuditEvent) -> str:
    return str(read_detail(event).get("format", "")).upper()


ACTIONS = [
    AuditAction("read_log", "Audit log read"),
    AuditAction("export", "Audit log exported", object_name=_export_format),
    AuditAction("audit_verify", "Verification"),
    AuditAction(restore_guard.ACCEPT_RESTORE, "Restored log accepted"),
    AuditAction(Mark.REVIEWED, Mark.REVIEWED.label),
    AuditAction(Mark.FLAGGED, Mark.FLAGGED.label),
]
