"""What deserves a reviewer's look: each facet is one condition on the heads that need a review."""

from datetime import time

from django.conf import settings
from django.db.models import FloatField, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import ExtractIsoWeekDay, TruncTime

from pingadmin.audit import stories
from pingadmin.audit.endings import ended
from pingadmin.audit.reviews import NEED_REVIEW


class Seconds(Func):
    """A time as seconds, by the database's own arithmetic: SQLite would call Python for each row."""

    template = "EXTRACT(EPOCH FROM %(expressions)s)"
    output_field = FloatField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="(julianday(%(expressions)s) * 86400)", **context)


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
    """The later of two acts on one session. Acts on no session are never repeated."""
    earlier = stories.all_heads().filter(
        NEED_REVIEW, session_id=OuterRef("session_id"), alias=OuterRef("alias"), seq__lt=OuterRef("seq")
    )
    heads = heads.exclude(session_id="").alias(earlier_at=Subquery(earlier.order_by("-seq").values("at")[:1]))
    within = settings.REPEATED_WITHIN_HOURS * 3600
    return heads.alias(apart=Seconds("at") - Seconds("earlier_at")).filter(apart__lte=within)


def _outside_hours(heads: QuerySet) -> QuerySet:
    hours = settings.WORKING_HOURS
    heads = heads.alias(day=ExtractIsoWeekDay("at", tzinfo=hours.zone), clock=TruncTime("at", tzinfo=hours.zone))
    outside = ~Q(day__in=hours.days) | Q(clock__lt=hours.begin)
    return heads.filter(outside if hours.end == time.max else outside | Q(clock__gte=hours.end))


def _bulk(heads: QuerySet) -> QuerySet:
    return heads.exclude(batch="")


_FACETS = {
    "unknown": _unknown,
    "no_ticket": _no_ticket,
    "repeated": _repeated,
    "outside_hours": _outside_hours,
    "bulk": _bulk,
}
