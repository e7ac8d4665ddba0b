"""What deserves a reviewer's look: each facet is one condition on the heads that need a review."""

from datetime import time

from django.conf import settings
from django.db.models import OuterRef, Q, QuerySet, Subquery

from pingadmin.audit.entries import entries
from pingadmin.audit.entries.results import ended
from pingadmin.audit.entries.sql_time import DAY, Epoch, day_of_week, second_of_day
from pingadmin.audit.review.reviews import NEED_REVIEW


def choices() -> dict[str, str]:
    """The facets that this installation has, with the words for people."""
    found = {"unknown": "Unknown outcome", "no_ticket": "No ticket", "repeated": "Repeated"}
    if settings.WORKING_HOURS:
        found["outside_hours"] = "Outside hours"
    return found | {"bulk": "Bulk"}


def with_facet(heads: QuerySet, facet: str) -> QuerySet:
    """Only stories that need a review and have that facet."""
    return _FACETS[facet](heads.filter(NEED_REVIEW))


def _unknown(heads: QuerySet) -> QuerySet:
    return heads.filter(ended("unknown") | ended("none"))


def _no_ticket(heads: QuerySet) -> QuerySet:
    return heads.filter(ticket="")


def _repeated(heads: QuerySet) -> QuerySet:
    """The later of two like acts on one session; a resume after a pause repeats nothing."""
    earlier = entries.all_heads().filter(
        NEED_REVIEW,
        action=OuterRef("action"),
        session_id=OuterRef("session_id"),
        alias=OuterRef("alias"),
        seq__lt=OuterRef("seq"),
    )
    heads = heads.exclude(session_id="").alias(
        earlier_at=Subquery(earlier.order_by("-seq").values("at")[:1])
    )
    within = int(settings.REPEATED_WITHIN_HOURS * 3600)
    return heads.alias(apart=Epoch("at") - Epoch("earlier_at")).filter(apart__lte=within)


def _outside_hours(heads: QuerySet) -> QuerySet:
    hours = settings.WORKING_HOURS
    heads = heads.alias(day=day_of_week(hours.zone), clock=second_of_day(hours.zone))
    is_working_day = Q(day__in=[day - 1 for day in hours.days])
    return heads.exclude(
        is_working_day, clock__gte=_seconds(hours.begin), clock__lt=_seconds(hours.end)
    )


def _bulk(heads: QuerySet) -> QuerySet:
    return heads.exclude(batch="")


def _seconds(clock: time) -> int:
    return DAY if clock == time.max else clock.hour * 3600 + clock.minute * 60 + clock.second


_FACETS = {
    "unknown": _unknown,
    "no_ticket": _no_ticket,
    "repeated": _repeated,
    "outside_hours": _outside_hours,
    "bulk": _bulk,
}
