"""A session's traffic over time as mean rates between evenly spaced edges. Exact, from index seeks.

Counters are known at each observation, and between two observations that are not far apart they
are taken to grow evenly. Where observations are missing, or watching broke off between them,
nothing is known and no rate is given. before + counter never falls, so no seek has to care about
counters that were reset.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils import timezone

from pingadmin.remote_sessions.fields import milliseconds
from pingadmin.remote_sessions.history.coverage import CoverageGap
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

MAX_POINTS = 500
# Readings further apart than this, and than two steps, leave a hole between them.
SILENCE_MS = 300_000

_TABLE = StatusSnapshot._meta.db_table
_WITH_COUNTERS = (
    f"FROM {_TABLE} WHERE session_id = %(session)s "  # noqa: S608 - the table's name is our own
    "AND uploaded_bytes IS NOT NULL AND downloaded_bytes IS NOT NULL AND first_at"
)
_BEFORE_EDGE = f"{_WITH_COUNTERS} <= edge ORDER BY first_at DESC, id DESC LIMIT 1"
_AFTER_EDGE = f"{_WITH_COUNTERS} > edge ORDER BY first_at, id LIMIT 1"
# Joins the one row next to an edge, in the way that lets each database do it with one index seek.
_JOIN_SEEK = {
    "postgresql": "LEFT JOIN LATERAL (SELECT * {seek}) AS {name} ON true",
    "sqlite": f"LEFT JOIN {_TABLE} AS {{name}} ON {{name}}.id = (SELECT id {{seek}})",
}
_READINGS = """
    WITH RECURSIVE edges(edge) AS (
        SELECT CAST(%(from)s AS bigint)
        UNION ALL SELECT edge + %(step)s FROM edges WHERE edge < %(until)s
    )
    SELECT edge,
        a.first_at, a.lasted,
        a.uploaded_bytes, a.uploaded_before, a.downloaded_bytes, a.downloaded_before,
        b.first_at, b.lasted,
        b.uploaded_bytes, b.uploaded_before, b.downloaded_bytes, b.downloaded_before
    FROM edges {before} {after} ORDER BY edge
