"""A session's traffic over time, as mean rates between even edges in time: exact, from a few index seeks.

Counters are known where the upstream answered, and between two answers that are not far apart they grew evenly as far
as anybody can tell. Where it was not answered, or where watching broke off, nothing is known, and nothing is said.
before + counter never falls, so the seeks need not know about counters that fell back.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from pingadmin.remote_sessions.fields import milliseconds
from pingadmin.remote_sessions.history.coverage import CoverageGap
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

MOST_POINTS = 500
# Answers further apart than this (and than two buckets) leave a hole between them.
SILENCE_MS = 300_000

_TABLE = StatusSnapshot._meta.db_table
_ANSWERED = (
    f"FROM {_TABLE} WHERE session_id = %(session)s "  # noqa: S608 - the table's name is our own
    "AND uploaded_bytes IS NOT NULL AND downloaded_bytes IS NOT NULL AND first_at"
)
_BEFORE = f"{_ANSWERED} <= edge ORDER BY first_at DESC, id DESC LIMIT 1"
_AFTER = f"{_ANSWERED} > edge ORDER BY first_at, id LIMIT 1"
# Joins the row that a seek finds for an edge, by what each database does with one look into the index.
_JOIN = {
    "postgresql": "LEFT JOIN LATERAL (SELECT * {seek}) AS {name} ON true",
    "sqlite": f"LEFT JOIN {_TABLE} AS {{name}} ON {{name}}.id = (SELECT id {{seek}})",
}
_AROUND = """
    WITH RECURSIVE edges(edge) AS (
        SELECT CAST(%(from)s AS bigint) UNION ALL SELECT edge + %(step)s FROM edges WHERE edge < %(until)s
    )
    SELECT edge,
        a.first_at, a.lasted, a.uploaded_bytes, a.uploaded_before, a.downloaded_bytes, a.downloaded_before,
        b.first_at, b.lasted, b.uploaded_bytes, b.uploaded_before, b.downloaded_bytes, b.downloaded_before
    FROM edges {before} {after} ORDER BY edge
"""


class Answer(NamedTuple):
    """One stretch of equal answers: milliseconds since 1970, and the bytes counted by then in all."""

    first: int
    last: int
    up: int
    down: int


class Point(NamedTuple):
    """The mean rates between two edges (milliseconds since 1970), in bytes a second; None where they are not known."""

    from_ms: int
    until_ms: int
    up: float | None
    down: float | None


def traffic(
    session: RemoteSession,
    from_ms: int,
    until_ms: int,
    step_ms: int,
    gaps: Iterable[CoverageGap] = (),
) -> list[Point]:
    """The rates of a session between two moments, one for each step; one query."""
    around = list(answers_around(session, from_ms, until_ms, step_ms))
    return points(around, broken_at(gaps), silence=max(SILENCE_MS, 2 * step_ms))


def answers_around(session: RemoteSession, from_ms: int, until_ms: int, step_ms: int):
    """(edge, the answer before it or None, the answer after it or None), edge by edge from from_ms to until_ms."""
    bounds = {"from": from_ms, "until": until_ms, "step": step_ms, "session": session.pk}
    join = _JOIN[connection.vendor]
    around = _AROUND.format(
        before=join.format(seek=_BEFORE, name="a"), after=join.format(seek=_AFTER, name="b")
    )
    with connection.cursor() as cursor:
        cursor.execute(around, bounds)
        for edge, *columns in cursor.fetchall():
            yield edge, _answer(*columns[:6]), _answer(*columns[6:])


def points(
    around: list[tuple[int, Answer | None, Answer | None]], breaks: list[int], *, silence: int
) -> list[Point]:
    """The rates between neighbouring edges. breaks: when watching began or ended, rising; silence: milliseconds."""
    totals = [(at, _totals(at, last, following, breaks, silence)) for at, last, following in around]
    found = []
    for (begin, before), (end, after) in zip(totals, totals[1:], strict=False):
        rates = (None, None)
        if before and after and not _is_broken(begin, end, breaks):
            rates = [
                1000 * (late - early) / (end - begin)
                for early, late in zip(before, after, strict=True)
            ]
        # Only rows that came late and out of order can make a total fall: then it is not known.
        found.append(
            Point(begin, end, *(rates if rates[0] is None or min(rates) >= 0 else (None, None)))
        )
    return found


def broken_at(gaps: Iterable[CoverageGap]) -> list[int]:
    """The moments at which watching began or ended. Between two of them the same is true all along: what was asked
    by hand inside one gap may be joined, what lies on both sides of its edge may not."""
    moments = {
        moment for gap in gaps for moment in (gap.from_at, gap.until_at) if moment is not None
    }
    return sorted(milliseconds(moment) for moment in moments)


def step_for(from_at: datetime, until_at: datetime) -> int:
    """Milliseconds between edges, so that there are at most MOST_POINTS rates and edges fall on round times.

    Where history is old enough to be thinned out, steps are no finer than what is kept of it.
    """
    least = (milliseconds(until_at) - milliseconds(from_at)) / (MOST_POINTS - 1)
    if from_at < timezone.now() - timedelta(days=settings.HISTORY_FULL_DAYS):
        least = max(least, 1000 * settings.HISTORY_SAMPLE_SECONDS)
    return next((step for step in _STEPS if step >= least), -(-int(least + 1) // _DAY) * _DAY)


def edges_of(from_at: datetime, until_at: datetime, step_ms: int) -> tuple[int, int]:
    """The edges that hold a stretch of time: whole steps since 1970, so that a later look has the same ones."""
    begin, end = milliseconds(from_at) // step_ms, -(-milliseconds(until_at) // step_ms)
    return begin * step_ms, max(end, begin + 1) * step_ms


_MINUTE, _DAY = 60_000, 86_400_000
_STEPS = [
    10_000,
    15_000,
    30_000,
    *(_MINUTE * count for count in (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 720)),
]
_STEPS.append(_DAY)


def _answer(first, lasted, up, up_before, down, down_before) -> Answer | None:
    # Added here, where no sum is too large.
    return (
        None
        if first is None
        else Answer(first, first + (lasted or 0), up + (up_before or 0), down + (down_before or 0))
    )


def _totals(
    at: int, last: Answer | None, following: Answer | None, breaks, silence
) -> tuple[float, float] | None:
    """Bytes (up, down) counted until a moment, None where that is not known."""
    if last is None:
        return None
    if at <= last.last:
        return last.up, last.down
    if (
        following is None
        or following.first - last.last > silence
        or _is_broken(last.last, following.first, breaks)
    ):
        return None
    share = (at - last.last) / (following.first - last.last)
    return last.up + share * (following.up - last.up), last.down + share * (
        following.down - last.down
    )


def _is_broken(begin: int, end: int, breaks: list[int]) -> bool:
    return bisect_right(breaks, begin) < bisect_left(breaks, end)
