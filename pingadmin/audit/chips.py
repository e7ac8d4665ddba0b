"""The chips above the list: one press asks one thing more, and pressing again drops it."""

from dataclasses import dataclass

from django.urls import reverse

from pingadmin.audit import facets, reviews
from pingadmin.audit.filters import RESULTS, Question


@dataclass(frozen=True)
class Chip:
    """name: what its count is found under, '' for a chip without one."""

    label: str
    address: str
    is_on: bool
    name: str = ""


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


def for_queue(question: Question) -> list[Chip]:
    """How stories stand in the queue, then what deserves a look."""
    return [
        Chip(label, address_of(question, **{field: "" if is_on else name}), is_on, name)
        for field, offered in _offered().items()
        for name, label in offered.items()
        for is_on in [question.asked.get(field) == name]
    ]


def counts(question: Question) -> dict[str, int]:
    """For each chip of the queue, how many stories it shows beside the rest of the question: exact."""
    return {name: _count(question.with_(**{field: name})) for field, offered in _offered().items() for name in offered}


def _offered() -> dict[str, dict[str, str]]:
    return {"review": reviews.STATES, "facet": facets.choices()}


def _count(question: Question) -> int:
    return question.queryset().count() if question.is_valid() else 0
