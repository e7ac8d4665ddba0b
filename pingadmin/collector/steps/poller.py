"""Step: ask one by one about the sessions that matter and were not heard of for a while.

These are the ones that the team watches, those with a resume whose outcome is open, and those that are open; watched
ones first, then by how long nothing was heard. An account is asked within its budget (pacing.py), not at all while its
circuit is open, and later where it asked us to wait.
"""

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import monotonic

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedState
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.pacing import Pacing
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.errors import UpstreamError

OPEN_STATES = ["created", "connected", "initializing", "ready", "running"]
LOADED_LEAST, LOADED_MOST = 500, 5000
LOAD_SECONDS = 1.0
REST_SECONDS = 0.05
PAUSES = {"rate_limited": 30, "refused_key": 60}
PAUSE_MOST_SECONDS = 3600
# We gave up before the upstream was asked.
NOT_ASKED = {"busy", "circuit_open"}
INFRASTRUCTURE = {"unreachable", "tls", "timed_out", "broken_off", "server_error"}


class Poller:
    """Of one account. `threads`, a ThreadPoolExecutor, makes the calls."""

    def __init__(self, api, inbox: Inbox, feed: FeedState, threads: ThreadPoolExecutor):
        self._api, self._inbox, self._feed, self._threads = api, inbox, feed, threads
        self._pacing = Pacing(settings.COLLECT_POLLS_A_SECOND)
        # Enough for the budget until the next time.
        self._load_most = round(
            min(LOADED_MOST, max(LOADED_LEAST, 2 * LOAD_SECONDS * settings.COLLECT_POLLS_A_SECOND))
        )
        self._waiting: deque[str] = deque()
        self._soon: deque[str] = deque()
        self._asked: dict[str, float] = {}
        self._lock = threading.Lock()
        self._under_way = 0
        self._load_at = 0.0
        self._resync_at: datetime | None = None

    def resync(self, at: datetime) -> None:
        """Whatever was not heard of since that moment is due."""
        self._resync_at = at
        with self._lock:
            self._asked.clear()

    def ask_soon(self, session_ids: set[str]) -> None:
        """Ask about these first: what was heard of them cannot be taken without."""
        self._soon.extend(session_ids)

    def step(self) -> bool:
        """Find out who is due, when nobody waits any more, and send what may go. Then it rests."""
        if not self._waiting and monotonic() >= self._load_at:
            self._load()
        self.send_next()
        return False

    def send_next(self) -> None:
        """Send as many calls as may go. Each that ends lets the next one go, so that no thread waits for the loop."""
        if self._is_left_alone():
            return
        with self._lock:
            free = settings.COLLECT_POLLS_AT_ONCE - self._under_way
            number = self._pacing.take(max(0, min(free, len(self._soon) + len(self._waiting))))
            chosen = [
                self._soon.popleft() if self._soon else self._waiting.popleft()
                for _ in range(number)
            ]
            self._under_way += number
            self._asked |= dict.fromkeys(chosen, monotonic())
        for session_id in chosen:
            self._threads.submit(self._ask, session_id)

    def is_idle(self) -> bool:
        """Whether no call is under way, and none waits that could go."""
        can_go = not self._is_left_alone() and (self._waiting or self._soon)
        return not (can_go or self._under_way)

    def rest_seconds(self) -> float:
        return REST_SECONDS

    def _is_left_alone(self) -> bool:
        """Whether the circuit lets nobody through. After that time one of us has to try, or it stays open for ever."""
        circuit = self._api.circuit_state()
        return circuit.status == "open" and circuit.opens_in_seconds > 0

    def _ask(self, session_id: str) -> None:
        try:
            self._inbox.answer("poll", [self._api.look_up(session_id)])
            self._feed.count(polls=1)
        except UpstreamError as error:
            self._failed(session_id, error)
        finally:
            with self._lock:
                self._under_way -= 1
            self.send_next()

    def _failed(self, session_id: str, error: UpstreamError) -> None:
        if error.kind in NOT_ASKED:
            with self._lock:
                self._asked.pop(session_id, None)
            return
        self._feed.count(polls=1, polls_failed=1)
        self._inbox.fail(session_id, error)
        if error.kind in PAUSES:
            self._pacing.pause(min(error.retry_after or PAUSES[error.kind], PAUSE_MOST_SECONDS))
        elif error.kind in INFRASTRUCTURE:
            self._pacing.pause(1)

    def _load(self) -> None:
        self._load_at = monotonic() + LOAD_SECONDS
        after = settings.COLLECT_POLL_AFTER_SECONDS
        oldest = monotonic() - after
        with self._lock:
            self._asked = {each: at for each, at in self._asked.items() if at > oldest}
        self._waiting.extend(
            each for each in self._due(timezone.now(), after) if each not in self._asked
        )

    def _due(self, now: datetime, after: float) -> list[str]:
        before = now - timedelta(seconds=after)
        heard_before = max(before, self._resync_at) if self._resync_at else before
        rows = RemoteSession.objects.filter(
            Q(failed_at=None) | Q(failed_at__lt=before), alias=self._api.alias
        )
        unheard = rows.filter(Q(last_seen_at=None) | Q(last_seen_at__lt=heard_before))
        watched = unheard.filter(team__watched_since__isnull=False)
        unresolved = unheard.filter(attempts__result="unknown", attempts__resolved_at=None)
        # A session that the upstream does not know any more stays as it was last seen, and need not be asked for ever.
        open_ones = rows.filter(state__in=OPEN_STATES, last_seen_at__lt=heard_before).exclude(
            failure="not_found"
        )
        found = {}
        for each in (watched, unresolved, open_ones):
            oldest_first = each.order_by("last_seen_at").values_list("session_id", flat=True)
            found |= dict.fromkeys(oldest_first[: self._load_most + len(self._asked)])
        return list(found)
