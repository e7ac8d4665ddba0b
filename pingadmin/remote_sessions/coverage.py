"""From when to when each account was watched, so that "nothing happened" differs from "nobody looked".

The collector is the only one who says so; pages, the chart and exports ask for the gaps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from pingadmin.remote_sessions.models import WatchSpan

# A span that was lengthened this lately still lasts.
LASTS = timedelta(seconds=30)


@dataclass(frozen=True)
class Gap:
    """A stretch that was not watched. from_at None: since ever. until_at None: until now. why: half a sentence."""

    from_at: datetime | None
    until_at: datetime | None
    why: str


def watched(alias: str, at: datetime) -> None:
    """Say that an account is being watched at a moment: lengthens the span that lasts, or begins one."""
    lasting = (
        WatchSpan.objects.filter(alias=alias, why_ended="", until_at__gte=at - LASTS).order_by("-until_at").first()
    )
    if lasting is None:
        WatchSpan.objects.create(alias=alias, from_at=at, until_at=at)
    elif at > lasting.until_at:
        WatchSpan.objects.filter(pk=lasting.pk).update(until_at=at)


def stopped(alias: str, at: datetime, why: str) -> None:
    """Say that watching an account ended at a moment, and why (half a sentence: "the stream broke off")."""
    WatchSpan.objects.filter(alias=alias, why_ended="", until_at__gte=at - LASTS).update(until_at=at, why_ended=why)


def gaps(alias: str, from_at: datetime, until_at: datetime) -> list[Gap]:
    """What was not watched between two moments, oldest first. A gap that goes on has until_at None."""
    spans = list(
        WatchSpan.objects.filter(alias=alias, until_at__gte=from_at, from_at__lte=until_at).order_by("from_at")
    )
    found, end = [], from_at
    why = _why_before(alias, from_at)
    for span in spans:
        if span.from_at > end:
            found.append(Gap(end, span.from_at, why))
        if span.until_at >= end:
            end, why = span.until_at, span.why_ended or "the collector did not run"
    if until_at - end > LASTS or (spans and spans[-1].why_ended and end < until_at) or not spans:
        found.append(Gap(end, until_at, why))
    return found


def newest_end(alias: str) -> datetime | None:
    """Until when an account was watched at last; None where it never was."""
    return WatchSpan.objects.filter(alias=alias).aggregate(newest=Max("until_at"))["newest"]


def _why_before(alias: str, at: datetime) -> str:
    before = WatchSpan.objects.filter(alias=alias, until_at__lt=at).order_by("-until_at").first()
    if before is None:
        return "nobody watched yet"
    return before.why_ended or "the collector did not run"
