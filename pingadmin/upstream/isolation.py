"""Keeps one slow or broken upstream from taking the whole panel with it: slots, and a circuit breaker.

Both belong to one account in one process. Nothing here knows HTTP.
"""

import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Literal

from pingadmin.upstream.errors import UpstreamError

WINDOW_SECONDS = 30
WINDOW_LEAST = 10
WINDOW_MOST = 200  # outcomes remembered at most, so that a busy poller does not fill the memory


@dataclass(frozen=True, slots=True)
class CircuitState:
    """status: closed = calls pass, open = none does, probing = one call is trying.

    failures: infrastructure failures in a row. opens_in_seconds: until a probe may go, 0 when not open.
    """

    status: Literal["closed", "open", "probing"]
    failures: int
    opens_in_seconds: float


class Slots:
    """At most so many calls at once: some for reads, and others that only writes may take."""

    def __init__(self, *, read: int, write: int, wait_seconds: float):
        self._slots = {"read": threading.Semaphore(read), "write": threading.Semaphore(write)}
        self._wait_seconds = wait_seconds

    @contextmanager
    def hold(self, kind: Literal["read", "write"]):
        """Holds a slot inside the block. Raises UpstreamError("busy") when none is free in time."""
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

    def __init__(self, *, failures: int, open_seconds: float, clock=monotonic):
        self._most = failures
        self._open_seconds = open_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._close()

    def enter(self) -> bool:
        """Ask to call; True when this call is the one probe. Every True or False must be followed by leave().

        Raises UpstreamError("circuit_open").
        """
        with self._lock:
            if self._opened_at is None:
                return False
            if self._probing or self._clock() < self._opened_at + self._open_seconds:
                raise UpstreamError("circuit_open", sent=False)
            self._probing = True
            return True

    def leave(self, *, probe: bool, failed: bool) -> None:
        """Tell how the call ended. failed: the infrastructure failed, not: the answer displeased."""
        with self._lock:
            if probe:
                self._open() if failed else self._close()
            elif self._opened_at is None:
                self._count(failed)

    def state(self) -> CircuitState:
        with self._lock:
            if self._opened_at is None:
                return CircuitState("closed", self._in_a_row, 0)
            if self._probing:
                return CircuitState("probing", self._in_a_row, 0)
            left = self._opened_at + self._open_seconds - self._clock()
            return CircuitState("open", self._in_a_row, max(0, left))

    def _count(self, failed):
        now = self._clock()
        self._in_a_row = self._in_a_row + 1 if failed else 0
        self._recent.append((now, failed))
        while self._recent[0][0] < now - WINDOW_SECONDS:
            self._recent.popleft()
        failures = sum(failed for _, failed in self._recent)
        often = len(self._recent) >= WINDOW_LEAST and failures * 2 >= len(self._recent)
        if failed and (often or self._in_a_row >= self._most):
            self._open()

    def _open(self):
        self._opened_at = self._clock()
        self._probing = False

    def _close(self):
        self._opened_at = None
        self._probing = False
        self._in_a_row = 0
        self._recent = deque(maxlen=WINDOW_MOST)
