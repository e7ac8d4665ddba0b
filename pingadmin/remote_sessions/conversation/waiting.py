"""Whether a session waits for an answer: one verdict for the board, the page and notifications.

Pure: makes no query.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from pingadmin import upstream
from pingadmin.remote_sessions.display.paused import PausedValue, PausedVerdict
from pingadmin.remote_sessions.models import AgentTask, RemoteSession

WAITING_STATE = "waiting_for_input"
# In these a session has no task, whatever its messages said before. A finished one gets another
# only by a message.
OVER_STATES = ("finished", "completed", "error", "terminated")


@dataclass(frozen=True, slots=True)
class WaitingVerdict:
    """since: when it was first seen waiting, None where that is not known.

    is_doubted: whether the newest report of it is so old that somebody may have answered.
    """

    is_waiting: bool
    since: datetime | None = None
    is_doubted: bool = False


NOT_WAITING = WaitingVerdict(is_waiting=False)


def judge_waiting(
    session: RemoteSession,
    *,
    paused: PausedVerdict,
    waiting_since: datetime | None,
    answered_at: datetime | None,
    now: datetime,
) -> WaitingVerdict:
    """The verdict on a session. waiting_since, answered_at: of its AgentTask, None without one.

    A session's own state says less than its messages: it may stay "running" while an agent waits.
    The newer of the two is believed. Somebody must resume a paused session, whatever it asks.
    """
    seen_at = session.last_seen_at
    is_seen_last = answered_at is None or (seen_at is not None and seen_at >= answered_at)
    if paused.value == PausedValue.YES or session.state == "paused":
        return NOT_WAITING
    # Nobody can answer where the system knows no such session, or where nobody can ask it.
    if session.failure == "not_found" or session.alias not in upstream.aliases():
        return NOT_WAITING
    if session.state in OVER_STATES and is_seen_last:
        return NOT_WAITING
    is_waiting_state = session.state == WAITING_STATE and is_seen_last
    if waiting_since is None and not is_waiting_state:
        return NOT_WAITING
    reported_at = seen_at if is_waiting_state else answered_at
    oldest = now - timedelta(seconds=settings.STALE_AFTER_SECONDS)
    return WaitingVerdict(
        is_waiting=True,
        since=waiting_since,
        is_doubted=reported_at is None or reported_at < oldest,
    )


def judge_task(
    session: RemoteSession, task: AgentTask | None, *, paused: PausedVerdict, now: datetime
) -> WaitingVerdict:
    """The same of a session and what was last read of its task, None for nothing."""
    return judge_waiting(
        session,
        paused=paused,
        waiting_since=task.waiting_since if task else None,
        answered_at=task.answered_at if task else None,
        now=now,
    )
