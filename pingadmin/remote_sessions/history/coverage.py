"""When each account was watched, so that "nothing happened" differs from "nobody looked".

The collector alone records it. Pages, the chart and exports ask for the gaps.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, Subquery

from pingadmin.remote_sessions.models import WatchSpan, WatchSpanQuerySet

# A span without an end that was extended within this time is still going on.
WATCH_TIMEOUT = timedelta(seconds=30)
# Reasons of a gap that nobody wrote down.
NEVER_WATCHED = "watching had not begun"
COLLECTOR_SILENT = "the collector stopped reporting"


@dataclass(frozen=True)
class CoverageGap:
    """A time in which an account was not watched. until_at: None while it continues.

    why: the reason, as half a sentence.
    """

    from_at: datetime
    until_at: datetime | None
    why: str


def extend_watching(alias: str, at: datetime, *, since: datetime | None = None) -> None:
    """Records that an account is being watched at a moment: extends its span, or begins one.

    since: from when on it is known to have been watched without a break, where that is recorded
    only now.
    """
    _correct_future_spans(alias, at)
    current = _current_spans(alias, min(at, since or at)).order_by("-until_at").first()
    if current is None:
        WatchSpan.objects.create(alias=alias, from_at=at, until_at=at)
    elif at > current.until_at:
        WatchSpan.objects.filter(pk=current.pk).update(until_at=at)


def end_watching(alias: str, at: datetime, reason: str) -> None:
    """Records when and why watching an account ended ("the event stream broke off")."""
    _correct_future_spans(alias, at)
    _current_spans(alias, at).update(until_at=at, end_reason=reason)


def find_gaps(alias: str, from_at: datetime, until_at: datetime) -> list[CoverageGap]:
    """Returns the gaps between two moments, oldest first, cut off at both. One query.

    A break of up to WATCH_TIMEOUT at the very end is no gap yet: the collector may be about to
    record that it was watching.
    """
    gaps: list[CoverageGap] = []
    covered_until, reason = from_at, NEVER_WATCHED
    may_continue, is_last_gap_open = False, True
    for span in _spans_in_range(alias, from_at, until_at):
        if span.from_at > until_at:
            may_continue = is_last_gap_open = False
        elif span.until_at < from_at:
            reason = span.end_reason or COLLECTOR_SILENT
        else:
            if span.from_at > covered_until:
                gaps.append(CoverageGap(covered_until, span.from_at, reason))
            # Spans may overlap; one inside another says nothing about the end.
            if span.until_at >= covered_until:
                covered_until, reason = span.until_at, span.end_reason or COLLECTOR_SILENT
                may_continue = not span.end_reason
    if covered_until >= until_at:
        return gaps
    if may_continue and until_at - covered_until <= WATCH_TIMEOUT:
        return gaps
    return [*gaps, CoverageGap(covered_until, None if is_last_gap_open else until_at, reason)]


def find_last_watched_at(alias: str) -> datetime | None:
    """Until when an account was last watched, None where it never was."""
    spans = WatchSpan.objects.in_account(alias)
    newest: datetime | None = spans.aggregate(newest=Max("until_at"))["newest"]
    return newest


def _current_spans(alias: str, at: datetime) -> WatchSpanQuerySet:
    return WatchSpan.objects.in_account(alias).continuing_after(at - WATCH_TIMEOUT)


def _correct_future_spans(alias: str, at: datetime) -> None:
    """Ends spans in the future at this moment.

    A clock that was set back leaves such spans, and nobody has watched the future.
    """
    for span in WatchSpan.objects.in_account(alias).filter(until_at__gt=at + WATCH_TIMEOUT):
        WatchSpan.objects.filter(pk=span.pk).update(from_at=min(span.from_at, at), until_at=at)


def _spans_in_range(alias: str, from_at: datetime, until_at: datetime) -> WatchSpanQuerySet:
    """The spans that touch a range, with the last one before it and the first one after it."""
    spans = WatchSpan.objects.in_account(alias)
    before = spans.filter(until_at__lt=from_at).order_by("-until_at").values("pk")[:1]
    after = spans.filter(from_at__gt=until_at).order_by("from_at").values("pk")[:1]
    touching = Q(until_at__gte=from_at, from_at__lte=until_at)
    chosen = touching | Q(pk=Subquery(before)) | Q(pk=Subquery(after))
    return spans.filter(chosen).oldest_first()
