"""A client's sessions as rows of the board: unknown outcomes first, then open ones, then the rest.

The database sorts and cuts, for a client may have any number of sessions; the board's own code
judges and renders the rows of one page.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db.models import Case, F, IntegerField, TextChoices, Value, When
from django.urls import reverse

from pingadmin import upstream
from pingadmin.oversight.board.columns import Column, choose_columns
from pingadmin.oversight.board.listing import BoardPage, load_rows
from pingadmin.oversight.board.page import RowGroup, own_columns
from pingadmin.oversight.board.rows import load_row_context, render_rows
from pingadmin.oversight.board.sessions import BoardGroup, BoardRow, read_board_sessions
from pingadmin.remote_sessions.display.paused import PausedValue
from pingadmin.remote_sessions.models import OPEN_STATES, RemoteSessionQuerySet
from pingadmin.resumes.models import Attempt

PAGE_SIZE = 100


class ClientGroup(TextChoices):
    """The groups of a client's sessions, in their order on the page, with their headings."""

    UNKNOWN = "unknown", BoardGroup.UNKNOWN.label
    OPEN = "open", "Open"
    OTHER = "other", "Paused, ended or in another state"


_RANKS = {group: rank for rank, group in enumerate(ClientGroup)}


@dataclass(frozen=True)
class SessionTable:
    """One page of the sessions, as the board's table shows them."""

    board_page: BoardPage
    groups: list[RowGroup]
    columns: tuple[Column, ...]
    rendered_at: int

    @property
    def previous_address(self) -> str:
        """Relative to the client's page; "" on the first page."""
        number = self.board_page.number
        return f"?page={number - 1}" if number > 1 else ""

    @property
    def next_address(self) -> str:
        """Relative to the client's page; "" on the last page."""
        number = self.board_page.number
        return f"?page={number + 1}" if number < self.board_page.last_number else ""


@dataclass(frozen=True)
class PausedSessions:
    """Those known to be paused. names: `alias/id` of as many as one bulk resume takes."""

    count: int
    names: list[str]


def load_session_table(
    sessions: RemoteSessionQuerySet,
    person: AbstractUser,
    *,
    number: int,
    total: int,
    now: datetime,
) -> SessionTable:
    """The page of that number, or the last one. total: how many sessions there are."""
    last_number = max(1, -(-total // PAGE_SIZE))
    number = min(max(number, 1), last_number)
    start = (number - 1) * PAGE_SIZE
    keys = list(_in_order(sessions).values_list("pk", flat=True)[start : start + PAGE_SIZE])
    rows = _load_rows_in_order(keys, now)
    chosen = choose_columns(own_columns(person))
    # Every row would repeat the name that the page is about.
    columns = tuple(column for column in chosen if column.key != "client")
    return SessionTable(
        board_page=BoardPage(rows, total, number, last_number, counts={}),
        groups=_render_groups(rows, person, columns, now),
        columns=columns,
        rendered_at=int(now.timestamp()),
    )


def find_paused_sessions(
    sessions: RemoteSessionQuerySet, alias: str, *, now: datetime
) -> PausedSessions:
    """Those that a page may call paused now, the newest report first. One query at most."""
    if alias not in upstream.aliases():
        return PausedSessions(0, [])
    reported_since = now - timedelta(seconds=settings.PAUSED_STATEMENT_SECONDS)
    candidates = sessions.filter(paused_reported=True, paused_reported_at__gte=reported_since)
    paused = [
        f"{session.alias}/{session.session_id}"
        for session in read_board_sessions(candidates.order_by("-paused_reported_at", "pk"))
        if session.card(now).paused.value == PausedValue.YES
    ]
    return PausedSessions(len(paused), paused[: settings.BULK_MOST])


def _in_order(sessions: RemoteSessionQuerySet) -> RemoteSessionQuerySet:
    rank = Case(
        When(
            pk__in=Attempt.objects.unresolved().values("session"),
            then=Value(_RANKS[ClientGroup.UNKNOWN]),
        ),
        When(state__in=OPEN_STATES, then=Value(_RANKS[ClientGroup.OPEN])),
        default=Value(_RANKS[ClientGroup.OTHER]),
        output_field=IntegerField(),
    )
    return sessions.order_by(rank, F("last_seen_at").desc(nulls_last=True), "pk")


def _load_rows_in_order(keys: list[int], now: datetime) -> list[BoardRow]:
    by_key = {row.session.pk: row for row in load_rows(keys, now=now)}
    rows = [by_key[key] for key in keys if key in by_key]
    # A session may have changed since it was sorted; a group must not begin twice.
    return sorted(rows, key=lambda row: _RANKS[_group_of(row)])


def _group_of(row: BoardRow) -> ClientGroup:
    if row.group == BoardGroup.UNKNOWN:
        return ClientGroup.UNKNOWN
    return ClientGroup.OPEN if row.session.state in OPEN_STATES else ClientGroup.OTHER


def _render_groups(
    rows: list[BoardRow], person: AbstractUser, columns: tuple[Column, ...], now: datetime
) -> list[RowGroup]:
    context = load_row_context(
        rows,
        now=now,
        may_resume=person.has_perm("resumes.resume"),
        columns=columns,
        root=reverse("oversight:board"),
    )
    groups = [(group, list(members)) for group, members in groupby(rows, key=_group_of)]
    return [
        RowGroup(group.label, render_rows(members, context), len(members))
        for group, members in groups
    ]
