"""The one clock by which leases begin and run out, whatever a machine's own clock does.

A lease is given by one process and judged by another, perhaps on another machine. On PostgreSQL
both ask the server. SQLite has no clock but the machine's: there a process goes on counting from
what the clock said before it jumped, until the jump has lasted longer than any lease.
"""

import threading
from datetime import UTC, datetime, timedelta
from time import monotonic

from django.db import connection
from django.utils import timezone

# Smaller differences are a clock that is being corrected.
JUMP = timedelta(seconds=2)
# Longer than a lease: whoever holds one when the clock jumps has ended by then.
HOLD_SECONDS = 600.0


def now() -> datetime:
    """The time for leases. Raises django.db.Error where the server can't be asked."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
            return moment.astimezone(UTC)
    return _clock.now()


class SteadyClock:
    """The machine's clock without its jumps, each of which is believed after HOLD_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at, self._said = monotonic(), timezone.now()
        self._jumped_at: float | None = None

    def now(self) -> datetime:
        with self._lock:
            read_at, says = monotonic(), timezone.now()
            expected = self._said + timedelta(seconds=read_at - self._read_at)
            if abs(says - expected) > JUMP:
                if self._jumped_at is None:
                    self._jumped_at = read_at
                if read_at - self._jumped_at < HOLD_SECONDS:
                    return expected
            self._read_at, self._said, self._jumped_at = read_at, says, None
            return says


_clock = SteadyClock()
