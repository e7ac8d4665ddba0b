"""The board as a page, and as the answer to a poll: what the templates show."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.urls import reverse
from django.utils import timezone

from pingadmin import upstream
from pingadmin.oversight.board import history, live, rows
from pingadmin.oversight.board.columns import (
    CHOICES,
    NONE,
    Column,
    choose_columns,
    chosen_keys,
)
from pingadmin.oversight.board.cursor import BoardCursor, encode_shown
from pingadmin.oversight.board.filters import (
    LARGE_PAGE_SIZE,
    TABS,
    BoardFilter,
    BoardSort,
    BoardView,
)
from pingadmin.oversight.board.listing import BoardPage, load_board_page, load_rows
from pingadmin.oversight.board.sessions import BoardGroup, BoardRow
from pingadmin.oversight.models import SavedView, TeamState
from pingadmin.remote_sessions.history import coverage

POLL_SECONDS, URGENT_POLL_SECONDS = 5, 2

Context = dict[str, Any]


@dataclass(frozen=True)
class RowGroup:
    """Rows under one heading. title: "" where the rows are not grouped. html: the rows."""

    title: str
    html: str
    count: int


@dataclass(frozen=True)
class FilterChip:
    """A link to the board under another filter.

    count: how many sessions that shows. meaning: which ones, as a sentence without its full stop.
    """

    label: str
    address: str
    is_selected: bool
    count: int | None = None
    meaning: str = ""


def board_context(board_filter: BoardFilter, person: AbstractUser) -> Context:
    """The context of the whole page, for the board as it is now."""
    now = timezone.now()
    start = now - live.OVERLAP
    status = live.load_status(start=start, now=now)
    page = load_board_page(board_filter, person, now=now)
    cursor = live.next_cursor(page.rows, status, start)
    columns = columns_for(board_filter, person)
    return {
        "groups": _render_groups(board_filter, page.rows, person, columns, now=now),
        "rendered_at": int(now.timestamp()),
        "shown": encode_shown(page.rows, is_grouped=board_filter.is_grouped),
        **_live_context(board_filter, page.rows, cursor, status, columns),
        **_frame_context(board_filter, page, columns),
    }


def past_board_context(board_filter: BoardFilter, person: AbstractUser, *, at: datetime) -> Context:
    """The context of the whole page, for the board as it was at a moment."""
    page = load_board_page(board_filter, person, now=timezone.now())
    past_rows = history.load_past_rows(page.rows, at)
    columns = columns_for(board_filter, person)
    html = rows.render_rows(past_rows, rows.past_row_context(at, columns))
    return {
        "groups": [RowGroup("", html, len(past_rows))] if past_rows else [],
        "at": at,
        "live_address": board_filter.get_absolute_url(at=""),
        "accounts_unwatched_then": list(_accounts_unwatched_at(at)),
        **_frame_context(board_filter, page, columns),
    }


def poll_context(
    board_filter: BoardFilter, person: AbstractUser, *, cursor: BoardCursor, shown: dict[int, str]
) -> Context:
    """The context of a poll's answer: the rows that may look different, and what a reload changes.

    shown: session pk -> group, as the open page has it.
    """
    now = timezone.now()
    start = now - live.OVERLAP
    status = live.load_status(start=start, now=now)
    shown_rows = load_rows(shown, now=now)
    changed_rows = live.find_changed_rows(shown_rows, since=cursor.start, now=now)
    changes = live.find_changes(
        shown,
        shown_rows,
        load_board_page(board_filter, person, now=now, with_counts=False),
        is_grouped=board_filter.is_grouped,
        keeps_order=_keeps_order(board_filter),
    )
    next_cursor = live.next_cursor(shown_rows, status, start, changes)
    columns = columns_for(board_filter, person)
    return {
        "rows": _render(changed_rows, person, columns, now=now),
        "changes": changes,
        "has_new_changes": str(changes) != cursor.changes,
        "board_address": board_filter.get_absolute_url(),
        **_live_context(board_filter, shown_rows, next_cursor, status, columns),
    }


def _live_context(
    board_filter: BoardFilter,
    shown_rows: list[BoardRow],
    cursor: BoardCursor,
    status: live.BoardStatus,
    columns: tuple[Column, ...],
) -> Context:
    """What the live line says, and where and how often the page polls."""
    is_urgent = any(row.group == BoardGroup.UNKNOWN or row.attempt for row in shown_rows)
    unwatched = live.load_unwatched_accounts(status)
    ends = [account.watched_until for account in unwatched if account.watched_until]
    # An open page keeps its columns until it is loaded again.
    query = board_filter.urlencode(since=cursor, columns=_address_part(columns))
    return {
        "poll_address": f"{reverse('oversight:rows')}?{query}",
        "poll_seconds": URGENT_POLL_SECONDS if is_urgent else POLL_SECONDS,
        "status": status,
        "unwatched_accounts": unwatched,
        "last_received_at": max(ends, default=None),
    }


def columns_for(board_filter: BoardFilter, person: AbstractUser) -> tuple[Column, ...]:
    """The columns that the address asks for, or else the person's own, or else all."""
    return choose_columns(board_filter.columns, own_columns(person))


