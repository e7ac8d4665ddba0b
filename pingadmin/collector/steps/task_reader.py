"""Step: read how the tasks of agents stand that somebody minds, to know which wait for an answer.

These are the sessions that the team watches, those that are open on somebody's page, and those that
are known to wait. The calls are polls like others: they share the account's budget with the poller,
and each asks for the messages since the last one alone. What the messages say is not kept.
"""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.pacing import Pacing
from pingadmin.collector.steps.poller import (
    LOAD_SECONDS,
    NOT_POLLED,
    REST_SECONDS,
    is_circuit_open,
    pause_after,
)
from pingadmin.oversight.models import Presence, TeamState
from pingadmin.remote_sessions.conversation.recording import (
    end_vain_waits,
    record_conversation,
    record_reading_failure,
)
from pingadmin.remote_sessions.conversation.waiting import OVER_STATES, WAITING_STATE
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.session_api import SessionAPI

READ_AFTER = timedelta(seconds=10)
MAX_LOADED = 500


class TaskReader:
    """The readings of one account, one at a time. fence: gives the transaction for each write."""

    def __init__(
        self,
        api: SessionAPI,
        feed: FeedStatusRecorder,
        pacing: Pacing,
        fence: Callable[[], AbstractContextManager[None]] = transaction.atomic,
    ) -> None:
        self._api, self._feed, self._pacing, self._fence = api, feed, pacing, fence
        self._due: deque[RemoteSession] = deque()
        self._next_load_at = 0.0

    def step(self) -> bool:
        """Reads the session that is due longest. Returns whether another one is due."""
        if not self._due and monotonic() >= self._next_load_at:
            self._next_load_at = monotonic() + LOAD_SECONDS
            with self._fence():
                end_vain_waits(self._api.alias)
            self._due.extend(find_due(self._api.alias, timezone.now()))
        if not self._due or is_circuit_open(self._api) or not self._pacing.take(1):
            return False
        self._read(self._due.popleft())
        return bool(self._due)

    def is_idle(self) -> bool:
        """Whether nothing is due that could be read."""
        return not self._due or is_circuit_open(self._api)

    def rest_seconds(self) -> float:
        return REST_SECONDS

    def _read(self, session: RemoteSession) -> None:
        after_id = (
            AgentTask.objects.filter(session=session).values_list("newest_id", flat=True).first()
        )
        try:
            conversation = self._api.read_conversation(session.session_id, after_id=after_id or 0)
        except UpstreamError as error:
            self._handle_failure(session, error)
            return
        self._feed.count(polls=1)
        with self._fence():
            record_conversation(session, conversation)

    def _handle_failure(self, session: RemoteSession, error: UpstreamError) -> None:
        if error.kind in NOT_POLLED:
            return
        self._feed.count(polls=1, polls_failed=1)
        with self._fence():
            record_reading_failure(session, error)
        pause_after(self._pacing, error)


def find_due(alias: str, now: datetime) -> list[RemoteSession]:
    """The sessions of an account that are to be read, those that nobody read for longest first."""
    wanted = (
        TeamState.objects.watched()
        .order_by()
        .values("pk")
        .union(
            Presence.objects.filter(lease_until__gt=now).order_by().values("session_id"),
            AgentTask.objects.waiting().order_by().values("pk"),
            RemoteSession.objects.filter(alias=alias, state=WAITING_STATE).order_by().values("pk"),
        )
    )
    before = now - READ_AFTER
    sessions = RemoteSession.objects.filter(
        Q(agent_task=None)
        | Q(agent_task__answered_at=None)
        | Q(agent_task__answered_at__lt=before),
        Q(agent_task=None) | Q(agent_task__failed_at=None) | Q(agent_task__failed_at__lt=before),
        alias=alias,
        pk__in=wanted,
    )
    # A session that the upstream no longer knows is not asked about again.
    open_sessions = sessions.exclude(state__in=OVER_STATES).exclude(failure="not_found")
    open_sessions = open_sessions.exclude(agent_task__failure="not_found")
    longest_ago_first = F("agent_task__answered_at").asc(nulls_first=True)
    return list(open_sessions.order_by(longest_ago_first, "pk")[:MAX_LOADED])
