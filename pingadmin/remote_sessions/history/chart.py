"""A session's traffic as a chart: places in an SVG and the words beside it, so that the template decides nothing.

The drawing is WIDTH by HEIGHT units. A line is broken wherever a rate is not known.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone

from pingadmin.audit.entries import entries
from pingadmin.audit.entries.entries import Story
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.remote_sessions.history.time_range import Stretch
from pingadmin.remote_sessions.history.traffic import Point, edges_of, step_for, traffic
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.web import wording

WIDTH, HEIGHT = 900, 220
LEFT, RIGHT, TOP, BOTTOM = 78, 890, 14, 190
WORDS_WIDTH = 90  # of "not watching"
STORIES = 50
ACTS = {"resume": "resumed", "pause": "paused"}


@dataclass(frozen=True)
class Mark:
    """Something at a place from left to right. words: beside it; at_end: whether they stand on its left."""

    x: float
    words: str
    width: float = 0
    at_end: bool = False
    meaning: str = ""
    title: str = ""

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Row:
    """A line of the table: a stretch in which the rates were the same, or in which they are not known (None)."""

    from_at: datetime
    until_at: datetime
    up: float | None
    down: float | None
    why: str = ""

    @property
    def up_words(self) -> str:
        return "–" if self.up is None else per_second(self.up)

    @property
    def down_words(self) -> str:
        return "–" if self.down is None else per_second(self.down)


@dataclass(frozen=True)
class Chart:
    """up, down: the `d` of their paths, empty where nothing is known. levels, ticks: the axes. step: the span of each
    mean."""

    stretch: Stretch
    step: timedelta
    zone: str
    up: str
    down: str
    levels: list[tuple[float, str]]
    ticks: list[Mark]
    gaps: list[Mark]
    acts: list[Mark]
    rows: list[Row]
    summary: str


def chart_of(session: RemoteSession, stretch: Stretch) -> Chart:
    """Draw a stretch of a session's traffic. A handful of queries, whatever the rows."""
    step_ms = step_for(stretch.from_at, stretch.until_at)
    begin, end = edges_of(stretch.from_at, stretch.until_at, step_ms)
    unwatched = find_gaps(session.alias, moment(begin), stretch.until_at)
    points = traffic(session, begin, end, step_ms, unwatched)
    place = _Places(begin, end, _top(points))
    rows = _rows(points, unwatched)
    return Chart(
        stretch=stretch,
        step=timedelta(milliseconds=step_ms),
        zone=wording.zone_long(timezone.localtime(moment(end))),
        up=place.path([(point, point.up) for point in points]),
        down=place.path([(point, point.down) for point in points]),
        levels=[(place.y(rate), per_second(rate)) for rate in (0, place.top / 2, place.top)],
        ticks=_ticks(place),
        gaps=[_gap(gap, place, stretch.until_at) for gap in unwatched],
        acts=[_act(story, place) for story in _acts(session, stretch)],
        rows=rows,
        summary=_summary(points, unwatched),
    )


def per_second(rate: float) -> str:
    """`8 MB/s`."""
    return f"{wording.size(round(rate))}/s"


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


class _Places:
    """Where times and rates stand in the drawing."""

    def __init__(self, begin: int, end: int, top: float):
        self.begin, self.end, self.top = begin, end, top

    def x(self, ms: float) -> float:
        share = (min(max(ms, self.begin), self.end) - self.begin) / (self.end - self.begin)
        return round(LEFT + share * (RIGHT - LEFT), 1)

    def x_of(self, at: datetime) -> float:
        return self.x(at.timestamp() * 1000)

    def y(self, rate: float) -> float:
        return round(BOTTOM - rate / self.top * (BOTTOM - TOP), 1)

    def path(self, rates: list[tuple[Point, float | None]]) -> str:
        """A line through the middles of the buckets; one that stands alone is a level stroke as wide as its bucket."""
        runs, run = [], []
        for point, rate in [*rates, (None, None)]:
            if rate is not None:
                run.append((point, self.y(rate)))
            elif run:
                runs.append(run)
                run = []
        return "".join(map(self._stroke, runs))

    def _stroke(self, run: list[tuple[Point, float]]) -> str:
        first, last = run[0], run[-1]
        middles = [(self.x((point.from_ms + point.until_ms) / 2), y) for point, y in run]
        places = [
            (self.x(first[0].from_ms), first[1]),
            *middles,
            (self.x(last[0].until_ms), last[1]),
        ]
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in places)


