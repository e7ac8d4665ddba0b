"""How often a person may look sessions up, counted for each window in the shared cache."""

import time

from django.conf import settings
from django.core.cache import cache


class LimitReached(Exception):
    """Too many in too short a time. retry_after: seconds until the window ends."""

    def __init__(self, *, limit: str, retry_after: int):
        super().__init__(limit)
        self.limit = limit
        self.retry_after = retry_after


def count_look_up(person_id: str) -> None:
    """Count one look-up. Raises LimitReached."""
    for allowed, seconds in settings.LOOKUP_LIMITS:
        now = time.time()
        window = int(now // seconds)
        key = f"look-ups:{person_id}:{seconds}:{window}"
        cache.add(key, 0, timeout=seconds)
        count = _increase(key, seconds)
        if count > allowed:
            raise LimitReached(
                limit=f"{allowed} look-ups in {seconds} s",
                retry_after=int((window + 1) * seconds - now) + 1,
            )


def _increase(key: str, seconds: int) -> int:
    try:
        return cache.incr(key)
    except ValueError:
        # The window ended between add and incr.
        cache.set(key, 1, timeout=seconds)
        return 1
