"""The team's board: which sessions belong on it, in which group, and on which page. Trouble comes first.

One query finds what may belong to a view, wide enough and by index; the card then judges each, so that the board
and a session's page can never say different things. Only "All known" is sorted and cut by the database.
"""

from collections import Counter, namedtuple
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models.expressions import RawSQL

from pingadmin.oversight.board.filters import ALL, BOARD, LOOK, ORDERS, PAUSED, WATCHED, Question
from pingadmin.oversight.models import TeamState
from pingadmin.remote_sessions.display.card import SessionCard, build_card
from pingadmin.remote_sessions.models import ObservationSource, RemoteSession
from pingadmin.resumes.models import Attempt

GROUPS = {
    "unknown": "Outcome unknown: look before anyone presses again",
    "paused": "Paused",
    "failing": "Failing look-ups",
    "stale": "Stale: not heard of for a while",
    "watched": "Watched",
}
TROUBLE = ["unknown", "paused", "failing", "stale"]
PLACES = {group: place for place, group in enumerate(GROUPS)}
# A look-up that failed is told to everybody for so long; that of a watched session until one works again.
FAILURE_TOLD = timedelta(hours=1)

_COLUMNS = {
    "pk": "pk",
    "alias": "alias",
    "session_id": "session_id",
    "state": "state",
    "is_known_state": "is_known_state",
    "client_name": "client_name",
    "uploaded_bytes": "uploaded_bytes",
    "downloaded_bytes": "downloaded_bytes",
    "changed_at": "changed_at",
    "skew_seconds": "skew_seconds",
    "source": "source",
    "last_seen_at": "last_seen_at",
    "paused_reported": "paused_reported",
    "paused_reported_at": "paused_reported_at",
    "paused_reported_source": "paused_reported_source",
    "paused_doubted_at": "paused_doubted_at",
    "paused_doubted_by": "paused_doubted_by",
    "failure": "failure",
    "failed_at": "failed_at",
    "failing_since": "failing_since",
    "failure_status": "failure_status",
    "watched_since": "team__watched_since",
    "assigned_to": "team__assigned_to",
}
_SOURCE_WORDS = dict(ObservationSource.choices)


class Known(namedtuple("Known", _COLUMNS)):
    """A session as the board needs it: what build_card reads of a RemoteSession and what the team decided, at a tenth
    of a model's cost."""

    __slots__ = ()

    def get_source_display(self) -> str:
        return _SOURCE_WORDS.get(self.source, self.source)

    def get_paused_reported_source_display(self) -> str:
        return _SOURCE_WORDS.get(self.paused_reported_source, self.paused_reported_source)


@dataclass(frozen=True, slots=True)
class Row:
    """A session on the board. group: a key of GROUPS, "" where it belongs to none of them. attempt: the newest press
    on it that is under way or whose outcome nobody knows. word: stands for the state where that has none to say."""

    known: Known
    card: SessionCard
    group: str
    attempt: Attempt | None
    word: str = ""


@dataclass(frozen=True)
class Listing:
    """What a question finds. rows: those of its page. total: how many on all pages. counts: of each view."""

    rows: list[Row]
    total: int
    page: int
    pages: int
    counts: dict[str, int] = field(default_factory=dict)


