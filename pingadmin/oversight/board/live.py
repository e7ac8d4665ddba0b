"""What an open board asks for every few seconds: what changed since it was loaded.

The page sends its cursor. One small query finds everything that may have changed since; where its
checksum is the cursor's and nothing was due by time alone, the answer is 304. Otherwise the rows
that may look different are rendered again.

A change is dated before its transaction commits, so the cursor looks back by OVERLAP.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zlib import crc32

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser, Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from pingadmin import upstream
from pingadmin.oversight.board.cursor import BoardCursor
from pingadmin.oversight.board.listing import FAILURE_SHOWN_FOR, BoardPage
from pingadmin.oversight.board.sessions import BoardRow
from pingadmin.oversight.models import Presence
from pingadmin.remote_sessions.history.coverage import WATCH_TIMEOUT, find_last_watched_at
from pingadmin.remote_sessions.models import RemoteSession, WatchSpan

OVERLAP = timedelta(seconds=10)
# With more changes than this since the cursor, comparing costs more than rendering the rows.
MAX_CHANGES = 300
# How far the clock of a collector on another machine may be ahead of ours.
CLOCK_TOLERANCE = timedelta(seconds=5)

_User = get_user_model()
# Plain SQL, and one query each: building them by the ORM would take most of a poll's time.
_CHANGED, _VIEWING, _WATCHED = range(3)
_STATUS_QUERY = f"""
    SELECT {_CHANGED}, id, changed_at, '' FROM (
        SELECT id, changed_at FROM {RemoteSession._meta.db_table}
        WHERE changed_at > %s ORDER BY changed_at, id LIMIT {MAX_CHANGES}
    ) AS changed
    UNION ALL
    SELECT {_VIEWING}, id, since, '' FROM {Presence._meta.db_table} WHERE lease_until > %s
    UNION ALL
    SELECT {_WATCHED}, 0, until_at, alias FROM {WatchSpan._meta.db_table}
    WHERE why_ended = '' AND until_at BETWEEN %s AND %s AND alias IN (%s)
"""  # noqa: S608 - the tables' names are our own
_PERMISSION_QUERY = f"""
    SELECT 1 FROM {Permission._meta.db_table} AS permission
    JOIN {ContentType._meta.db_table} AS content_type
        ON content_type.id = permission.content_type_id
    WHERE content_type.app_label = %s AND permission.codename = %s AND (
        permission.id IN (
            SELECT permission_id FROM {_User.user_permissions.through._meta.db_table}
            WHERE user_id = %s
        )
        OR permission.id IN (
            SELECT group_permission.permission_id
            FROM {Group.permissions.through._meta.db_table} AS group_permission
            JOIN {_User.groups.through._meta.db_table} AS membership
                ON membership.group_id = group_permission.group_id
            WHERE membership.user_id = %s
        )
    )
"""  # noqa: S608 - the tables' names are our own


@dataclass(frozen=True)
class BoardChanges:
    """What a reload would change.

    Rows that belong elsewhere by now, sessions that are not on the page yet, or only the order of
    a list that is sorted by something that keeps moving.
    """

    moved: int = 0
    new: int = 0
    is_reordered: bool = False

    def __bool__(self) -> bool:
        return bool(self.moved or self.new or self.is_reordered)

    def __str__(self) -> str:
        return f"{min(self.moved, 99999)}-{min(self.new, 99999)}-{self.is_reordered:d}"


@dataclass(frozen=True)
class BoardStatus:
    """What is true of the whole board at a moment.

    watched_until: alias -> when it was last watched, for each account that is being watched.
    checksum: of everything that changed since the start that was asked for.
    """

    now: datetime
    watched_until: dict[str, datetime]
    checksum: int

    @property
    def is_live(self) -> bool:
        return bool(self.watched_until)

    @property
    def received_at(self) -> datetime:
        """When anything was last received. Only where the board is live."""
        return min(self.now, max(self.watched_until.values()))


@dataclass(frozen=True)
class UnwatchedAccount:
    """An account that nothing watches. watched_until: when that ended, None if it never began."""

    label: str
    watched_until: datetime | None


def has_permission(person: AbstractUser, permission: str) -> bool:
    """What `has_perm` says of an active person, in one query instead of two."""
    if person.is_superuser:
        return True
    app_label, codename = permission.split(".")
    with connection.cursor() as cursor:
        cursor.execute(_PERMISSION_QUERY, [app_label, codename, person.pk, person.pk])
        return cursor.fetchone() is not None


def load_status(*, start: datetime, now: datetime) -> BoardStatus:
    """The board's status, with a checksum of what changed since `start`. One query."""
    aliases = upstream.aliases()
    moments = [
        connection.ops.adapt_datetimefield_value(moment)
        for moment in (start, now, now - WATCH_TIMEOUT, now + CLOCK_TOLERANCE)
    ]
    placeholders = ", ".join(["%s"] * len(aliases)) or "NULL"
    query = _STATUS_QUERY.replace("IN (%s)", f"IN ({placeholders})")
    with connection.cursor() as cursor:
        cursor.execute(query, [*moments, *aliases])
        records = sorted(cursor.fetchall())
    # SQLite gives the moments of a plain query without a zone.
    watched_until = {
        alias: at if at.tzinfo else at.replace(tzinfo=UTC)
        for kind, _, at, alias in records
        if kind == _WATCHED
    }
    changes: list[object] = [row[:3] for row in records if row[0] != _WATCHED]
    if sum(row[0] == _CHANGED for row in records) == MAX_CHANGES:
        # The list is cut, so an equal checksum would not mean that nothing changed.
        changes.append(now)
    checksum = crc32(repr((changes, sorted(watched_until))).encode())
    return BoardStatus(now, watched_until, checksum)


