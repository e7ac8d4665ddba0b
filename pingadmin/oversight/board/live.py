"""What a board that is open asks every few seconds: what changed since it was drawn, and nothing where nothing did.

The page says where it stands (board_mark.py). One small query finds everything that may have changed since; where
its sum is the mark's, and nothing was due by time alone, the answer is 304. Otherwise the rows that may look different
are written anew.

A change is dated before its transaction commits, so the mark looks back by OVERLAP.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from pingadmin import upstream
from pingadmin.oversight.board.cursor import Mark
from pingadmin.oversight.board.listing import FAILURE_TOLD, Listing, Row
from pingadmin.oversight.models import Presence
from pingadmin.remote_sessions.history.coverage import WATCH_TIMEOUT, find_last_watched_at
from pingadmin.remote_sessions.models import RemoteSession, WatchSpan

OVERLAP = timedelta(seconds=10)
# With more changes than this in the window it is not worth comparing: the rows are looked at anyway.
MANY = 300
# How far the clock of a collector on another machine may be ahead of ours.
AHEAD = timedelta(seconds=5)

_User = get_user_model()
# Plain SQL, and one query: putting them together would take the ORM most of a poll's time.
_CHANGED, _HERE, _WATCHED = range(3)
_STANDING = (
    f"SELECT {_CHANGED}, id, changed_at, '' FROM ("  # noqa: S608 - the tables' names are our own
    f"SELECT id, changed_at FROM {RemoteSession._meta.db_table} "
    f"WHERE changed_at > %s ORDER BY changed_at, id LIMIT {MANY}) AS changed "
    f"UNION ALL SELECT {_HERE}, id, since, '' FROM {Presence._meta.db_table} WHERE lease_until > %s "
    f"UNION ALL SELECT {_WATCHED}, 0, until_at, alias FROM {WatchSpan._meta.db_table} "
    f"WHERE why_ended = '' AND until_at BETWEEN %s AND %s AND alias IN (%s)"
)
_MAY = (
    f"SELECT 1 FROM {Permission._meta.db_table} AS one "  # noqa: S608
    f"JOIN {ContentType._meta.db_table} AS kind ON kind.id = one.content_type_id "
    f"WHERE kind.app_label = %s AND one.codename = %s AND ("
    f"one.id IN (SELECT permission_id FROM {_User.user_permissions.through._meta.db_table} WHERE user_id = %s) "
    f"OR one.id IN (SELECT given.permission_id FROM {Group.permissions.through._meta.db_table} AS given "
    f"JOIN {_User.groups.through._meta.db_table} AS theirs ON theirs.group_id = given.group_id "
    f"WHERE theirs.user_id = %s))"
)


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
class Standing:
    """What is true of the whole board at a moment. heard: until when each account that is being watched was.
    sum: of what changed since a start."""

    now: datetime
    heard: dict[str, datetime]
    sum: int

    @property
    def is_live(self) -> bool:
        return bool(self.heard)

    @property
    def received_at(self) -> datetime:
        return min(self.now, max(self.heard.values()))


@dataclass(frozen=True)
class Unwatched:
    """An account that nobody watches, and until when somebody did. until None: nobody ever did."""

    label: str
    until: datetime | None


def may(person, permission: str) -> bool:
    """What `has_perm` says of an active person, in one query in place of two; permission: `app.codename`."""
    if person.is_superuser:
        return True
    with connection.cursor() as cursor:
        cursor.execute(_MAY, [*permission.split("."), person.pk, person.pk])
        return cursor.fetchone() is not None


def standing(*, start: datetime, now: datetime) -> Standing:
    """One query."""
    aliases = upstream.aliases()
    moments = [
        connection.ops.adapt_datetimefield_value(at)
        for at in (start, now, now - WATCH_TIMEOUT, now + AHEAD)
    ]
    query = _STANDING.replace("IN (%s)", f"IN ({', '.join(['%s'] * len(aliases)) or 'NULL'})")
    with connection.cursor() as cursor:
        cursor.execute(query, [*moments, *aliases])
        found = sorted(cursor.fetchall())
    seen = [(kind, key, at) for kind, key, at, _ in found if kind != _WATCHED]
    heard = {alias: _aware(at) for kind, _, at, alias in found if kind == _WATCHED}
    if sum(kind == _CHANGED for kind, *_ in seen) == MANY:
        seen.append(now)
    return Standing(now, heard, crc32(repr((seen, sorted(heard))).encode()))


def unwatched(around: Standing) -> list[Unwatched]:
    """One query for each account that nobody watches."""
    silent = [alias for alias in upstream.aliases() if alias not in around.heard]
    return [Unwatched(upstream.api_for(alias).label, _ended(alias, around.now)) for alias in silent]


def mark_after(
    rows: list[Row], around: Standing, start: datetime, news: News | None = None
) -> Mark:
    """The mark of a page that shows these rows. around: what was true since `start`, asked before the rows were read,
    so that what changes in between is found at the next look."""
    return Mark(start, _due(rows, around.now), around.sum, str(news or News()))


def nothing_changed(mark: Mark, around: Standing) -> bool:
    return around.sum == mark.sum and around.now < mark.due


def may_look_different(row: Row, *, since: datetime, now: datetime, is_visited: bool) -> bool:
    """Whether a row may have changed: it was written, somebody comes or goes, or time passed a bound."""
    return (
        row.known.changed_at > since
        or is_visited
        or any(since < bound <= now for bound in _bounds(row))
    )


def visited(since: datetime) -> set[int]:
    """The sessions that somebody has looked at since a moment: there, somebody may have come or gone."""
    return set(Presence.objects.filter(lease_until__gt=since).values_list("session_id", flat=True))


def news(
    shown: dict[int, str], rows: list[Row], listing: Listing, *, grouped: bool, steady: bool
) -> News:
    """rows: the sessions that are shown, as they are now. steady: the order does not change with each answer."""
    belong = {row.known.pk for row in listing.rows}
    if not steady:
        return News(reordered=belong != shown.keys())
    moved = shown.keys() - belong
    if grouped:
        moved |= {row.known.pk for row in rows if row.group != shown.get(row.known.pk)}
    return News(moved=len(moved), new=len(belong - shown.keys()))


def _aware(at: datetime) -> datetime:
    """A moment as the database gives it: SQLite without a zone."""
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _ended(alias: str, now: datetime) -> datetime | None:
    """Never in times to come: a clock that was set back leaves spans there."""
    end = find_last_watched_at(alias)
    return end and min(end, now)


def _due(rows: list[Row], now: datetime) -> datetime:
    """When the first of these rows changes by time alone."""
    return min(
        (bound for row in rows for bound in _bounds(row) if bound > now),
        default=now + timedelta(days=1),
    )


def _bounds(row: Row) -> list[datetime]:
    """When a row's answer turns stale, its statement about "paused" too old to rely on, its failure too old to tell."""
    lasts = [
        (row.known.last_seen_at, settings.STALE_AFTER_SECONDS),
        (row.known.paused_reported_at, settings.PAUSED_STATEMENT_SECONDS),
        (row.known.failed_at, FAILURE_TOLD.total_seconds()),
    ]
    # One second more: ages are compared in whole seconds.
    return [at + timedelta(seconds=seconds + 1) for at, seconds in lasts if at]
