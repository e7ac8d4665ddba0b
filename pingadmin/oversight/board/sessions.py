"""What the board reads of a session, and what it shows of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, cast

from django.db import models
from django.db.models import QuerySet

from pingadmin.remote_sessions.conversation.waiting import (
    NOT_WAITING,
    WaitingVerdict,
    judge_waiting,
)
from pingadmin.remote_sessions.display.card import SessionCard, build_card
from pingadmin.remote_sessions.models import ObservationSource, RemoteSession
from pingadmin.resumes.models import Attempt

_SOURCE_LABELS = dict(ObservationSource.choices)


class BoardSession(NamedTuple):
    """A session as the board needs it, at a tenth of what a model instance costs.

    It has all that build_card() reads of a RemoteSession, what the team decided about it, and
    whether its agent waits.
    """

    pk: int
    alias: str
    session_id: str
    changed_at: datetime
    client_name: str = ""
    state: str = ""
    is_known_state: bool = True
    uploaded_bytes: int | None = None
    downloaded_bytes: int | None = None
    skew_seconds: float | None = None
    source: str = ""
    last_seen_at: datetime | None = None
    paused_reported: bool | None = None
    paused_reported_at: datetime | None = None
    paused_reported_source: str = ""
    paused_doubted_at: datetime | None = None
    paused_doubted_by: str = ""
    failure: str = ""
    failed_at: datetime | None = None
    failing_since: datetime | None = None
    failure_status: int | None = None
    watched_since: datetime | None = None
    assigned_to: int | None = None
    waiting_since: datetime | None = None
    task_answered_at: datetime | None = None

    def card(self, now: datetime) -> SessionCard:
        # build_card() reads attributes alone, and all that it reads is here.
        return build_card(cast(RemoteSession, self), now=now)

    def judge_waiting(self, card: SessionCard, now: datetime) -> WaitingVerdict:
        return judge_waiting(
            cast(RemoteSession, self),
            paused=card.paused,
            waiting_since=self.waiting_since,
            answered_at=self.task_answered_at,
            now=now,
        )

    def get_source_display(self) -> str:
        return _SOURCE_LABELS.get(self.source, self.source)

    def get_paused_reported_source_display(self) -> str:
        return _SOURCE_LABELS.get(self.paused_reported_source, self.paused_reported_source)


# What the team decided, and an agent's task, are in tables of their own; every other field is a
# column of the session.
_RELATED_FIELDS = {
    "watched_since": "team__watched_since",
    "assigned_to": "team__assigned_to",
    "waiting_since": "agent_task__waiting_since",
    "task_answered_at": "agent_task__answered_at",
}
_COLUMNS = [_RELATED_FIELDS.get(name, name) for name in BoardSession._fields]


def read_board_sessions(sessions: QuerySet[RemoteSession]) -> list[BoardSession]:
    """One query."""
    return [BoardSession._make(values) for values in sessions.values_list(*_COLUMNS)]


class BoardGroup(models.TextChoices):
    """Why a session is on the board, and the heading of those that share the reason.

    Their order is the order on the page.
    """

    UNKNOWN = "unknown", "Outcome unknown: check before anyone resumes again"
    WAITING = "waiting", "Waiting for an answer"
    PAUSED = "paused", "Paused"
    SCHEDULED = "scheduled", "Resume scheduled"
    FAILING = "failing", "Failing look-ups"
    STALE = "stale", "Stale: no update for a while"
    WATCHED = "watched", "Watched"


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A session on the board.

    group: one of BoardGroup, "" where the session belongs on no board but "All sessions".
    attempt: the newest on it that is under way, or unresolved. state_label: stands in for the
    state of a past moment at which none was known. waiting: whether its agent waits for an answer.
    resumes_at: for when its resume is scheduled, if it is.
    """

    session: BoardSession
    card: SessionCard
    group: str
    attempt: Attempt | None
    state_label: str = ""
    waiting: WaitingVerdict = NOT_WAITING
    resumes_at: datetime | None = None
