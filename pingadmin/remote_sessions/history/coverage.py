"""From when to when each account was watched, so that "nothing happened" differs from "nobody looked".

The collector is the only one who says so; pages, the chart and exports ask for the gaps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, Subquery

from pingadmin.remote_sessions.models import WatchSpan

# A span that was lengthened this lately still lasts.
WATCH_TIMEOUT = timedelta(seconds=30)
NEVER_WATCHED = "nobody watched yet"
COLLECTOR_SILENT = "no word from the collector"


@dataclass(frozen=True)
class CoverageGap:
    """A stretch that was not watched. until_at None: it goes on. why: half a sentence."""

    from_at: datetime
    until_at: datetime | None
    why: str


def extend_watching(alias: str, at: datetime, *, since: datetime | None = None) -> None:
    """Say that an account is being watched at a moment: lengthens the span that lasts, or begins one.

    since: from when on it is known to have lasted, where that was said only now.
    """
    _take_back(alias, at)
    lasting = _lasting(alias, min(at, since or at)).order_by("-until_at").first()
    if lasting is None:
        WatchSpan.objects.create(alias=alias, from_at=at, until_at=at)
    elif at > lasting.until_at:
        WatchSpan.objects.filter(pk=lasting.pk).update(until_at=at)


def end_watching(alias: str, at: datetime, why: str) -> None:
    """Say that watching an account ended at a moment, and why (half a sentence: "the stream broke off")."""
    _take_back(alias, at)
    _lasting(alias, at).update(until_at=at, end_reason=why)


def find_gaps(alias: str, from_at: datetime, until_at: datetime) -> list[CoverageGap]:
    """What was not watched between two moments, oldest first, cut off at both; one query.

    A pause of up to WATCH_TIMEOUT at the very end is none: the collector may be about to say that it watched.
    """
    found, end, why, may_last, goes_on = [], from_at, NEVER_WATCHED, False, True
    for span in _spans(alias, from_at, until_at):
        if span.from_at > until_at:
            may_last = goes_on = False
        elif span.until_at < from_at:
            why = span.end_reason or COLLECTOR_SILENT
        else:
            if span.from_at > end:
                found.append(CoverageGap(end, span.from_at, why))
            if span.until_at >= end:
                end, why, may_last = (
                    span.until_at,
                    span.end_reason or COLLECTOR_SILENT,
                    not span.end_reason,
                )
    if end >= until_at or (may_last and until_at - end <= WATCH_TIMEOUT):
        return found
    return [*found, CoverageGap(end, None if goes_on else until_at, why)]


def find_last_watched_at(alias: str) -> datetime | None:
    """Until when an account was watched at last; None where it never was."""
    return WatchSpan.objects.filter(alias=alias).aggregate(newest=Max("until_at"))["newest"]


def _lasting(alias: str, at: datetime):
    return WatchSpan.objects.filter(alias=alias, end_reason="", until_at__gte=at - WATCH_TIMEOUT)


def _take_back(alias: str, at: datetime) -> None:
    """A clock that was set back makes spans that end in times to come; nobody has watched those yet."""
    for span in WatchSpan.objects.filter(alias=alias, until_at__gt=at + WATCH_TIMEOUT):
        WatchSpan.objects.filter(pk=span.pk).update(from_at=min(span.from_at, at), until_at=at)


def _spans(alias: str, from_at: datetime, until_at: datetime):
    """Those that touch the stretch, with the last one before it and the first one after it, in order."""
    spans = WatchSpan.objects.filter(alias=alias)
    before = spans.filter(until_at__lt=from_at).order_by("-until_at").values("pk")[:1]
    after = spans.filter(from_at__gt=until_at).order_by("from_at").values("pk")[:1]
    touching = Q(until_at__gte=from_at, from_at__lte=until_at)
    return spans.filter(touching | Q(pk=Subquery(before)) | Q(pk=Subquery(after))).order_by(
        "from_at", "until_at"
    )