def own_columns(person: AbstractUser) -> tuple[str, ...] | None:
    """The keys that a person has chosen, whatever the model of people is."""
    columns: tuple[str, ...] | None = getattr(person, "own_settings").columns  # noqa: B009
    return columns


def _address_part(columns: tuple[Column, ...]) -> str:
    return ",".join(chosen_keys(columns)) or NONE


def _frame_context(
    board_filter: BoardFilter, page: BoardPage, columns: tuple[Column, ...]
) -> Context:
    """What the page shows around the rows."""
    accounts = [upstream.api_for(alias) for alias in upstream.aliases()]
    return {
        "board_filter": board_filter,
        "board_page": page,
        "columns": columns,
        "column_choices": _column_choices(columns),
        "query_with_columns": board_filter.urlencode(columns=_address_part(columns)),
        "board_address": board_filter.get_absolute_url(),
        "chips": _view_chips(board_filter, page),
        "saved_views": _saved_view_chips(board_filter),
        "all_address": board_filter.get_absolute_url(view=BoardView.ALL, page=""),
        "assignees": _assignees(),
        "accounts_with_list": [account for account in accounts if account.can_list],
        "is_empty": not page.counts[BoardView.ALL] and not board_filter.is_narrowed,
        **_paging_context(board_filter, page),
    }


def _column_choices(columns: tuple[Column, ...]) -> list[tuple[Column, bool]]:
    """Every column that can be chosen, and whether it is: those that are shown first."""
    shown = [column for column in columns if column in CHOICES]
    hidden = [column for column in CHOICES if column not in shown]
    return [*((column, True) for column in shown), *((column, False) for column in hidden)]


def _paging_context(board_filter: BoardFilter, page: BoardPage) -> Context:
    """The addresses of the pages before and after, and of larger pages; "" where there is none."""
    number, address = page.number, board_filter.get_absolute_url
    has_more = page.total > board_filter.size and board_filter.size < LARGE_PAGE_SIZE
    return {
        "previous_address": address(page=number - 1) if number > 1 else "",
        "next_address": address(page=number + 1) if number < page.last_number else "",
        "large_page_address": address(size=LARGE_PAGE_SIZE, page="") if has_more else "",
    }


def _keeps_order(board_filter: BoardFilter) -> bool:
    """Whether rows stay in their order while observations arrive."""
    if board_filter.sort in {BoardSort.SEEN, BoardSort.TRAFFIC}:
        return False
    # "All sessions" is sorted by when they were last seen, unless it is sorted otherwise.
    return bool(board_filter.sort) or not board_filter.is_of_all


def _render(
    board_rows: list[BoardRow],
    person: AbstractUser,
    columns: tuple[Column, ...],
    *,
    now: datetime,
) -> str:
    may_resume = person.has_perm("resumes.resume")
    context = rows.load_row_context(board_rows, now=now, may_resume=may_resume, columns=columns)
    return rows.render_rows(board_rows, context)


def _render_groups(
    board_filter: BoardFilter,
    board_rows: list[BoardRow],
    person: AbstractUser,
    columns: tuple[Column, ...],
    *,
    now: datetime,
) -> list[RowGroup]:
    if not board_rows:
        return []
    if not board_filter.is_grouped:
        return [RowGroup("", _render(board_rows, person, columns, now=now), len(board_rows))]
    may_resume = person.has_perm("resumes.resume")
    context = rows.load_row_context(board_rows, now=now, may_resume=may_resume, columns=columns)
    groups = groupby(board_rows, key=lambda row: row.group)
    return [
        RowGroup(BoardGroup(group).label, rows.render_rows(members, context), len(members))
        for group, members in ((group, list(group_rows)) for group, group_rows in groups)
    ]


def _accounts_unwatched_at(at: datetime) -> Iterator[tuple[str, datetime | None]]:
    """The label of each account with a gap at the moment, and when watching resumed before it.

    The time is None where the account was not watched at the moment itself.
    """
    for alias in upstream.aliases():
        if gaps := coverage.find_gaps(alias, at - coverage.WATCH_TIMEOUT, at):
            end = gaps[-1].until_at
            yield upstream.api_for(alias).label, end if end and end < at else None


def _view_chips(board_filter: BoardFilter, page: BoardPage) -> list[FilterChip]:
    """A narrowed board is still the board."""
    return [
        FilterChip(
            label=view.label,
            # A tab leads back to a person’s own columns.
            address=board_filter.get_absolute_url(view=view.value, page="", columns=""),
            is_selected=board_filter.is_of_all == (view == BoardView.ALL),
            count=page.counts[view],
            meaning=meaning,
        )
        for view, meaning in TABS.items()
    ]


def _saved_view_chips(board_filter: BoardFilter) -> list[tuple[SavedView, FilterChip]]:
    """A saved view is selected on every page of its filter."""
    current = board_filter.urlencode(page="")
    return [
        (view, FilterChip(view.name, view.get_absolute_url(), view.query == current))
        for view in SavedView.objects.all()
    ]


def _assignees() -> list[tuple[str, str]]:
    """Username and name of everybody who is assigned a session."""
    person_ids = TeamState.objects.assigned().values("assigned_to")
    people = get_user_model().objects.filter(pk__in=person_ids).order_by("username")
    return [(person.username, person.display_name) for person in people]
