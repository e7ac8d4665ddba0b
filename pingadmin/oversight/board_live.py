"""What a board that is open asks every few seconds: what changed since it was drawn, and nothing where nothing did.

The page carries two texts. `shown` names the sessions that stand on it and the group of each; it stays as it is,
because rows do not move by themselves. The mark (`since`) says from when on changes are asked for, when the next
thing changes by time alone, and the sum of all that had changed by then. Equal sums are answered 304 after a few
small queries; otherwise the rows that may look different are written anew.

A change is dated before its transaction commits, so the mark looks back by OVERLAP.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.db import connection
from django.db.models import Q

from pingadmin import upstream
from pingadmin.oversight.board import FAILURE_TOLD, GROUPS, Listing, Row, open_questions
from pingadmin.oversight.models import Presence
from pingadmin.remote_sessions.coverage import LASTS, newest_end
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import ResumeAttempt

OVERLAP = timedelta(seconds=10)
# With more changes than this in the window it is not worth comparing: the rows are looked at anyway.
MANY = 300
_MARK = re.compile(r"(?P<start>\d{12,14})\.(?P<due>\d{12,14})\.(?P<sum>\d{1,10})\.(?P<news>\d{1,5}-\d{1,5}-[01])")
# Plain SQL: putting these together would take the ORM most of a poll's time.
_CHANGES = (
    f"SELECT id, changed_at FROM {RemoteSession._meta.db_table} "  # noqa: S608 - the tables' names are our own
    f"WHERE changed_at > %s ORDER BY changed_at, id LIMIT {MANY}"
)
_HERE = f"SELECT session_id, person_id FROM {Presence._meta.db_table} WHERE lease_until > %s ORDER BY id"  # noqa: S608
_LETTERS = dict(zip([*GROUPS, ""], "abcdef", strict=True))
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Watching:
    """Whether an account is being watched, and until when it was. until None: never."""

    label: str
    until: datetime | None
    is_on: bool


@dataclass(frozen=True)
class News:
    """What a reload would change: rows that belong elsewhere by now, sessions that are not on the page, or only the
    order of a list that is sorted by something that moves."""

    moved: int = 0
    new: int = 0
    reordered: bool = False

    def __bool__(self):
        return bool(self.moved or self.new or self.reordered)

    def __str__(self):
        return f"{min(self.moved, 99999)}-{min(self.new, 99999)}-{self.reordered:d}"


@dataclass(frozen=True)
class Mark:
    """Where a page stands: see the module."""

    start: datetime
    due: datetime
    sum: int
    news: str = str(News())

    def __str__(self):
        return f"{_milliseconds(self.start)}.{_milliseconds(self.due)}.{self.sum}.{self.news}"


@dataclass(frozen=True)
class Standing:
    """What is true of the whole board at a moment: who is watched, and the sum of what changed since `start`."""

    now: datetime
    watching: list[Watching] = field(default_factory=list)
    sum: int = 0

    @property
    def heard_at(self) -> datetime | None:
        """Until when anything was watched at all."""
        return max((each.until for each in self.watching if each.until), default=None)

    @property
    def is_live(self) -> bool:
        return any(each.is_on for each in self.watching)


def standing(*, start: datetime, now: datetime) -> Standing:
    """Three queries, and one for each account."""
    watching = [_watching(alias, now) for alias in upstream.aliases()]
    changes, here = _told(_CHANGES, start), _told(_HERE, now)
    asked = sorted(attempt.pk.hex for attempt in open_questions().values())
    seen = (changes, here, asked, [each.is_on for each in watching], [now] if len(changes) == MANY else [])
    return Standing(now, watching, crc32(repr(seen).encode()))


def mark_after(rows: list[Row], around: Standing, start: datetime, news: News | None = None) -> Mark:
    """The mark of a page that shows these rows. around: what was true since `start`, asked before the rows were read,
    so that what changes in between is found at the next look."""
    return Mark(start, _due(rows, around.now), around.sum, str(news or News()))


def read_mark(text: str) -> Mark | None:
    """The mark that `str(mark)` wrote, None for anything else."""
    match = _MARK.fullmatch(text)
    if not match:
        return None
    return Mark(_moment(match["start"]), _moment(match["due"]), int(match["sum"]), match["news"])


def nothing_changed(mark: Mark, around: Standing) -> bool:
    return around.sum == mark.sum and around.now < mark.due


def may_look_different(row: Row, *, since: datetime, now: datetime, is_visited: bool) -> bool:
    """Whether a row may have changed: it was written, somebody comes or goes, a press is on, or time passed a bound."""
    bounds = [bound for bound in _bounds(row) if since < bound <= now]
    return row.known.changed_at > since or is_visited or row.attempt is not None or bool(bounds)


def visited(since: datetime) -> set[int]:
    """The sessions that somebody has looked at or pressed on since a moment: there, somebody may have come or gone,
    or a press may have begun or ended."""
    pressed = Q(opened_at__gt=since) | Q(closed_at__gt=since) | Q(settled_at__gt=since)
    visits = Presence.objects.filter(lease_until__gt=since).values_list("session_id", flat=True)
    return set(visits) | set(ResumeAttempt.objects.filter(pressed).values_list("session_id", flat=True))


def news(shown: dict[int, str], rows: list[Row], listing: Listing, *, grouped: bool, steady: bool) -> News:
    """rows: the sessions that are shown, as they are now. steady: the order does not change with each answer."""
    belong = {row.known.pk for row in listing.rows}
    if not steady:
        return News(reordered=belong != shown.keys())
    moved = shown.keys() - belong
    if grouped:
        moved |= {row.known.pk for row in rows if row.group != shown.get(row.known.pk)}
    return News(moved=len(moved), new=len(belong - shown.keys()))


def write_shown(rows: list[Row], *, grouped: bool) -> str:
    """The sessions of a page and their groups, as short as an address needs it: steps between keys, base 36."""
    parts = {}
    for row in rows:
        parts.setdefault(row.group if grouped else "", []).append(row.known.pk)
    return "_".join(_LETTERS[group] + _steps(sorted(keys)) for group, keys in parts.items())


def read_shown(text: str, *, most: int) -> dict[int, str]:
    """Session pk -> group, of what `write_shown` wrote. Raises ValueError for anything else."""
    groups, shown = {letter: group for group, letter in _LETTERS.items()}, {}
    for part in filter(None, text.split("_")):
        if part[0] not in groups or not re.fullmatch(r"[0-9a-z]{1,12}(\.[0-9a-z]{1,12})*", part[1:]):
            raise ValueError("not a list of sessions")
        key = 0
        for step in part[1:].split("."):
            key += int(step, 36)
            shown[key] = groups[part[0]]
    if len(shown) > most or any(key >= 2**63 for key in shown):
        raise ValueError("too many sessions")
    return shown


def _told(query: str, at: datetime) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(query, [connection.ops.adapt_datetimefield_value(at)])
        return cursor.fetchall()


def _watching(alias: str, now: datetime) -> Watching:
    until = newest_end(alias)
    is_on = until is not None and now - until <= LASTS
    return Watching(upstream.api_for(alias).label, until, is_on)


def _due(rows: list[Row], now: datetime) -> datetime:
    """When the first of these rows changes by time alone."""
    return min((bound for row in rows for bound in _bounds(row) if bound > now), default=now + timedelta(days=1))


def _bounds(row: Row) -> list[datetime]:
    """When a row's answer turns stale, its statement about "paused" too old to rely on, its failure too old to tell."""
    lasts = [
        (row.known.seen_at, settings.STALE_AFTER_SECONDS),
        (row.known.paused_said_at, settings.PAUSED_STATEMENT_SECONDS),
        (row.known.failed_at, FAILURE_TOLD.total_seconds()),
    ]
    # One second more: ages are compared in whole seconds.
    return [at + timedelta(seconds=seconds + 1) for at, seconds in lasts if at]


def _steps(keys: list[int]) -> str:
    return ".".join(_base36(key - before) for before, key in zip([0, *keys], keys, strict=False))


def _base36(number: int) -> str:
    digits = ""
    while True:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
        if not number:
            return digits


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _moment(milliseconds: str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC)
