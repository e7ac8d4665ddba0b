"""How often an upstream may be asked: a budget a second, and nothing while it asked us to wait.

Pure. After a pause the budget starts at one call a second and doubles each second, so that an
upstream which comes back is not met by everything that waited for it.
"""

import random
import threading
from collections.abc import Callable
from time import monotonic

# The share of a second's budget that may go at once.
BURST = 0.1


class Pacing:
    """A token bucket. Shared by threads. calls_a_second: the most that may go in a second."""

    def __init__(self, calls_a_second: float, clock: Callable[[], float] = monotonic) -> None:
        self._max_rate = calls_a_second
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = calls_a_second
        self._tokens = 1.0
        self._updated_at = self._paused_until = clock()

    def take(self, wanted: int) -> int:
        """How many of the wanted calls may go now; they count as made."""
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                return 0
            passed, self._updated_at = now - self._updated_at, now
            bucket = max(1.0, self._rate * BURST)
            self._tokens = min(self._tokens + passed * self._rate, bucket)
            self._rate = min(self._max_rate, self._rate * 2 ** min(passed, 1))
            number = min(wanted, int(self._tokens))
            self._tokens -= number
            return number

    def pause(self, seconds: float) -> None:
        """Lets nothing go for this long, and up to a fifth longer at random; then starts slowly."""
        with self._lock:
            jitter = random.uniform(1, 1.2)  # noqa: S311 - spreads load, hides nothing
            self._paused_until = max(self._paused_until, self._clock() + seconds * jitter)
            # From the pause's end on, so that the pause itself saves up no calls.
            self._updated_at = max(self._updated_at, self._paused_until)
            self._rate, self._tokens = min(1.0, self._max_rate), 0.0
