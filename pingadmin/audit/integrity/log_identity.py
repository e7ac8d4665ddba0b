"""Which log this is. A log begins with its first event, so that event's hash names it.

A log that was wiped and begins anew has another name, and so has another panel's log with the same
keys. People compare it with the one that they noted.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent

ID_DIGITS = 16


@dataclass(frozen=True)
class LogIdentity:
    """id: the first 16 hex digits of the first event's hash. born_at: that event's time.

    panel: PANEL_URL, or the first of ALLOWED_HOSTS.
    """

    id: str
    born_at: datetime
    panel: str

    def as_dict(self) -> dict[str, str]:
        """As exports carry it and `audit_verify --json` prints it."""
        return {"id": self.id, "born_at": canonical.format_time(self.born_at)}


def identify_log() -> LogIdentity | None:
    """None for a log without an event. One query."""
    first = AuditEvent.objects.filter(seq=1).values("row_hash", "at").first()
    if first is None:
        return None
    panel = settings.PANEL_URL or settings.ALLOWED_HOSTS[0]
    return LogIdentity(first["row_hash"][:ID_DIGITS], first["at"], panel)
