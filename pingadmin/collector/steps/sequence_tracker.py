"""Watches the numbers of a stream's events: which never came, and whether numbering restarted.

Pure. Not every stream numbers its events one by one; a jump means that events are missing only
where ten came in a row before it.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime
from time import monotonic

from pingadmin.upstream.records import SessionEvent

IN_A_ROW = 10
# How long an overtaken event may still arrive before it counts as missing.
PATIENCE_SECONDS = 2.0
MAX_MISSING = 10_000
REMEMBERED_READS = 50


class SequenceTracker:
    """The numbers of one account's stream, over all its connections.

    lost: between which moments events were left out, at the latest jumps.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._highest: int | None = None
        self._in_a_row = 0
        # Missing number -> when the jump over it was seen.
        self._missing: dict[int, float] = {}
        self._newest_at: datetime | None = None
        self._before_newest_at: datetime | None = None
        self.lost: tuple[datetime, datetime] | None = None
        self._recent: deque[list[SessionEvent]] = deque(maxlen=REMEMBERED_READS)
        self._is_new_connection = True

    def connected(self) -> None:
        """A new connection: what was missed while there was none is no jump."""
        self._is_new_connection = True
        self._missing.clear()

    def observe(self, events: list[SessionEvent]) -> bool:
        """Takes note of the events of one read, in order.

        Returns whether numbering restarted: it fell back on a new connection, and what came is no
        repetition of what was sent before the break.
        """
        if not events or events[0].sequence is None:
            return False
        first = events[0].sequence
        has_restarted = self._has_restarted(events[0])
        has_skipped = self._is_new_connection and (self._highest is None or first > self._highest)
        if has_restarted or has_skipped:
            # As if the number before had just come, so that this read begins with no jump.
            self._highest = first - 1
            self._in_a_row = 0
        self._is_new_connection = False
        self._recent.append(events)
        if self._is_contiguous(events):
            self._in_a_row += len(events)
            self._highest = events[-1].sequence
            self._note_time(events[-1].received_at)
        else:
            for event in events:
                self._follow(event.sequence, event.received_at)
        return has_restarted

    def take_missing(self) -> bool:
        """Returns, once, that events are missing which will not come any more."""
        overdue = self._clock() - PATIENCE_SECONDS
        is_overdue = any(since < overdue for since in self._missing.values())
        if len(self._missing) < MAX_MISSING and not is_overdue:
            return False
        self._missing.clear()
        return True

    def _has_restarted(self, first: SessionEvent) -> bool:
        if not self._is_new_connection or self._highest is None or first.sequence is None:
            return False
        is_lower = first.sequence <= self._highest
        return is_lower and not any(
            _is_same(first, other) for events in self._recent for other in events
        )

    def _is_contiguous(self, events: list[SessionEvent]) -> bool:
        # The usual case costs one comparison for a whole read instead of one for each event.
        first, last = events[0].sequence, events[-1].sequence
        if first is None or last is None or self._highest is None or self._missing:
            return False
        return first == self._highest + 1 and last - first == len(events) - 1

    def _follow(self, sequence: int | None, received_at: datetime) -> None:
        if sequence is None:
            return
        if self._highest is None or sequence <= self._highest:
            self._missing.pop(sequence, None)
            return
        if sequence == self._highest + 1:
            self._in_a_row += 1
        elif self._in_a_row >= IN_A_ROW:
            self._note_jump(self._highest + 1, sequence, received_at)
        else:
            self._in_a_row = 0
        self._highest = sequence
        self._note_time(received_at)

    def _note_jump(self, first_missing: int, sequence: int, received_at: datetime) -> None:
        began_at = self.lost[0] if self._missing and self.lost else self._time_before(received_at)
        self.lost = (began_at, received_at)
        # A huge jump is told at once and must not fill the memory.
        end = min(sequence, first_missing + MAX_MISSING)
        self._missing |= dict.fromkeys(range(first_missing, end), self._clock())

    def _note_time(self, at: datetime) -> None:
        if at != self._newest_at:
            self._before_newest_at, self._newest_at = self._newest_at, at

    def _time_before(self, at: datetime) -> datetime:
        """When an event last came before that moment.

        All events of one read share a moment, and a gap of no length would never be told.
        """
        if self._newest_at == at:
            return self._before_newest_at or at
        return self._newest_at or at


def _is_same(one: SessionEvent, other: SessionEvent) -> bool:
    return (one.sequence, one.session_id, one.kind, one.duration_seconds, one.uploaded_bytes) == (
        other.sequence, other.session_id, other.kind, other.duration_seconds, other.uploaded_bytes,
    )  # fmt: skip
