"""What was received of one account and is not written yet. Bounded, ordered, shared by threads.

When events come faster than they are written, older events of a session give way to its newer
ones: history then has a gap, which is told, but the newest state of no session is lost. Nothing
here knows a database.
"""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionEvent, SessionRecord

TOO_MANY = "more events came than could be written"
# From this many waiting events on, the reader has to wait for the writer, and so has the upstream.
# It never waits long: a stream that is not read at all would be taken for silent.
BACKPRESSURE_FROM, BACKPRESSURE_SECONDS = 8000, 1.0


@dataclass(frozen=True)
class CoverageMark:
    """Says that watching went on at a moment, or (why_ended: half a sentence) ended there.

    since: from when on it went on, where that is known.
    """

    at: datetime
    why_ended: str = ""
    since: datetime | None = None


@dataclass
class Batch:
    """What is written next. restarts_numbering: forget the numbers of all events before it."""

    restarts_numbering: bool = False
    events: list[SessionEvent] = field(default_factory=list)
    answers: list[tuple[str, SessionRecord]] = field(default_factory=list)
    failures: list[tuple[str, UpstreamError]] = field(default_factory=list)
    marks: list[CoverageMark] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.restarts_numbering or self.events or self.answers or self.failures or self.marks
        )


class Inbox:
    """The queue between those who receive and the one who writes.

    capacity: events that wait before older ones give way. dropped: how many gave way.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = self._compact_at = capacity
        self._changed = threading.Condition()
        # None in between: from there on the numbering begins anew.
        self._events: deque[SessionEvent | None] = deque()
        self._answers: list[tuple[str, SessionRecord]] = []
        self._failures: list[tuple[str, UpstreamError]] = []
        self._marks: list[CoverageMark] = []
        self._oldest_at = 0.0
        self.dropped = 0

    def put_events(self, events: list[SessionEvent]) -> None:
        """Adds events; waits for a moment where many wait already."""
        with self._changed:
            self._changed.wait_for(
                lambda: len(self._events) < BACKPRESSURE_FROM, BACKPRESSURE_SECONDS
            )
            self._start_waiting()
            self._events.extend(events)
            if len(self._events) > self._compact_at:
                self._compact()
            self._changed.notify_all()

    def put_answers(self, source: str, records: Iterable[SessionRecord]) -> None:
        """Adds answers to look-ups or a list. source: a value of the model's Source."""
        with self._changed:
            self._start_waiting()
            self._answers += [(source, record) for record in records]
            self._changed.notify_all()

    def put_failure(self, session_id: str, error: UpstreamError) -> None:
        """Adds that a look-up of one session failed."""
        with self._changed:
            self._start_waiting()
            self._failures.append((session_id, error))
            self._changed.notify_all()

    def restart_numbering(self) -> None:
        """Says that events added from now on are numbered anew."""
        with self._changed:
            self._events.append(None)

    def mark_coverage(
        self, at: datetime, why_ended: str = "", *, since: datetime | None = None
    ) -> None:
        """Adds a mark. Of consecutive marks that only go on, the first and the last are kept."""
        with self._changed:
            going_on = [mark for mark in self._marks[-2:] if not mark.why_ended]
            if not why_ended and len(going_on) == 2:
                since = self._marks.pop().since or since
            self._marks.append(CoverageMark(at, why_ended, since))

    def take(
        self, max_events: int, wait_seconds: float, stop: threading.Event | None = None
    ) -> Batch:
        """Takes what waits: at once for a full batch, else `wait_seconds` after its first part."""
        with self._changed:
            gives_up_at = monotonic() + wait_seconds
            while len(self._events) < max_events and not (stop and stop.is_set()):
                due_at = self._oldest_at + wait_seconds if self._oldest_at else gives_up_at
                left = due_at - monotonic()
                if left <= 0:
                    break
                self._changed.wait(left)
            batch = Batch(answers=self._answers, failures=self._failures, marks=self._marks)
            self._answers, self._failures, self._marks = [], [], []
            self._move_events(batch, max_events)
            self._oldest_at = monotonic() if self._events else 0.0
            self._changed.notify_all()
            return batch

    def put_back(self, batch: Batch) -> None:
        """Returns a batch that could not be written: it comes first again."""
        with self._changed:
            self._events.extendleft(reversed(batch.events))
            if batch.restarts_numbering:
                self._events.appendleft(None)
            self._answers = batch.answers + self._answers
            self._failures = batch.failures + self._failures
            self._marks = batch.marks + self._marks
            self._oldest_at = monotonic()
            if len(self._events) > self._compact_at:
                self._compact()

    def wake(self) -> None:
        """Lets a waiting take() look at its `stop`."""
        with self._changed:
            self._changed.notify_all()

    def _start_waiting(self) -> None:
        self._oldest_at = self._oldest_at or monotonic()

    def _move_events(self, batch: Batch, max_events: int) -> None:
        if self._events and self._events[0] is None:
            self._events.popleft()
            batch.restarts_numbering = True
        while self._events and len(batch.events) < max_events:
            event = self._events[0]
            if event is None:
                break
            batch.events.append(event)
            self._events.popleft()
        if len(self._events) < self._capacity:
            self._compact_at = self._capacity

    def _compact(self) -> None:
        """Keeps the newest event of each session.

        Where that does not help, because each session has one, it tries again at twice as many.
        """
        kept: deque[SessionEvent | None] = deque()
        kept_sessions: set[str | None] = set()
        first_dropped: datetime | None = None
        newest: SessionEvent | None = None
        for event in reversed(self._events):
            newest = newest or event
            if event is None or event.session_id not in kept_sessions:
                kept.appendleft(event)
                kept_sessions.add(event.session_id if event else None)
            else:
                # Newest first, so that this is the oldest one in the end.
                first_dropped = event.received_at
                self.dropped += 1
        if first_dropped and newest:
            self._marks += [CoverageMark(first_dropped, TOO_MANY), CoverageMark(newest.received_at)]
        self._events = kept
        self._compact_at = max(self._capacity, 2 * len(kept))