def listing(question: Question, *, me, now: datetime, counted: bool = True) -> Listing:
    """The page of the board that a question asks for. me: the person who asks. counted: whether the numbers are
    wanted; without them, `total`, `pages` and `counts` say nothing."""
    questions = open_questions()
    rows, counts = [], Counter()
    if counted or question.view != ALL:
        rows = _judged(_known(_candidates(question, questions, me=me, now=now)), questions, now)
        counts = _counts(rows)
    if counted or (
        question.view == ALL and question.page > 1
    ):  # the first page is where it is, whatever the count
        counts[ALL] = _all_known(question, me).count()
    total = counts[question.view]
    pages = max(1, -(-total // question.size))
    page = min(question.page, pages)
    start = (page - 1) * question.size
    if question.view == ALL:
        shown = _judged(_slice_of_all(question, me, start), questions, now)
    else:
        shown = _sorted(question, [row for row in rows if _is_in(question.view, row)])[
            start : start + question.size
        ]
    return Listing(rows=shown, total=total, page=page, pages=pages, counts=counts)


def rows_of(session_ids, *, now: datetime) -> list[Row]:
    """These sessions as they are now, wherever they belong."""
    return _judged(_known(RemoteSession.objects.filter(pk__in=session_ids)), open_questions(), now)


class Questions(NamedTuple):
    """newest: session pk -> the newest press on it that is under way, or whose outcome nobody knows. unknown: the
    sessions with a press of which nobody knows the outcome, whatever is under way since."""

    newest: dict[int, Attempt]
    unknown: set[int]


def open_questions() -> Questions:
    """One query."""
    asked = list(asked_about().order_by("opened_at"))
    unknown = {each.session_id for each in asked if each.is_unresolved}
    return Questions({each.session_id: each for each in asked}, unknown)


def asked_about():
    """Those presses: two parts, for each has an index of its own."""
    attempts = Attempt.objects.order_by()
    # Written out, because SQLite takes a partial index for a constant only.
    unknown = attempts.filter(result=RawSQL("'unknown'", ()), resolved_at=None)
    return attempts.filter(is_open=True).union(unknown, all=True)


def _candidates(question: Question, questions: Questions, *, me, now: datetime):
    """All sessions that may belong to any view but "All known", and some more. Each part has an index of its own."""
    said_since = now - timedelta(seconds=settings.PAUSED_STATEMENT_SECONDS)
    sessions = RemoteSession.objects.order_by().values("pk")
    wanted = TeamState.objects.filter(watched_since__isnull=False).order_by().values("pk").union(
        sessions.filter(pk__in=questions.unknown),
        sessions.filter(paused_reported=True, paused_reported_at__gte=said_since),
        sessions.filter(failed_at__gte=now - FAILURE_TOLD),
    )  # fmt: skip
    return question.narrow(RemoteSession.objects.filter(pk__in=wanted), me=me)


def _known(sessions) -> list[Known]:
    return [Known._make(values) for values in sessions.values_list(*_COLUMNS.values())]


def _judged(sessions: list[Known], questions: Questions, now: datetime) -> list[Row]:
    rows = []
    for known in sessions:
        card = build_card(known, now=now)
        group = "unknown" if known.pk in questions.unknown else _group_of(known, card, now)
        rows.append(Row(known, card, group, questions.newest.get(known.pk)))
    return rows


def _group_of(known: Known, card: SessionCard, now: datetime) -> str:
    if card.paused.value == "yes":
        return "paused"
    if known.failure and (known.watched_since or now - known.failed_at <= FAILURE_TOLD):
        return "failing"
    if known.watched_since:
        return "stale" if card.is_doubted else "watched"
    return ""


def _counts(rows: list[Row]) -> Counter:
    return Counter(
        {view: sum(_is_in(view, row) for row in rows) for view in (BOARD, LOOK, WATCHED, PAUSED)}
    )


def _is_in(view: str, row: Row) -> bool:
    if view == WATCHED:
        return row.known.watched_since is not None
    if view == PAUSED:
        return row.card.paused.value == "yes"
    return row.group in TROUBLE if view == LOOK else bool(row.group)


def _sorted(question: Question, rows: list[Row]) -> list[Row]:
    """Within a group by id: that never changes, so no row moves because something was heard of it."""
    keys = {
        "": lambda row: (PLACES[row.group], row.known.session_id, row.known.pk),
        "seen": lambda row: (
            -row.known.last_seen_at.timestamp() if row.known.last_seen_at else 1,
            row.known.pk,
        ),
        "id": lambda row: (row.known.session_id, row.known.pk),
        "client": lambda row: (row.known.client_name, row.known.pk),
        "traffic": lambda row: (-(row.known.downloaded_bytes or -1), row.known.pk),
    }
    return sorted(rows, key=keys[question.sort])


def _all_known(question: Question, me):
    return question.narrow(RemoteSession.objects.filter(last_seen_at__isnull=False), me=me)


def _slice_of_all(question: Question, me, start: int) -> list[Known]:
    """By their keys first, which an index alone gives: a page far down costs little more than the first."""
    found = _all_known(question, me).order_by(*ORDERS[question.sort]).values_list("pk", flat=True)
    keys = list(found[start : start + question.size])
    by_key = {known.pk: known for known in _known(RemoteSession.objects.filter(pk__in=keys))}
    return [by_key[key] for key in keys if key in by_key]
