"""A session's traffic as a chart: positions in an SVG, and texts.

The template decides nothing. The drawing is WIDTH by HEIGHT units. A line breaks wherever a rate
is not known.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from pingadmin.audit.entries.entries import AuditEntry, entries_for_session
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.remote_sessions.history.time_range import TimeRange
from pingadmin.remote_sessions.history.traffic import (
    RatePoint,
    align_to_step,
    choose_step,
    load_rates,
)
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.web import wording

WIDTH, HEIGHT = 900, 220
# The area inside the axes.
LEFT, RIGHT, TOP, BOTTOM = 78, 890, 14, 190
# The text "not watching" fits into a gap of this width.
GAP_TEXT_WIDTH = 90
MAX_ACTIONS = 50


@dataclass(frozen=True)
class ChartMark:
    """A tick, a gap or an action at a position from left to right.

    is_text_left: whether its text is on its left. tone: the name of its colour.
    """

    x: float
    text: str
    width: float = 0
    is_text_left: bool = False
    tone: str = ""
    title: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class ChartRow:
    """A line of the table: a time in which the rates were the same, or were not known (None).

    Rates are in bytes a second. why: why they are not known.
    """

    from_at: datetime
    until_at: datetime
    up: float | None
    down: float | None
    why: str = ""

    @property
    def up_text(self) -> str:
        return "–" if self.up is None else per_second(self.up)

    @property
    def down_text(self) -> str:
        return "–" if self.down is None else per_second(self.down)


@dataclass(frozen=True)
class TrafficChart:
    """What the templates draw and write.

    step: the time that each point is the mean of. up, down: the `d` of their SVG paths, empty
    where nothing is known. levels: height and text of each line across.
    """

    time_range: TimeRange
    step: timedelta
    zone: str
    up: str
    down: str
    levels: list[tuple[float, str]]
    ticks: list[ChartMark]
    gaps: list[ChartMark]
    actions: list[ChartMark]
    rows: list[ChartRow]
    summary: str


def build_traffic_chart(session: RemoteSession, time_range: TimeRange) -> TrafficChart:
    """Draws a range of a session's traffic. A handful of queries, whatever the number of rows."""
    step_ms = choose_step(time_range.from_at, time_range.until_at)
    from_ms, until_ms = align_to_step(time_range.from_at, time_range.until_at, step_ms)
    gaps = find_gaps(session.alias, _datetime_from(from_ms), time_range.until_at)
    points = load_rates(session, from_ms, until_ms, step_ms, gaps)
    scale = _Scale(from_ms, until_ms, _top_rate(points))
    actions = _actions_in_range(session, time_range)
    return TrafficChart(
        time_range=time_range,
        step=timedelta(milliseconds=step_ms),
        zone=_zones(from_ms, until_ms),
        up=scale.path((point, point.up) for point in points),
        down=scale.path((point, point.down) for point in points),
        levels=[
            (scale.y(rate), per_second(rate)) for rate in (0, scale.top_rate / 2, scale.top_rate)
        ],
        ticks=_ticks(scale),
        gaps=[_gap_mark(gap, scale, time_range.until_at) for gap in gaps],
        actions=[_action_mark(action, scale) for action in actions],
        rows=_table_rows(points, gaps),
        summary=_summarize(points, gaps),
    )


def per_second(rate: float) -> str:
    """`8 MB/s`."""
    return f"{wording.size(round(rate))}/s"


def _datetime_from(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


class _Scale:
    """Turns times (milliseconds since 1970) and rates (bytes a second) into positions."""

    def __init__(self, from_ms: int, until_ms: int, top_rate: float) -> None:
        self.from_ms, self.until_ms, self.top_rate = from_ms, until_ms, top_rate

    def x(self, ms: float) -> float:
        inside = min(max(ms, self.from_ms), self.until_ms)
        share = (inside - self.from_ms) / (self.until_ms - self.from_ms)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    def x_at(self, at: datetime) -> float:
        return self.x(at.timestamp() * 1000)

    def y(self, rate: float) -> float:
        return round(BOTTOM - rate / self.top_rate * (BOTTOM - TOP), 1)

    def path(self, rates: Iterable[tuple[RatePoint, float | None]]) -> str:
        """A line through the middles of neighbouring points, broken where a rate is unknown."""
        runs: list[list[tuple[RatePoint, float]]] = []
        is_broken = True
        for point, rate in rates:
            if rate is not None:
                if is_broken:
                    runs.append([])
                runs[-1].append((point, self.y(rate)))
            is_broken = rate is None
        return "".join(map(self._stroke, runs))

    def _stroke(self, run: list[tuple[RatePoint, float]]) -> str:
        """Reaches to both outer edges, so that a single point is a level stroke and not nothing."""
        (first, first_y), (last, last_y) = run[0], run[-1]
        middles = [(self.x((point.from_ms + point.until_ms) / 2), y) for point, y in run]
        corners = [
            (self.x(first.from_ms), first_y),
            *middles,
            (self.x(last.until_ms), last_y),
        ]
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners)


def _top_rate(points: list[RatePoint]) -> float:
    """The top of the scale: a power of two, or three quarters of one, that holds every rate."""
    rates = [rate for point in points for rate in (point.up, point.down) if rate is not None]
    most = max(rates, default=0.0)
    top = 2.0
    while top < most:
        top *= 2
    return top * 0.75 if top > 4 and top * 0.75 >= most else top


