"""Makes events the way the panel does: through the trail, in a transaction."""

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.factories import ANA, AuditEventFactory

__all__ = ["ANA", "BEN", "record_entry", "record_event"]

BEN = Actor(
    kind="person",
    id="700002",
    name="ben",
    role="support",
    source_address="192.0.2.8",
    request_id="req-2",
)


def record_event(**given) -> AuditEvent:
    """Appends one event: an intent to resume by ana where nothing else is given."""
    return AuditEventFactory(**given)


def record_entry(result: str = "ok", *, outcome: dict | None = None, **given) -> AuditEvent:
    """The head of a resume with its outcome; no outcome for result ''."""
    facts = {
        "alias": "ping",
        "session_id": "ses_1",
        "reason": "Customer approved",
        "ticket": "INC-1",
    } | given
    head = record_event(**facts)
    if result:
        record_event(
            phase="outcome",
            story=head.seq,
            result=result,
            **(facts | {"reason": "", **(outcome or {})}),
        )
    return head