"""


class CounterReading(NamedTuple):
    """A run of equal counters: its first and last time (milliseconds since 1970), and all bytes
    counted by then, across resets."""

    first_ms: int
    last_ms: int
    up: int
    down: int


class RatePoint(NamedTuple):
    """The mean rates between two edges (milliseconds since 1970), in bytes a second.

    Both rates are None where they are not known.
    """

    from_ms: int
    until_ms: int
    up: float | None
    down: float | None


# An edge, and the readings before and after it.
EdgeReadings = tuple[int, CounterReading | None, CounterReading | None]


def has_traffic(session: RemoteSession) -> bool:
    """Whether its system has ever reported how much a session sent and received."""
    if session.uploaded_bytes is not None or session.downloaded_bytes is not None:
        return True
    return session.snapshots.with_counters().exists()


def load_rates(
    session: RemoteSession,
    from_ms: int,
    until_ms: int,
    step_ms: int,
    gaps: Iterable[CoverageGap] = (),
) -> list[RatePoint]:
    """Returns the rates of a session between two moments, one for each step. One query.

    Within a gap no rate is given: looks by hand may have told the counters at its ends, but a line
    there would read as if somebody had been watching.
    """
    readings = list(load_edge_readings(session, from_ms, until_ms, step_ms))
    return compute_rates(readings, list(gaps), silence_ms=max(SILENCE_MS, 2 * step_ms))


def load_edge_readings(
    session: RemoteSession, from_ms: int, until_ms: int, step_ms: int
) -> Iterator[EdgeReadings]:
    """Yields each edge with the readings next to it, from from_ms to until_ms. One query."""
    parameters = {"from": from_ms, "until": until_ms, "step": step_ms, "session": session.pk}
    join = _JOIN_SEEK[connection.vendor]
    statement = _READINGS.format(
        before=join.format(seek=_BEFORE_EDGE, name="a"),
        after=join.format(seek=_AFTER_EDGE, name="b"),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for edge, *columns in cursor.fetchall():
            yield edge, _reading(*columns[:6]), _reading(*columns[6:])


def compute_rates(
    readings: list[EdgeReadings], gaps: Sequence[CoverageGap], *, silence_ms: int
) -> list[RatePoint]:
    """Returns the rates between neighbouring edges."""
    breaks = _breaks(gaps)
    totals = [
        (edge, _totals_at(edge, before, after, breaks, silence_ms))
        for edge, before, after in readings
    ]
    points = []
    for (from_ms, start), (until_ms, end) in pairwise(totals):
        up = down = None
        if start and end and not _is_unwatched(from_ms, until_ms, gaps, breaks):
            up, down = (
                1000 * (later - earlier) / (until_ms - from_ms)
                for earlier, later in zip(start, end, strict=True)
            )
            # Only rows that came late and out of order can make a total fall. Then it is unknown.
            if up < 0 or down < 0:
                up = down = None
        points.append(RatePoint(from_ms, until_ms, up, down))
    return points


def choose_step(from_at: datetime, until_at: datetime) -> int:
    """Returns the milliseconds between edges: at most MAX_POINTS rates, on round times.

    Where history is old enough to be thinned out, steps are no finer than what is kept of it.
    """
    least = (milliseconds(until_at) - milliseconds(from_at)) / (MAX_POINTS - 1)
    if from_at < timezone.now() - timedelta(days=settings.HISTORY_FULL_DAYS):
        least = max(least, 1000 * settings.HISTORY_SAMPLE_SECONDS)
    whole_days = -(-int(least + 1) // _DAY_MS) * _DAY_MS
    return next((step for step in _STEPS_MS if step >= least), whole_days)


def align_to_step(from_at: datetime, until_at: datetime, step_ms: int) -> tuple[int, int]:
    """Returns the outer edges of a range in whole steps since 1970.

    They do not depend on when somebody looks, so a later look has the same edges.
    """
    first, last = milliseconds(from_at) // step_ms, -(-milliseconds(until_at) // step_ms)
    return first * step_ms, max(last, first + 1) * step_ms


_MINUTE_MS, _DAY_MS = 60_000, 86_400_000
_STEPS_MS = [
    10_000,
    15_000,
    30_000,
    *(_MINUTE_MS * count for count in (1, 2, 5, 10, 15, 20, 30, 60, 120, 240, 360, 720)),
    _DAY_MS,
]


def _reading(
    first_ms: int | None,
    length_ms: int | None,
    up: int,
    up_before_reset: int | None,
    down: int,
    down_before_reset: int | None,
) -> CounterReading | None:
    if first_ms is None:
        return None
    # Added in Python, where a sum cannot overflow.
    return CounterReading(
        first_ms,
        first_ms + (length_ms or 0),
        up + (up_before_reset or 0),
        down + (down_before_reset or 0),
    )


def _breaks(gaps: Iterable[CoverageGap]) -> list[int]:
    """The moments at which watching began or ended, in milliseconds, rising.

    Two readings on either side of such a moment may not be joined by a line.
    """
    moments = {at for gap in gaps for at in (gap.from_at, gap.until_at) if at is not None}
    return sorted(milliseconds(at) for at in moments)


def _is_unwatched(
    from_ms: int, until_ms: int, gaps: Iterable[CoverageGap], breaks: list[int]
) -> bool:
    """Whether nobody watched in some part of a step.

    Looks by hand may have told the counters in a gap, but a line there would read as if somebody
    had been watching.
    """
    return _has_break_between(from_ms, until_ms, breaks) or any(
        milliseconds(gap.from_at) <= from_ms
        and (gap.until_at is None or until_ms <= milliseconds(gap.until_at))
        for gap in gaps
    )


def _totals_at(
    edge: int,
    before: CounterReading | None,
    after: CounterReading | None,
    breaks: list[int],
    silence_ms: int,
) -> tuple[float, float] | None:
    """The bytes (up, down) counted until a moment, None where that is not known."""
    if before is None:
        return None
    if edge <= before.last_ms:
        return before.up, before.down
    if after is None or after.first_ms - before.last_ms > silence_ms:
        return None
    if _has_break_between(before.last_ms, after.first_ms, breaks):
        return None
    share = (edge - before.last_ms) / (after.first_ms - before.last_ms)
    up = before.up + share * (after.up - before.up)
    return up, before.down + share * (after.down - before.down)


def _has_break_between(from_ms: int, until_ms: int, breaks: list[int]) -> bool:
    return bisect_right(breaks, from_ms) < bisect_left(breaks, until_ms)
