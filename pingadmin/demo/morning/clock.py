"""The clock of the demo's morning: six hours pass in a second."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.utils import timezone


class MorningClock:
    """Stands still until it is moved on. Both the panel and the simulator go by it."""

    def __init__(self, length: timedelta) -> None:
        self.ends_at = timezone.now()
        self.now = self.ends_at - length

    def seconds(self) -> float:
        """For the simulator: seconds since the epoch."""
        return self.now.timestamp()

    @contextlib.contextmanager
    def rules(self) -> Iterator[None]:
        """The panel's one clock, `timezone.now`, shows this one's time, in this process alone."""
        true_clock = timezone.now

        def now() -> datetime:
            return self.now

        timezone.now = now
        try:
            yield
        finally:
            timezone.now = true_clock
