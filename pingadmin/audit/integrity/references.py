"""What other tables say of the log: a row that names an event proves that it was there.

Features register where they name events. So a log whose end or whole was removed, with every
checkpoint, is still noticed by what it left behind.
"""

from collections.abc import Callable

from pingadmin.audit.integrity.faults import Fault, FaultKind
from pingadmin.audit.models import AuditEvent

# What refers to an event, as "a note" -> the highest number that it names, None for none.
HIGHEST_REFERENCES: dict[str, Callable[[], int | None]] = {}


def find_faults() -> list[Fault]:
    """A fault for each kind of reference beyond the log's end."""
    # Read before the log's end, which may move on meanwhile.
    highest = {what: find() or 0 for what, find in HIGHEST_REFERENCES.items()}
    last_seq = AuditEvent.objects.last_seq()
    return [
        Fault.of(FaultKind.REFERENCED, seq, what=what, last_seq=last_seq)
        for what, seq in highest.items()
        if seq > last_seq
    ]