def _top(points: list[Point]) -> float:
    """The top of the scale: a power of two, or one and a half of it, that holds every rate."""
    most = max(
        (rate for point in points for rate in (point.up, point.down) if rate is not None), default=0
    )
    top = 2.0
    while top < most:
        top = top * 2
    return top * 0.75 if top > 4 and top * 0.75 >= most else top


def _ticks(place: _Places) -> list[Mark]:
    """Round moments of the clock on the wall along the foot, at most 9."""
    span = (place.end - place.begin) // 1000
    step = next((step for step in _TICKS if span <= 8 * step), span // 8)
    words = (
        "%H:%M:%S"
        if step < 60
        else "%H:%M"
        if span <= _DAY
        else "%-d %b %H:%M"
        if span <= 90 * _DAY
        else "%-d %b %Y"
    )
    shift = round(timezone.localtime(moment(place.end)).utcoffset().total_seconds())
    begin, end = place.begin // 1000 + shift, place.end // 1000 + shift
    found = [(seconds - shift) * 1000 for seconds in range(-(-begin // step) * step, end + 1, step)]
    return [_tick(place.x(ms), f"{timezone.localtime(moment(ms)):{words}}") for ms in found]


def _tick(x: float, words: str) -> Mark:
    return Mark(x, words, at_end=x > RIGHT - 4 * len(words))


_DAY = 86400
# Seconds from tick to tick.
_TICKS = (2, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_TICKS += tuple(_DAY * days for days in (1, 2, 5, 10, 30, 100, 365))


def _gap(gap: CoverageGap, place: _Places, until_at: datetime) -> Mark:
    begin, end = place.x_of(gap.from_at), place.x_of(gap.until_at or until_at)
    return Mark(
        begin,
        "not watching" if end - begin > WORDS_WIDTH else "",
        width=round(max(end - begin, 1), 1),
        title=gap.why,
    )


def _acts(session: RemoteSession, stretch: Stretch) -> list[Story]:
    found = entries.for_session(session.alias, session.session_id, limit=STORIES)
    return [
        s
        for s in found
        if s.head.action in ACTS and stretch.from_at <= s.head.at <= stretch.until_at
    ]


def _act(story: Story, place: _Places) -> Mark:
    """Who tried what, and how it ended: "resumed" alone would say that it worked."""
    x, who = place.x_of(story.head.at), wording.visible(story.head.actor_name)
    act = (
        ACTS[story.head.action]
        if story.result == "ok"
        else f"{story.head.action}: {story.result_label.lower()},"
    )
    return Mark(x, f"{act} by {who}"[:40], at_end=x > WIDTH * 0.7, meaning=story.meaning)


def _rows(points: list[Point], unwatched: list[CoverageGap]) -> list[Row]:
    """The same numbers as the lines; neighbours that say the same are one row."""
    rows = []
    for point in points:
        begin, end = moment(point.from_ms), moment(point.until_ms)
        row = Row(
            begin,
            end,
            point.up,
            point.down,
            "" if point.up is not None else _why(begin, end, unwatched),
        )
        if rows and (rows[-1].up, rows[-1].down, rows[-1].why) == (row.up, row.down, row.why):
            row = Row(rows.pop().from_at, end, row.up, row.down, row.why)
        rows.append(row)
    return rows


def _why(begin: datetime, end: datetime, unwatched: list[CoverageGap]) -> str:
    touching = (
        gap
        for gap in unwatched
        if gap.from_at < end and (gap.until_at is None or gap.until_at > begin)
    )
    return next(
        (f"not watching: {gap.why}" for gap in touching), "no answers from which it could be told"
    )


def _summary(points: list[Point], unwatched: list[CoverageGap]) -> str:
    """The chart in a sentence, for those who do not see it."""
    known = [point for point in points if point.up is not None]
    if not known:
        return "Nothing is known of the traffic in this stretch."
    down, up = max(point.down for point in known), max(point.up for point in known)
    share = f"known at {len(known)} of {len(points)} points"
    holes = (
        f"; {len(unwatched)} {'gap' if len(unwatched) == 1 else 'gaps'} in our watching"
        if unwatched
        else ""
    )
    return f"Down at most {per_second(down)}, up at most {per_second(up)}; {share}{holes}."
