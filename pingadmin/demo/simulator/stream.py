"""The event stream of all Ping sessions: encoded once, read by any number of readers at their own
pace.

What can go wrong on it is in stream_faults.py.
"""

import json
import threading
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from pingadmin.demo.simulator import stream_faults

CHUNKS_KEPT = 20_000


@dataclass(frozen=True)
class Chunk:
    """Bytes that are written at once. events: how many of them it holds. silence_seconds: before
    it.

    closes: the connection is dropped behind it.
    """

    data: bytes
    events: int = 0
    silence_seconds: float = 0
    closes: bool = False


class EventStream:
    """Give it the world's condition, which guards it. made, sent and lost count events.

    sent: written to a connection, added up over the readers. lost: cut off before a reader that
    lagged too far behind. waiting: the faults that the next events will meet.
    """

    def __init__(self, changed: threading.Condition) -> None:
        self.changed = changed
        self.next_id = 0
        self._chunks: list[Chunk] = []
        self._first = 0
        self._positions: dict[object, int] = {}
        self._generation = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was made, counted and switched on. Readers stay, and go on from here; so do
        the ids.
        """
        with self.changed:
            self._drop_oldest(len(self._chunks))
            self.made = self.sent = self.lost = 0
            self.waiting: list[dict[str, Any]] = []
            self._delayed: list[bytes] = []
            self._generation += 1
            self.changed.notify_all()

    @property
    def readers(self) -> int:
        return len(self._positions)

    @property
    def lag(self) -> int:
        """How many chunks the slowest reader has before it."""
        return max((self._end - position for position in self._positions.values()), default=0)

    def publish(self, event: dict[str, Any]) -> None:
        """Put one event on the stream; the first fault that waits for one happens to it."""
        with self.changed:
            fault = self.waiting.pop(0) if self.waiting else {}
            self.next_id += fault.get("count", 100) if fault.get("fault") == "jump" else 0
            data = b"id: %d\ndata: %s\n\n" % (self.next_id, json.dumps(event).encode())
            self.next_id += 1
            if fault.get("fault") == "disorder":
                self._delayed.append(data)
                return
            for encoded in [*stream_faults.faulty_events(fault, data), *self._delayed]:
                self.append(Chunk(encoded, events=1))
            self._delayed.clear()

    def append(self, chunk: Chunk) -> None:
        with self.changed:
            self._chunks.append(chunk)
            self.made += chunk.events
            if len(self._chunks) > CHUNKS_KEPT:
                self._drop_oldest(CHUNKS_KEPT // 2)
            self.changed.notify_all()

    def add_faults(self, specs: list[dict[str, Any]]) -> None:
        """Raises ValueError or TypeError when one is no fault; then none of them is added."""
        for spec in specs:
            stream_faults.check(spec)
        with self.changed:
            for spec in specs:
                if spec["fault"] in stream_faults.EVENT_FAULTS:
                    self.waiting += [spec] * spec.get("times", 1)
                else:
                    self.append(Chunk(**stream_faults.immediate_chunk(spec)))

    def read(self, wait: float) -> Generator[bytes]:
        """What one connection gets, from the first chunk that is asked for; comments after `wait`
        silent seconds.
        """
        reader = object()
        with self.changed:
            self._positions[reader] = self._end
        try:
            yield b": stream begins\n\n"
            while True:
                chunk = self._next(reader, wait)
                if chunk is None:
                    yield b": nothing new\n\n"
                    continue
                self._wait_silently(chunk.silence_seconds)
                yield chunk.data
                if chunk.closes:
                    return
                self._record_sent(chunk)
        finally:
            with self.changed:
                del self._positions[reader]
                self.changed.notify_all()

    @property
    def _end(self) -> int:
        return self._first + len(self._chunks)

    def _next(self, reader: object, wait: float) -> Chunk | None:
        with self.changed:
            if not self.changed.wait_for(lambda: self._positions[reader] < self._end, timeout=wait):
                return None
            chunk = self._chunks[self._positions[reader] - self._first]
            self._positions[reader] += 1
            return chunk

    def _record_sent(self, chunk: Chunk) -> None:
        with self.changed:
            self.sent += chunk.events
            self.changed.notify_all()

    def _wait_silently(self, seconds: float) -> None:
        with self.changed:
            generation = self._generation
            self.changed.wait_for(lambda: self._generation != generation, timeout=seconds)

    def _drop_oldest(self, count: int) -> None:
        for reader, position in self._positions.items():
            self.lost += sum(
                chunk.events for chunk in self._chunks[max(position - self._first, 0) : count]
            )
            self._positions[reader] = max(position, self._first + count)
        del self._chunks[:count]
        self._first += count
