"""The chips above the list: a click adds one condition to the filter, a second click drops it."""

from dataclasses import dataclass

from django.urls import reverse

from pingadmin.audit.log.filters import AuditFilter, result_choices
from pingadmin.audit.marks import ReviewState
from pingadmin.audit.review.facets import available_facets


@dataclass(frozen=True)
class FilterChip:
    """count: how many entries its filter finds; None where they were not counted."""

    label: str
    address: str
    is_on: bool
    name: str = ""
    count: int | None = None


def log_address(audit_filter: AuditFilter, **values: str | int) -> str:
    """The address of the log with this filter, without the blanks that a form sends."""
    query = audit_filter.urlencode(**values)
    return f"{reverse('audit:log')}?{query}" if query else reverse("audit:log")


def result_chips(audit_filter: AuditFilter) -> list[FilterChip]:
    """One chip for each result, and one for any."""
    chosen = audit_filter.entered.get("result", "")
    return [
        FilterChip(label, log_address(audit_filter, result=result), result == chosen)
        for result, label in {"": "Any result", **result_choices()}.items()
    ]


def queue_chips(audit_filter: AuditFilter, *, counted: bool) -> list[FilterChip]:
    """The review states, then the facets. Counting costs one query for each chip."""
    states = [("review", state.value, state.label) for state in ReviewState]
    facets = [("facet", facet, label) for facet, label in available_facets().items()]
    return [
        _queue_chip(audit_filter, field, value, label, counted=counted)
        for field, value, label in states + facets
    ]


def _queue_chip(
    audit_filter: AuditFilter, field: str, value: str, label: str, *, counted: bool
) -> FilterChip:
    is_on = audit_filter.entered.get(field) == value
    address = log_address(audit_filter, **{field: "" if is_on else value})
    count = _count(audit_filter.replaced(**{field: value})) if counted else None
    return FilterChip(label, address, is_on, value, count)


def _count(audit_filter: AuditFilter) -> int | None:
    return audit_filter.heads().count() if audit_filter.is_valid() else None
