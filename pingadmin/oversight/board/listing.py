"""Which sessions belong on the board, in which group, and on which page. Trouble comes first.

One query finds every session that may belong to a view, by index and with room to spare; the card
of each then decides, so that the board and a session's page never disagree. Only "All sessions" is
sorted and cut by the database.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db.models import QuerySet

from pingadmin import upstream
from pingadmin.oversight.board.filters import ORDERS, BoardFilter, BoardSort, BoardView
from pingadmin.oversight.board.sessions import (
    BoardGroup,
    BoardRow,
    BoardSession,
    read_board_sessions,
)
from pingadmin.oversight.models import TeamState
from pingadmin.remote_sessions.conversation.waiting import WAITING_STATE
from pingadmin.remote_sessions.display.card import SessionCard
from pingadmin.remote_sessions.display.paused import PausedValue
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from pingadmin.resumes.models import Attempt, ScheduledResume

# Views whose rows are judged here; "All sessions" holds too many for that.
JUDGED_VIEWS = [view for view in BoardView if view != BoardView.ALL]
# What is to be resumed later is looked after.
NEEDS_ATTENTION = set(BoardGroup) - {BoardGroup.WATCHED, BoardGroup.SCHEDULED}
# A failed look-up concerns everybody for this long; that of a watched session until one works.
FAILURE_SHOWN_FOR = timedelta(hours=1)
_POSITIONS = {group: position for position, group in enumerate(BoardGroup.values)}

# Within a group by id: that never changes, so no row moves because its session was updated.
_SORT_KEYS: dict[str, Callable[[BoardRow], tuple[Any, ...]]] = {
    BoardSort.TROUBLE: lambda row: (_POSITIONS[row.group], row.session.session_id, row.session.pk),
    BoardSort.SEEN: lambda row: (_newest_first(row.session.last_seen_at), row.session.pk),
    BoardSort.ID: lambda row: (row.session.session_id, row.session.pk),
    BoardSort.CLIENT: lambda row: (row.session.client_name, row.session.pk),
    BoardSort.TRAFFIC: lambda row: (-(row.session.downloaded_bytes or -1), row.session.pk),
}


@dataclass(frozen=True)
class BoardPage:
    """One page of the board. total: the rows of all pages. counts: the rows of each view."""

    rows: list[BoardRow]
    total: int
    number: int
    last_number: int
    counts: dict[str, int]


class PendingActions(NamedTuple):
    """The attempts that are under way or unresolved, and the resumes that are scheduled.

    newest: session pk -> the newest of them. unresolved: the pks of sessions with an unknown
    outcome, whatever is under way since. resumes_at: session pk -> when it is to be resumed.
    """

    newest: dict[int, Attempt]
    unresolved: set[int]
    resumes_at: dict[int, datetime]


def load_board_page(
    board_filter: BoardFilter, person: AbstractUser, *, now: datetime, with_counts: bool = True
) -> BoardPage:
    """The page of the board that the filter asks for.

    with_counts: False saves a query where nobody reads `total`, `last_number` and `counts`.
    """
    pending = load_pending_actions()
    rows: list[BoardRow] = []
    counts: Counter[str] = Counter()
    if with_counts or not board_filter.is_of_all:
        candidates = _candidates(board_filter, pending, person, now)
        rows = _judge_all(read_board_sessions(candidates), pending, now)
        counts.update({view: sum(_is_in(view, row) for row in rows) for view in JUDGED_VIEWS})
    # Only a page further down needs the count to be found: the first is the first of any number.
    if with_counts or (board_filter.is_of_all and board_filter.page > 1):
        counts[BoardView.ALL] = _all_sessions(board_filter, person).count()
    total = counts[board_filter.view]
    last_number = max(1, -(-total // board_filter.size))
    number = min(board_filter.page, last_number)
    start = (number - 1) * board_filter.size
    if board_filter.is_of_all:
        shown = _judge_all(_read_slice_of_all(board_filter, person, start), pending, now)
    else:
        in_view = [row for row in rows if _is_in(board_filter.view, row)]
        in_view.sort(key=_SORT_KEYS[board_filter.sort])
        shown = in_view[start : start + board_filter.size]
    return BoardPage(shown, total, number, last_number, counts)


def load_rows(session_ids: Iterable[int], *, now: datetime) -> list[BoardRow]:
    """The rows of these sessions as they are now, whichever view they belong to."""
    sessions = RemoteSession.objects.filter(pk__in=session_ids)
    return _judge_all(read_board_sessions(sessions), load_pending_actions(), now)


def load_pending_actions() -> PendingActions:
    """Two queries."""
    attempts = list(pending_attempts().order_by("opened_at"))
    return PendingActions(
        newest={attempt.session_id: attempt for attempt in attempts},
        unresolved={attempt.session_id for attempt in attempts if attempt.is_unresolved},
        resumes_at=dict(ScheduledResume.objects.pending().values_list("session_id", "due_at")),
    )


def pending_attempts() -> QuerySet[Attempt]:
    """Attempts under way, and unresolved ones: a union, for each half has an index of its own."""
    return Attempt.objects.open().union(Attempt.objects.unresolved(), all=True)


def _candidates(
    board_filter: BoardFilter, pending: PendingActions, person: AbstractUser, now: datetime
) -> QuerySet[RemoteSession]:
    """Every session that may belong to a judged view, and some more. Each part has an index."""
    reported_since = now - timedelta(seconds=settings.PAUSED_STATEMENT_SECONDS)
    sessions = RemoteSession.objects.order_by().values("pk")
    failing = RemoteSession.objects.failing_since(now - FAILURE_SHOWN_FOR)
    candidates = (
        TeamState.objects.watched()
        .order_by()
        .values("pk")
        .union(
            sessions.filter(pk__in=pending.unresolved | pending.resumes_at.keys()),
            sessions.filter(paused_reported=True, paused_reported_at__gte=reported_since),
            failing.order_by().values("pk"),
            AgentTask.objects.waiting().order_by().values("pk"),
            sessions.filter(alias__in=upstream.aliases(), state=WAITING_STATE),
        )
    )
    return board_filter.apply(RemoteSession.objects.filter(pk__in=candidates), person)


def _judge_all(
    sessions: Iterable[BoardSession], pending: PendingActions, now: datetime
) -> list[BoardRow]:
    return [_judge(session, pending, now) for session in sessions]


def _judge(session: BoardSession, pending: PendingActions, now: datetime) -> BoardRow:
    card = session.card(now)
    is_unresolved = session.pk in pending.unresolved
    waiting = session.judge_waiting(card, now)
    if is_unresolved:
        group = BoardGroup.UNKNOWN.value
    elif waiting.is_waiting:
        group = BoardGroup.WAITING.value
    else:
        group = _group_of(session, card, now, is_scheduled=session.pk in pending.resumes_at)
    return BoardRow(
        session,
        card,
        group,
        pending.newest.get(session.pk),
        waiting=waiting,
        resumes_at=pending.resumes_at.get(session.pk),
    )


def _group_of(
    session: BoardSession, card: SessionCard, now: datetime, *, is_scheduled: bool
) -> str:
    """The group of a session without an unknown outcome, whose agent waits for nobody."""
    if is_scheduled:
        return BoardGroup.SCHEDULED.value
    if card.paused.value == PausedValue.YES:
        return BoardGroup.PAUSED.value
    is_recent = session.failed_at is not None and now - session.failed_at <= FAILURE_SHOWN_FOR
    if session.failure and (session.watched_since or is_recent):
        return BoardGroup.FAILING.value
    if session.watched_since:
        return BoardGroup.STALE.value if card.is_doubted else BoardGroup.WATCHED.value
    return ""


def _is_in(view: str, row: BoardRow) -> bool:
    if view == BoardView.WATCHED:
        return row.session.watched_since is not None
    if view == BoardView.PAUSED:
        return row.card.paused.value == PausedValue.YES
    if view == BoardView.WAITING:
        return row.waiting.is_waiting
    if view == BoardView.SCHEDULED:
        return row.resumes_at is not None
    return row.group in NEEDS_ATTENTION if view == BoardView.ATTENTION else bool(row.group)


def _newest_first(moment: datetime | None) -> float:
    """A key that sorts the newest moment first, and none at all last."""
    return -moment.timestamp() if moment else 1


def _all_sessions(board_filter: BoardFilter, person: AbstractUser) -> QuerySet[RemoteSession]:
    return board_filter.apply(RemoteSession.objects.observed(), person)


def _read_slice_of_all(
    board_filter: BoardFilter, person: AbstractUser, start: int
) -> list[BoardSession]:
    """A page of "All sessions".

    Its keys come first, from an index alone, so that a page far down costs little more than the
    first.
    """
    ordered = _all_sessions(board_filter, person).order_by(*ORDERS[board_filter.sort])
    keys = list(ordered.values_list("pk", flat=True)[start : start + board_filter.size])
    sessions = read_board_sessions(RemoteSession.objects.filter(pk__in=keys))
    by_key = {session.pk: session for session in sessions}
    return [by_key[key] for key in keys if key in by_key]