def load_unwatched_accounts(status: BoardStatus) -> list[UnwatchedAccount]:
    """The accounts that nothing watches. One query for each."""
    accounts = []
    for alias in upstream.aliases():
        if alias in status.watched_until:
            continue
        end = find_last_watched_at(alias)
        # A clock that was set back may have left spans that end in the future.
        watched_until = min(end, status.now) if end else None
        accounts.append(UnwatchedAccount(upstream.api_for(alias).label, watched_until))
    return accounts


def next_cursor(
    rows: list[BoardRow], status: BoardStatus, start: datetime, changes: BoardChanges | None = None
) -> BoardCursor:
    """The cursor of a page that shows these rows.

    status: loaded since `start` and before the rows, so that the next poll finds what changes in
    between.
    """
    due = min(
        (expiry for row in rows for expiry in _expiries(row) if expiry > status.now),
        default=status.now + timedelta(days=1),
    )
    return BoardCursor(start, due, status.checksum, str(changes or BoardChanges()))


def is_unchanged(cursor: BoardCursor, status: BoardStatus) -> bool:
    return status.checksum == cursor.checksum and status.now < cursor.due


def find_changed_rows(rows: list[BoardRow], *, since: datetime, now: datetime) -> list[BoardRow]:
    """The rows that may look different: written, opened or left by somebody, or grown too old."""
    viewed = load_viewed_since(since)
    return [
        row
        for row in rows
        if row.session.changed_at > since
        or row.session.pk in viewed
        or any(since < expiry <= now for expiry in _expiries(row))
    ]


def load_viewed_since(moment: datetime) -> set[int]:
    """The pks of sessions that somebody has viewed since: there, viewers may have come or gone."""
    viewed = Presence.objects.filter(lease_until__gt=moment)
    return set(viewed.values_list("session_id", flat=True))


def find_changes(
    shown: dict[int, str],
    rows: list[BoardRow],
    page: BoardPage,
    *,
    is_grouped: bool,
    keeps_order: bool,
) -> BoardChanges:
    """What a reload would change of an open page.

    shown: session pk -> group, as the page has it. rows: those sessions as they are now. page: what
    a reload would show. keeps_order: whether the order does not change with every observation.
    """
    expected = {row.session.pk for row in page.rows}
    if not keeps_order:
        return BoardChanges(is_reordered=expected != shown.keys())
    moved = shown.keys() - expected
    if is_grouped:
        moved |= {row.session.pk for row in rows if row.group != shown.get(row.session.pk)}
    return BoardChanges(moved=len(moved), new=len(expected - shown.keys()))


def _expiries(row: BoardRow) -> list[datetime]:
    """When the row's state turns stale, its report about "paused" too old, its failure too old, or
    its wait for an answer doubtful."""
    waiting_reported_at = row.session.task_answered_at if row.waiting.is_waiting else None
    lifetimes = [
        (row.session.last_seen_at, settings.STALE_AFTER_SECONDS),
        (row.session.paused_reported_at, settings.PAUSED_STATEMENT_SECONDS),
        (row.session.failed_at, FAILURE_SHOWN_FOR.total_seconds()),
        (waiting_reported_at, settings.STALE_AFTER_SECONDS),
    ]
    # One second more, because ages are compared in whole seconds.
    return [moment + timedelta(seconds=seconds + 1) for moment, seconds in lifetimes if moment]
