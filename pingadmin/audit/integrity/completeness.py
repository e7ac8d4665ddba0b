"""Stories that do not end as they should. A log can be whole and yet hold these: integrity is another question."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, QuerySet

from pingadmin.audit.models import AuditEvent

SHOWN = 20


@dataclass(frozen=True)
class Finding:
    """count stories, the newest SHOWN of them by the seq of their head."""

    sentence: str
    count: int
    stories: list[int]


def report() -> list[Finding]:
    """Intents without outcome, outcomes without intent, and stories with two outcomes; empty where there are none."""
    findings = [
        _finding("Intents without an outcome, lost or still under way", _intents_without_outcome()),
        _finding("Outcomes without an intent", _outcomes_without_intent()),
        _finding("Stories with more than one outcome", _two_outcomes()),
    ]
    return [finding for finding in findings if finding.count]


def _intents_without_outcome() -> QuerySet:
    outcome = AuditEvent.objects.filter(story=OuterRef("seq"), phase="outcome")
    return AuditEvent.objects.filter(~Exists(outcome), phase="intent").values_list("seq", flat=True)


def _outcomes_without_intent() -> QuerySet:
    intent = AuditEvent.objects.filter(seq=OuterRef("story"), phase="intent")
    outcomes = AuditEvent.objects.filter(~Exists(intent), phase="outcome")
    return outcomes.values_list("story", flat=True).distinct()


def _two_outcomes() -> QuerySet:
    outcomes = (
        AuditEvent.objects.filter(phase="outcome").values("story").annotate(outcomes=Count("seq"))
    )
    return outcomes.filter(outcomes__gt=1).values_list("story", flat=True)


def _finding(sentence: str, stories: QuerySet) -> Finding:
    name = "seq" if "seq" in stories.query.values_select else "story"
    return Finding(sentence, stories.count(), list(stories.order_by(f"-{name}")[:SHOWN]))
