"""Watches the numbers of a stream's events: whether some never came, and whether the numbers began anew. Pure.

Not every stream numbers its events one by one; only where ten came in a row does a jump mean that some are missing.
"""

from collections import deque
from datetime import datetime
from time import monotonic

from pingadmin.upstream.records import SessionEvent

IN_A_ROW = 10
# How long what was overtaken may stay away before it counts as missing.
PATIENCE_SECONDS = 2.0
MISSING_MOST = 10_000


class Numbering:
    """One account's stream, over all its connections."""

    def __init__(self, clock=monotonic):
        self._clock = clock
        self._highest: int | None = None
        self._in_a_row = 0
        self._missing: dict[int, float] = {}
        self._newest_at: datetime | None = None
        self._before_newest_at: datetime | None = None
        # Between which moments events were left out, at the latest jumps.
        self.lost: tuple[datetime, datetime] | None = None
        self._recent: deque[list[SessionEvent]] = deque(maxlen=50)
        self._is_new = True

    def connected(self) -> None:
        """A new connection: what was missed while there was none is no jump."""
        self._is_new = True
        self._missing.clear()

    def begins_anew(self, events: list[SessionEvent]) -> bool:
        """Take note of events. True: the numbers fell back on a new connection, and it is no repetition."""
        if not events or events[0].sequence is None:
            return False
        first, last = events[0].sequence, events[-1].sequence
        is_anew = (
            self._is_new
            and self._highest is not None
            and first <= self._highest
            and not self._repeats(events[0])
        )
        if is_anew or self._is_new and (self._highest is None or first > self._highest):
            self._highest = first - 1
            self._in_a_row = 0
        self._is_new = False
        self._recent.append(events)
        if first == self._highest + 1 and last - first == len(events) - 1 and not self._missing:
            self._in_a_row += len(events)
            self._highest = last
            self._heard(events[-1].received_at)
        else:
            for event in events:
                self._follow(event.sequence, event.received_at)
        return is_anew

    def lacks_some(self) -> bool:
        """Whether events are missing that will not come any more; says so once."""
        overdue = self._clock() - PATIENCE_SECONDS
        if len(self._missing) < MISSING_MOST and not any(
            since < overdue for since in self._missing.values()
        ):
            return False
        self._missing.clear()
        return True

    def _repeats(self, event: SessionEvent) -> bool:
        return any(_same(event, other) for events in self._recent for other in events)

    def _follow(self, sequence, received_at):
        if sequence is None or sequence <= self._highest:
            self._missing.pop(sequence, None)
            return
        if sequence == self._highest + 1:
            self._in_a_row += 1
        elif self._in_a_row >= IN_A_ROW:
            now = self._clock()
            begins = self.lost[0] if self._missing and self.lost else self._before(received_at)
            self.lost = (begins, received_at)
            until = min(sequence, self._highest + 1 + MISSING_MOST)
            self._missing |= dict.fromkeys(range(self._highest + 1, until), now)
        else:
            self._in_a_row = 0
        self._highest = sequence
        self._heard(received_at)

    def _heard(self, at):
        if at != self._newest_at:
            self._before_newest_at, self._newest_at = self._newest_at, at

    def _before(self, at):
        """When an event was last heard before that moment: what is read at once has one moment, and a gap of no length
        would not be told."""
        return self._before_newest_at or at if self._newest_at == at else self._newest_at


def _same(one: SessionEvent, other: SessionEvent) -> bool:
    return (one.sequence, one.session_id, one.kind, one.duration_seconds, one.uploaded_bytes) == (
        other.sequence, other.session_id, other.kind, other.duration_seconds, other.uploaded_bytes,
    )  # fmt: skip
