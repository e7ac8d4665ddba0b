"""Step: look up, one by one, the sessions that matter and were not observed for a while.

These are the ones that the team watches, those with an unresolved attempt, and those that are
open: watched ones first, then by how long nothing was observed. An account is asked within its
budget (pacing.py), not at all while its circuit is open, and later where it asked us to wait.
"""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.pacing import Pacing
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.isolation import CircuitStatus
from pingadmin.upstream.session_api import SessionAPI

MIN_LOADED, MAX_LOADED = 500, 5000
LOAD_SECONDS = 1.0
REST_SECONDS = 0.05
# How long a failure of that kind stops the polls, where the upstream named no time itself.
PAUSE_SECONDS = {"rate_limited": 30, "refused_key": 60}
MAX_PAUSE_SECONDS = 3600
# We gave up before the upstream was asked.
NOT_POLLED = {"busy", "circuit_open"}
INFRASTRUCTURE_FAILURES = {"unreachable", "tls", "timed_out", "broken_off", "server_error"}


def is_circuit_open(api: SessionAPI) -> bool:
    """Whether no poll may go now."""
    # Once its time has passed a poll has to probe, or the circuit would stay open for ever.
    circuit = api.circuit_state()
    return circuit.status == CircuitStatus.OPEN and circuit.opens_in_seconds > 0


def pause_after(pacing: Pacing, error: UpstreamError) -> None:
    """Lets an account's polls rest after a failure that says they should."""
    if error.kind in PAUSE_SECONDS:
        seconds = error.retry_after or PAUSE_SECONDS[error.kind]
        pacing.pause(min(seconds, MAX_PAUSE_SECONDS))
    elif error.kind in INFRASTRUCTURE_FAILURES:
        pacing.pause(1)


class Poller:
    """The polls of one account. threads: makes the calls. pacing: where others share the budget."""

    def __init__(
        self,
        api: SessionAPI,
        inbox: Inbox,
        feed: FeedStatusRecorder,
        threads: ThreadPoolExecutor,
        pacing: Pacing | None = None,
    ) -> None:
        self._api, self._inbox, self._feed, self._threads = api, inbox, feed, threads
        self._pacing = pacing or Pacing(settings.COLLECT_POLLS_A_SECOND)
        # Enough for the budget until the next load.
        wanted = 2 * LOAD_SECONDS * settings.COLLECT_POLLS_A_SECOND
        self._load_limit = round(min(MAX_LOADED, max(MIN_LOADED, wanted)))
        self._waiting: deque[str] = deque()
        self._urgent: deque[str] = deque()
        # Session id -> when it was asked (monotonic).
        self._polled_at: dict[str, float] = {}
        self._lock = threading.Lock()
        self._in_flight = 0
        self._next_load_at = 0.0
        self._resync_at: datetime | None = None

    def resync(self, at: datetime) -> None:
        """Makes everything due that was not observed since that moment."""
        self._resync_at = at
        with self._lock:
            self._polled_at.clear()

    def poll_soon(self, session_ids: set[str]) -> None:
        """Asks these first: what came of them cannot be interpreted without an answer."""
        self._urgent.extend(session_ids)

    def step(self) -> bool:
        """Loads what is due once nothing waits, and sends what may go. Returns False: rest."""
        if not self._waiting and monotonic() >= self._next_load_at:
            self._load()
        self.send_next()
        return False

    def send_next(self) -> None:
        """Sends as many calls as may go.

        Each call that ends lets the next one go, so that no thread waits for the loop.
        """
        if is_circuit_open(self._api):
            return
        with self._lock:
            free = settings.COLLECT_POLLS_AT_ONCE - self._in_flight
            wanted = min(free, len(self._urgent) + len(self._waiting))
            number = self._pacing.take(max(0, wanted))
            chosen = [
                self._urgent.popleft() if self._urgent else self._waiting.popleft()
                for _ in range(number)
            ]
            self._in_flight += number
            self._polled_at |= dict.fromkeys(chosen, monotonic())
        for session_id in chosen:
            self._threads.submit(self._look_up, session_id)

    def is_idle(self) -> bool:
        """Whether no call is in flight, and none waits that could go."""
        could_go = not is_circuit_open(self._api) and (self._waiting or self._urgent)
        return not (could_go or self._in_flight)

    def rest_seconds(self) -> float:
        return REST_SECONDS

    def _look_up(self, session_id: str) -> None:
        try:
            self._inbox.put_answers("poll", [self._api.look_up(session_id)])
            self._feed.count(polls=1)
        except UpstreamError as error:
            self._handle_failure(session_id, error)
        finally:
            with self._lock:
                self._in_flight -= 1
            self.send_next()

    def _handle_failure(self, session_id: str, error: UpstreamError) -> None:
        if error.kind in NOT_POLLED:
            # Due again at once, as if it had not been chosen.
            with self._lock:
                self._polled_at.pop(session_id, None)
            return
        self._feed.count(polls=1, polls_failed=1)
        self._inbox.put_failure(session_id, error)
        pause_after(self._pacing, error)

    def _load(self) -> None:
        self._next_load_at = monotonic() + LOAD_SECONDS
        after = settings.COLLECT_POLL_AFTER_SECONDS
        oldest = monotonic() - after
        with self._lock:
            self._polled_at = {
                session_id: at for session_id, at in self._polled_at.items() if at > oldest
            }
        due = self._due(timezone.now(), after)
        self._waiting.extend(session_id for session_id in due if session_id not in self._polled_at)

    def _due(self, now: datetime, after: float) -> list[str]:
        before = now - timedelta(seconds=after)
        seen_before = max(before, self._resync_at) if self._resync_at else before
        sessions = RemoteSession.objects.filter(
            Q(failed_at=None) | Q(failed_at__lt=before), alias=self._api.alias
        )
        not_seen = sessions.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=seen_before))
        watched = not_seen.filter(team__watched_since__isnull=False)
        unresolved = not_seen.filter(attempts__result="unknown", attempts__resolved_at=None)
        # A session that the upstream no longer knows stays as it was last seen: asking on is vain.
        open_sessions = sessions.open().filter(last_seen_at__lt=seen_before)
        open_sessions = open_sessions.exclude(failure="not_found")
        due: dict[str, None] = {}
        for query in (watched, unresolved, open_sessions):
            oldest_first = query.order_by("last_seen_at").values_list("session_id", flat=True)
            # Those that were polled lately are still due here; they must not fill the limit.
            due |= dict.fromkeys(oldest_first[: self._load_limit + len(self._polled_at)])
        return list(due)
