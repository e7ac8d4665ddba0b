"""The actions that the audit log records about itself."""

from pingadmin.audit.actions import AuditAction, sentence
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.marks import Mark
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import restore_guard


def _export_format(event: AuditEvent) -> str:
    return str(read_detail(event).get("format", "")).upper()


ACTIONS = [
    AuditAction("read_log", "Audit log read", sentence=sentence("read the audit log")),
    AuditAction(
        "export",
        "Audit log exported",
        object_name=_export_format,
        sentence=sentence("exported the audit log as {object}"),
    ),
    AuditAction("audit_verify", "Verification", sentence=sentence("verified the audit log")),
    AuditAction(
        restore_guard.ACCEPT_RESTORE,
        "Restored log accepted",
        sentence=sentence("accepted a restored log"),
    ),
    AuditAction(Mark.REVIEWED, Mark.REVIEWED.label, sentence=sentence("reviewed an entry")),
    AuditAction(Mark.FLAGGED, Mark.FLAGGED.label, sentence=sentence("flagged an entry")),
]
