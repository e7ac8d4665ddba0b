"""Entries that do not end as they should. A log can be whole and still hold some."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

from pingadmin.audit.models import AuditEvent

LISTED = 20


@dataclass(frozen=True)
class CompletenessFinding:
    """count entries; head_seqs: the newest LISTED of them."""

    sentence: str
    count: int
    head_seqs: list[int]

    def as_dict(self) -> dict[str, Any]:
        """As verification runs store it and `audit_verify --json` prints it."""
        return {"sentence": self.sentence, "count": self.count, "stories": self.head_seqs}


def check_completeness() -> list[CompletenessFinding]:
    """Intents without outcome, outcomes without intent, entries with two outcomes; if any exist."""
    queries = {
        "Intents without an outcome, lost or still under way": _intents_without_outcome(),
        "Outcomes without an intent": _outcomes_without_intent(),
        "Entries with more than one outcome": _entries_with_two_outcomes(),
    }
    return [
        CompletenessFinding(sentence, count, _newest(head_seqs))
        for sentence, head_seqs in queries.items()
        if (count := head_seqs.count())
    ]


def _intents_without_outcome() -> QuerySet[AuditEvent, int]:
    outcome = _outcomes().filter(story=OuterRef("seq"))
    intents = AuditEvent.objects.filter(~Exists(outcome), phase=AuditEvent.Phase.INTENT)
    return intents.values_list("seq", flat=True)


def _outcomes_without_intent() -> QuerySet[AuditEvent, int]:
    intent = AuditEvent.objects.filter(seq=OuterRef("story"), phase=AuditEvent.Phase.INTENT)
    return _outcomes().filter(~Exists(intent)).values_list("story", flat=True).distinct()


def _entries_with_two_outcomes() -> QuerySet[AuditEvent, int]:
    outcomes = _outcomes().values("story").annotate(outcomes=Count("seq"))
    return outcomes.filter(outcomes__gt=1).values_list("story", flat=True)


def _outcomes() -> QuerySet[AuditEvent]:
    return AuditEvent.objects.filter(phase=AuditEvent.Phase.OUTCOME)


def _newest(head_seqs: QuerySet[AuditEvent, int]) -> list[int]:
    column = "seq" if "seq" in head_seqs.query.values_select else "story"
    return list(head_seqs.order_by(f"-{column}")[:LISTED])
