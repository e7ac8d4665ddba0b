"""How a story ended, as a condition on its head. What Story tells of one story, this finds in the whole log."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from pingadmin.audit.models import AuditEvent


def ended(result: str) -> Q:
    """That a story ended so: a key of filters.RESULTS. The last event that states a result counts."""
    if result == "none":
        stated = AuditEvent.objects.filter(story=OuterRef("seq")).exclude(result="")
        return Q(~Exists(stated), phase="intent")
    stored = "ok" if result in ("confirmed", "accepted") else result
    restated = AuditEvent.objects.filter(story=OuterRef("story"), seq__gt=OuterRef("seq")).exclude(
        result=""
    )
    stating = AuditEvent.objects.filter(~Exists(restated), result=stored).exclude(result="")
    found = Q(seq__in=stating.values("story"))
    if stored != "ok":
        return found
    return found & Q(seq__in=_seen()) if result == "confirmed" else found & ~Q(seq__in=_seen())


def _seen() -> QuerySet:
    """Stories whose effect was seen, as the last event that speaks of it says."""
    respoken = AuditEvent.objects.filter(
        story=OuterRef("story"), seq__gt=OuterRef("seq"), verified__isnull=False
    )
    return AuditEvent.objects.filter(~Exists(respoken), verified=True).values("story")
