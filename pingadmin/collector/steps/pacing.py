"""How often an upstream may be asked: a budget a second, less after it failed, nothing while it asked us to wait.

Pure. After a pause the budget begins at one call a second and doubles with each second, so that an upstream which comes
back is not met by everything that waited for it.
"""

import random
import threading
from collections.abc import Callable
from time import monotonic

# How much of a second's budget may go at once.
BURST = 0.1


class Pacing:
    """Shared by threads. a_second: calls in a second, at most."""

    def __init__(self, a_second: float, clock: Callable[[], float] = monotonic):
        self._most = a_second
        self._clock = clock
        self._lock = threading.Lock()
        self._rate = a_second
        self._saved = 1.0
        self._at = self._paused_until = clock()

    def take(self, most: int) -> int:
        """How many calls may go now, up to `most`; they count as made."""
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                return 0
            passed, self._at = now - self._at, now
            self._saved = min(self._saved + passed * self._rate, max(1.0, self._rate * BURST))
            self._rate = min(self._most, self._rate * 2 ** min(passed, 1))
            number = min(most, int(self._saved))
            self._saved -= number
            return number

    def pause(self, seconds: float) -> None:
        """Make no calls for so long, and a fifth of it longer at random; then begin slowly."""
        with self._lock:
            until = self._clock() + seconds * random.uniform(1, 1.2)  # noqa: S311 - spreads load, hides nothing
            self._paused_until = max(self._paused_until, until)
            self._at = max(self._at, self._paused_until)
            self._rate, self._saved = min(1.0, self._most), 0.0
