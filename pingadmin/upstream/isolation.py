"""Keeps one slow or broken upstream from slowing the whole panel: a bulkhead and a circuit breaker.

Both belong to one account in one process. Nothing here knows HTTP.
"""

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Literal

from django.db.models import TextChoices

from pingadmin.upstream.errors import UpstreamError

WINDOW_SECONDS = 30
MIN_WINDOW_CALLS = 10
# So that a busy poller does not fill the memory.
MAX_WINDOW_CALLS = 200


class CircuitStatus(TextChoices):
    """closed = calls pass, open = none does, probing = one call is trying."""

    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class CircuitState:
    """What a circuit breaker lets through.

    failures: infrastructure failures in a row. opens_in_seconds: until a probe may go, 0 when not
    open.
    """

    status: CircuitStatus
    failures: int
    opens_in_seconds: float


class Bulkhead:
    """Limits how many calls run at once: some slots for reads, and others that only writes take."""

    def __init__(self, *, read: int, write: int, wait_seconds: float):
        # Apart, so that reads that hang never keep a resume out.
        self._slots = {"read": threading.Semaphore(read), "write": threading.Semaphore(write)}
        self._wait_seconds = wait_seconds

    @contextmanager
    def hold(self, kind: Literal["read", "write"]) -> Iterator[None]:
        """Hold a slot inside the block. Raises UpstreamError("busy") when none is free in time."""
        if not self._slots[kind].acquire(timeout=self._wait_seconds):
            raise UpstreamError("busy", sent=False)
        try:
            yield
        finally:
            self._slots[kind].release()


class CircuitBreaker:
    """Stops asking an upstream that keeps failing, and lets one call try again after a while.

    It opens after `failures` in a row, or when half of at least 10 calls in 30 seconds failed.
    """

    def __init__(
        self, *, failures: int, open_seconds: float, clock: Callable[[], float] = monotonic
    ):
        self._max_failures = failures
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._opened_at: float | None = None
        self._is_probing = False
        self._failures_in_a_row = 0
        # (when a call ended, whether it failed)
        self._recent_calls: deque[tuple[float, bool]] = deque(maxlen=MAX_WINDOW_CALLS)

    def enter(self) -> bool:
        """Ask to call; True when this call is the one probe. leave() must follow either.

        Raises UpstreamError("circuit_open"), with the seconds until a probe may go.
        """
        with self._lock:
            if self._opened_at is None:
                return False
            left = self._opened_at + self._open_seconds - self._clock()
            if self._is_probing or left > 0:
                wait = max(1, math.ceil(left))
                raise UpstreamError("circuit_open", sent=False, retry_after=wait)
            self._is_probing = True
            return True

    def leave(self, *, probe: bool, failed: bool) -> None:
        """Record how a call ended. failed: the infrastructure did, not: the answer was a no."""
        with self._lock:
            if probe and failed:
                self._open()
            elif probe:
                self._close()
            # A call that began before the circuit opened says nothing that is not known.
            elif self._opened_at is None:
                self._record(failed)

    def state(self) -> CircuitState:
        """What the breaker lets through at present."""
        with self._lock:
            if self._opened_at is None:
                return CircuitState(CircuitStatus.CLOSED, self._failures_in_a_row, 0)
            if self._is_probing:
                return CircuitState(CircuitStatus.PROBING, self._failures_in_a_row, 0)
            left = self._opened_at + self._open_seconds - self._clock()
            return CircuitState(CircuitStatus.OPEN, self._failures_in_a_row, max(0, left))

    def _record(self, failed: bool) -> None:
        now = self._clock()
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed else 0
        self._recent_calls.append((now, failed))
        while self._recent_calls[0][0] < now - WINDOW_SECONDS:
            self._recent_calls.popleft()
        calls = len(self._recent_calls)
        failures = sum(failed for _, failed in self._recent_calls)
        is_half = calls >= MIN_WINDOW_CALLS and failures * 2 >= calls
        if failed and (is_half or self._failures_in_a_row >= self._max_failures):
            self._open()

    def _open(self) -> None:
        self._opened_at = self._clock()
        self._is_probing = False

    def _close(self) -> None:
        self._opened_at = None
        self._is_probing = False
        self._failures_in_a_row = 0
        self._recent_calls.clear()
