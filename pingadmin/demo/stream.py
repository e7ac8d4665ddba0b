"""The event stream of all Ping sessions: encoded once, read by any number of readers at their own pace.

What can go wrong on it is in stream_faults.py.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from pingadmin.demo import stream_faults

PIECES_KEPT = 20_000


@dataclass(frozen=True)
class Piece:
    """Bytes that are written at once. events: how many of them it holds. seconds: of silence before it.

    closes: the connection is dropped behind it.
    """

    data: bytes
    events: int = 0
    seconds: float = 0
    closes: bool = False


class EventStream:
    """Give it the world's condition, which guards it. made, sent and lost count events.

    sent: written to a connection, added up over the readers. lost: cut off before a reader that lagged too far
    behind. waiting: the faults that the next events will meet.
    """

    def __init__(self, changed: threading.Condition):
        self.changed = changed
        self.next_id = 0
        self._pieces, self._first = [], 0
        self._places: dict[object, int] = {}
        self._generation = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was made, counted and switched on. Readers stay, and go on from here; so do the ids."""
        with self.changed:
            self._cut(len(self._pieces))
            self.made = self.sent = self.lost = 0
            self.waiting: list[dict] = []
            self._held_back = []
            self._generation += 1
            self.changed.notify_all()

    @property
    def readers(self) -> int:
        return len(self._places)

    @property
    def lag(self) -> int:
        """How many pieces the slowest reader has before it."""
        return max((self._end - place for place in self._places.values()), default=0)

    def tell(self, event: dict) -> None:
        """Put one event on the stream; the first fault that waits for one happens to it."""
        with self.changed:
            fault = self.waiting.pop(0) if self.waiting else {}
            self.next_id += fault.get("count", 100) if fault.get("fault") == "jump" else 0
            data = b"id: %d\ndata: %s\n\n" % (self.next_id, json.dumps(event).encode())
            self.next_id += 1
            if fault.get("fault") == "disorder":
                self._held_back.append(data)
                return
            for one in [*stream_faults.spoiled(fault, data), *self._held_back]:
                self.put(Piece(one, events=1))
            self._held_back.clear()

    def put(self, piece: Piece) -> None:
        with self.changed:
            self._pieces.append(piece)
            self.made += piece.events
            if len(self._pieces) > PIECES_KEPT:
                self._cut(PIECES_KEPT // 2)
            self.changed.notify_all()

    def add_faults(self, wishes: list[dict]) -> None:
        """Raises ValueError or TypeError when one of them is no fault; then none of them is added."""
        for wish in wishes:
            stream_faults.check(wish)
        with self.changed:
            for wish in wishes:
                if wish["fault"] in stream_faults.MEETS_AN_EVENT:
                    self.waiting += [wish] * wish.get("times", 1)
                else:
                    self.put(Piece(**stream_faults.at_once(wish)))

    def read(self, wait: float) -> Iterator[bytes]:
        """What one connection gets, from the first piece that is asked for; comments after `wait` silent seconds."""
        reader = object()
        with self.changed:
            self._places[reader] = self._end
        try:
            yield b": stream begins\n\n"
            while True:
                piece = self._next(reader, wait)
                if piece is None:
                    yield b": nothing new\n\n"
                    continue
                self._be_silent(piece.seconds)
                yield piece.data
                if piece.closes:
                    return
                self._was_sent(reader, piece)
        finally:
            with self.changed:
                del self._places[reader]
                self.changed.notify_all()

    @property
    def _end(self):
        return self._first + len(self._pieces)

    def _next(self, reader, wait):
        with self.changed:
            if not self.changed.wait_for(lambda: self._places[reader] < self._end, timeout=wait):
                return None
            piece = self._pieces[self._places[reader] - self._first]
            self._places[reader] += 1
            return piece

    def _was_sent(self, reader, piece):
        with self.changed:
            self.sent += piece.events
            self.changed.notify_all()

    def _be_silent(self, seconds):
        with self.changed:
            generation = self._generation
            self.changed.wait_for(lambda: self._generation != generation, timeout=seconds)

    def _cut(self, count):
        for reader, place in self._places.items():
            self.lost += sum(
                piece.events for piece in self._pieces[max(place - self._first, 0) : count]
            )
            self._places[reader] = max(place, self._first + count)
        del self._pieces[:count]
        self._first += count
