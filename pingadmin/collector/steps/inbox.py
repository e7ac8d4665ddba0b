"""What was heard of one account and is not written yet: bounded, in order, shared by threads. Knows no database.

When events come faster than they are written, older events of a session give way to its newer ones: history then has
a gap, which is said, but the newest state of no session is ever lost.
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
# From so many events on whoever reads has to wait for the writer, and the upstream with it; but not for long.
EASE_FROM, EASE_SECONDS = 8000, 1.0


@dataclass(frozen=True)
class Mark:
    """Says of the watching that it lasted at a moment, or (why: half a sentence) that it ended there.

    since: from when on it lasted, where that is known.
    """

    at: datetime
    why: str = ""
    since: datetime | None = None


@dataclass
class Batch:
    """What is to be written next. numbers_anew: first forget the numbers of all events before."""

    numbers_anew: bool = False
    events: list[SessionEvent] = field(default_factory=list)
    answers: list[tuple[str, SessionRecord]] = field(default_factory=list)
    failures: list[tuple[str, UpstreamError]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def __bool__(self):
        return bool(self.numbers_anew or self.events or self.answers or self.failures or self.marks)


class Inbox:
    """most: events that wait before older ones give way. dropped: how many did."""

    def __init__(self, most: int):
        self._most = self._compact_at = most
        self._changed = threading.Condition()
        self._events: deque[SessionEvent | None] = (
            deque()
        )  # None: from here on the numbers begin anew
        self._answers: list[tuple[str, SessionRecord]] = []
        self._failures: list[tuple[str, UpstreamError]] = []
        self._marks: list[Mark] = []
        self._oldest = 0.0
        self.dropped = 0

    def hear(self, events: list[SessionEvent]) -> None:
        """Waits for a moment where many wait already."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._events) < EASE_FROM, EASE_SECONDS)
            self._is_waiting_since()
            self._events.extend(events)
            if len(self._events) > self._compact_at:
                self._compact()
            self._changed.notify_all()

    def answer(self, source: str, records: Iterable[SessionRecord]) -> None:
        with self._changed:
            self._is_waiting_since()
            self._answers += [(source, record) for record in records]
            self._changed.notify_all()

    def fail(self, session_id: str, error: UpstreamError) -> None:
        with self._changed:
            self._is_waiting_since()
            self._failures.append((session_id, error))
            self._changed.notify_all()

    def numbers_anew(self) -> None:
        with self._changed:
            self._events.append(None)

    def mark(self, at: datetime, why: str = "", *, since: datetime | None = None) -> None:
        """Of marks that follow each other and say that it lasted, the first and the last are kept."""
        with self._changed:
            lasting = [mark for mark in self._marks[-2:] if not mark.why]
            if not why and len(lasting) == 2:
                since = self._marks.pop().since or since
            self._marks.append(Mark(at, why, since))

    def take(self, most: int, wait_seconds: float, stop: threading.Event | None = None) -> Batch:
        """What waits, at most `wait_seconds` after the first of it came; at once where there are `most` events."""
        with self._changed:
            ends = monotonic() + wait_seconds
            while (
                len(self._events) < most
                and (left := self._due_at(ends, wait_seconds) - monotonic()) > 0
            ):
                if stop is not None and stop.is_set():
                    break
                self._changed.wait(left)
            batch = Batch(answers=self._answers, failures=self._failures, marks=self._marks)
            self._answers, self._failures, self._marks = [], [], []
            self._take_events(batch, most)
            self._oldest = monotonic() if self._events else 0.0
            self._changed.notify_all()
            return batch

    def put_back(self, batch: Batch) -> None:
        """It could not be written: it comes first again."""
        with self._changed:
            self._events.extendleft(reversed(batch.events))
            if batch.numbers_anew:
                self._events.appendleft(None)
            self._answers = batch.answers + self._answers
            self._failures = batch.failures + self._failures
            self._marks = batch.marks + self._marks
            self._oldest = monotonic()
            if len(self._events) > self._compact_at:
                self._compact()

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _is_waiting_since(self):
        self._oldest = self._oldest or monotonic()

    def _due_at(self, ends, wait_seconds):
        return self._oldest + wait_seconds if self._oldest else ends

    def _take_events(self, batch, most):
        if self._events and self._events[0] is None:
            self._events.popleft()
            batch.numbers_anew = True
        while self._events and len(batch.events) < most and self._events[0] is not None:
            batch.events.append(self._events.popleft())
        if len(self._events) < self._most:
            self._compact_at = self._most

    def _compact(self):
        """Keep of each session the newest event. Where that does not help, try again at twice as many."""
        kept, held, first_dropped, newest = deque(), set(), None, None
        for event in reversed(self._events):
            newest = newest or event
            if event is None or event.session_id not in held:
                kept.appendleft(event)
                held.add(event and event.session_id)
            else:
                first_dropped = event.received_at
                self.dropped += 1
        if first_dropped:
            self._marks += [Mark(first_dropped, TOO_MANY), Mark(newest.received_at)]
        self._events = kept
        self._compact_at = max(self._most, 2 * len(kept))