_DAY = 86400
# Seconds from tick to tick.
_TICK_STEPS = [2, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200]
_TICK_STEPS += [_DAY * days for days in (1, 2, 5, 10, 30, 100, 365)]


def _ticks(scale: _Scale) -> list[ChartMark]:
    """At most 9 round times of the viewer's clock along the foot."""
    span = (scale.until_ms - scale.from_ms) // 1000
    step = next((step for step in _TICK_STEPS if span <= 8 * step), span // 8)
    time_format = _tick_format(step, span)
    # Round on the viewer's clock, which may be changed in between.
    shifts = [_clock_shift(ms) for ms in (scale.from_ms, scale.until_ms)]
    first, last = scale.from_ms // 1000 + min(shifts), scale.until_ms // 1000 + max(shifts)
    ticks = []
    for seconds in range(-(-first // step) * step, last + 1, step):
        shown = {shift: (seconds - shift) * 1000 for shift in shifts}
        # An hour that happens twice has its tick where it is first; one that is skipped has none.
        ms = next((ms for shift, ms in shown.items() if _clock_shift(ms) == shift), None)
        if ms is None or not scale.from_ms <= ms <= scale.until_ms:
            continue
        x, text = scale.x(ms), f"{timezone.localtime(_datetime_from(ms)):{time_format}}"
        ticks.append(ChartMark(x, text, is_text_left=x > RIGHT - 4 * len(text)))
    return ticks


def _clock_shift(ms: int) -> int:
    """Seconds by which the viewer's clock is ahead of UTC at a moment."""
    offset = timezone.localtime(_datetime_from(ms)).utcoffset() or timedelta()
    return round(offset.total_seconds())


def _zones(from_ms: int, until_ms: int) -> str:
    """The viewer's zone, or both where the clocks are changed in between."""
    ends = [timezone.localtime(_datetime_from(ms)) for ms in (from_ms, until_ms)]
    names = dict.fromkeys(wording.zone_long(end) for end in ends)
    return ", later ".join(names)


def _tick_format(step: int, span: int) -> str:
    """Shows no more of a time than tells two ticks apart. Both are in seconds."""
    if step < 60:
        return "%H:%M:%S"
    if span <= _DAY:
        return "%H:%M"
    return "%-d %b %H:%M" if span <= 90 * _DAY else "%-d %b %Y"


def _gap_mark(gap: CoverageGap, scale: _Scale, until_at: datetime) -> ChartMark:
    left, right = scale.x_at(gap.from_at), scale.x_at(gap.until_at or until_at)
    return ChartMark(
        left,
        "not watching" if right - left > GAP_TEXT_WIDTH else "",
        width=round(max(right - left, 1), 1),
        title=gap.why,
    )


def _actions_in_range(session: RemoteSession, time_range: TimeRange) -> list[AuditEntry]:
    newest = entries_for_session(session.alias, session.session_id, limit=MAX_ACTIONS)
    return [
        entry
        for entry in newest
        # Only what acts on the session can end in several ways; the rest is no mark of its traffic.
        if entry.action.results and time_range.from_at <= entry.head.at <= time_range.until_at
    ]


def _action_mark(entry: AuditEntry, scale: _Scale) -> ChartMark:
    """Says who did what and how it ended, in the words of the audit log.

    "Resumed" would say that it worked, which an `ok` that no check confirmed doesn't show.
    """
    result = f"{entry.action.label}: {entry.result_label.lower()}"
    x = scale.x_at(entry.head.at)
    text = f"{result}, by {wording.visible(entry.head.actor_name)}"
    return ChartMark(x, text[:40], is_text_left=x > WIDTH * 0.7, tone=entry.tone)


def _table_rows(points: list[RatePoint], gaps: list[CoverageGap]) -> list[ChartRow]:
    """The same numbers as the lines. Neighbours that say the same are one row."""
    rows: list[ChartRow] = []
    for point in points:
        from_at, until_at = _datetime_from(point.from_ms), _datetime_from(point.until_ms)
        why = _reason_unknown(from_at, until_at, gaps) if point.up is None else ""
        if rows and (rows[-1].up, rows[-1].down, rows[-1].why) == (point.up, point.down, why):
            from_at = rows.pop().from_at
        rows.append(ChartRow(from_at, until_at, point.up, point.down, why))
    return rows


def _reason_unknown(from_at: datetime, until_at: datetime, gaps: list[CoverageGap]) -> str:
    for gap in gaps:
        if gap.from_at < until_at and (gap.until_at is None or gap.until_at > from_at):
            return f"not watching: {gap.why}"
    return "no observations to calculate it from"


def _summarize(points: list[RatePoint], gaps: list[CoverageGap]) -> str:
    """The chart in a sentence, for those who do not see it."""
    up = [point.up for point in points if point.up is not None]
    down = [point.down for point in points if point.down is not None]
    if not up or not down:
        return "The traffic in this range is not known."
    rates = f"Down at most {per_second(max(down))}, up at most {per_second(max(up))}"
    coverage = f"known at {len(up)} of {len(points)} points"
    if not gaps:
        return f"{rates}; {coverage}."
    unwatched = f"{len(gaps)} {'gap' if len(gaps) == 1 else 'gaps'} in our watching"
    return f"{rates}; {coverage}; {unwatched}."
