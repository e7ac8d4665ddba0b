"""What deserves a reviewer's attention: each facet is one condition on heads to review."""

from collections.abc import Callable
from datetime import time

from django.conf import settings
from django.db.models import OuterRef, Q, Subquery, TextChoices

from pingadmin.audit.entries.sql_time import DAY, Epoch, day_of_week, second_of_day
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.querysets import NO_OUTCOME, AuditEventQuerySet


class Facet(TextChoices):
    UNKNOWN = "unknown", "Unknown outcome"
    NO_TICKET = "no_ticket", "No ticket"
    REPEATED = "repeated", "Repeated"
    OUTSIDE_HOURS = "outside_hours", "Outside hours"
    BULK = "bulk", "Bulk"


def available_facets() -> dict[str, str]:
    """The facets of this installation, value -> label.

    Without WORKING_HOURS nothing is outside them.
    """
    return {
        facet.value: facet.label
        for facet in Facet
        if facet != Facet.OUTSIDE_HOURS or settings.WORKING_HOURS
    }


def filter_by_facet(heads: AuditEventQuerySet, facet: str) -> AuditEventQuerySet:
    """Only heads that need a review and have that facet."""
    return _CONDITIONS[facet](heads.needing_review())


def _unknown(heads: AuditEventQuerySet) -> AuditEventQuerySet:
    return heads.with_result("unknown", NO_OUTCOME)


def _no_ticket(heads: AuditEventQuerySet) -> AuditEventQuerySet:
    return heads.filter(ticket="")


def _repeated(heads: AuditEventQuerySet) -> AuditEventQuerySet:
    """The later of two equal actions on one session. Different actions do not repeat each other."""
    earlier = (
        AuditEvent.objects.heads()
        .needing_review()
        .filter(
            action=OuterRef("action"),
            session_id=OuterRef("session_id"),
            alias=OuterRef("alias"),
            seq__lt=OuterRef("seq"),
        )
    )
    heads = heads.exclude(session_id="").alias(
        earlier_at=Subquery(earlier.newest_first().values("at")[:1])
    )
    within = int(settings.REPEATED_WITHIN_HOURS * 3600)
    return heads.alias(apart=Epoch("at") - Epoch("earlier_at")).filter(apart__lte=within)


def _outside_hours(heads: AuditEventQuerySet) -> AuditEventQuerySet:
    hours = settings.WORKING_HOURS
    if hours is None:
        return heads.none()
    heads = heads.alias(day=day_of_week(hours.zone), clock=second_of_day(hours.zone))
    is_inside = Q(
        day__in=[day - 1 for day in hours.days],
        clock__gte=_seconds(hours.begin),
        clock__lt=_seconds(hours.end),
    )
    return heads.exclude(is_inside)


def _bulk(heads: AuditEventQuerySet) -> AuditEventQuerySet:
    return heads.exclude(batch="")


def _seconds(clock: time) -> int:
    """Seconds since midnight; hours that end with the day end at `time.max`."""
    return DAY if clock == time.max else clock.hour * 3600 + clock.minute * 60 + clock.second


_CONDITIONS: dict[str, Callable[[AuditEventQuerySet], AuditEventQuerySet]] = {
    Facet.UNKNOWN: _unknown,
    Facet.NO_TICKET: _no_ticket,
    Facet.REPEATED: _repeated,
    Facet.OUTSIDE_HOURS: _outside_hours,
    Facet.BULK: _bulk,
}
