"""The chips above the list: one press asks one thing more, and pressing again drops it."""

from dataclasses import dataclass

from django.urls import reverse

from pingadmin.audit.log.filters import RESULTS, Question
from pingadmin.audit.review import facets, reviews


@dataclass(frozen=True)
class Chip:
    """count: how many stories it shows, None where that was not asked for."""

    label: str
    address: str
    is_on: bool
    name: str = ""
    count: int | None = None


def address_of(question: Question, **changed) -> str:
    """The list's address for this question, without the blanks that a form sends."""
    query = question.urlencode(**changed)
    return f"{reverse('audit:log')}?{query}" if query else reverse("audit:log")


def for_results(question: Question) -> list[Chip]:
    chosen = question.asked.get("result", "")
    return [
        Chip(label, address_of(question, result=result), result == chosen)
        for result, label in {"": "Any result", **RESULTS}.items()
    ]


def for_queue(question: Question, *, counted: bool) -> list[Chip]:
    """How stories stand in the queue, then what deserves a look. One query for each chip that is counted."""
    offered = {"review": reviews.STATES, "facet": facets.choices()}
    return [
        _for_queue(question, field, name, label, counted)
        for field, chips in offered.items()
        for name, label in chips.items()
    ]


def _for_queue(question: Question, field: str, name: str, label: str, counted: bool) -> Chip:
    is_on = question.asked.get(field) == name
    address = address_of(question, **{field: "" if is_on else name})
    count = _count(question.with_(**{field: name})) if counted else None
    return Chip(label, address, is_on, name, count)


def _count(question: Question) -> int | None:
    return question.queryset().count() if question.is_valid() else None
