"""A storm on the event stream: very many sessions that start and then beat, as fast as the reader
takes it.

Its sessions answer to a look-up as well, and their counters follow from how often each has beaten:
after the storm every number can be checked at the other end.
"""

import threading
import time

from pingadmin.demo.simulator.stream import Chunk, EventStream

EVENTS_PER_CHUNK = 250
CHUNKS_AHEAD = 16
BEAT_SECONDS = 30
UP_A_BEAT, DOWN_A_BEAT = 1_000_000, 9_000_000
FIRST_ID = 0x5700000000


class Storm:
    """One at a time, in a thread of its own; it waits for a reader, and for the slowest one, so
    that none loses any.
    """

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self.stop()

    def start(self, *, sessions: int, heartbeats: int, per_second: float | None = None) -> None:
        """Let so many sessions start, then all of them beat, round by round. Ends the storm before.

        Raises ValueError when a number makes no sense.
        """
        if (
            not 0 < sessions <= 1_000_000
            or heartbeats < 0
            or (per_second is not None and per_second <= 0)
        ):
            raise ValueError(
                "sessions is from 1 to 1,000,000, heartbeats is 0 or more, "
                "per_second is more than 0"
            )
        with self._stream.changed:
            self._begin(sessions, heartbeats)
            run = self._run
        threading.Thread(target=self._publish_all, args=[run, per_second], daemon=True).start()

    def stop(self) -> None:
        with self._stream.changed:
            self._begin(0, 0)

    def report(self) -> dict[str, int | bool]:
        """How many events are wanted and were made so far, and how the stream fared since its last
        reset.
        """
        with self._stream.changed:
            return {
                "sessions": self._sessions,
                "wanted": self._sessions * (self._heartbeats + 1),
                "made": self._made,
                "running": self._made < self._sessions * (self._heartbeats + 1),
                "stream_sent": self._stream.sent,
                "stream_lost": self._stream.lost,
                "readers": self._stream.readers,
            }

    def owns(self, session_id: str) -> bool:
        return self._index(session_id) is not None

    def describe(self, session_id: str) -> dict[str, str | int]:
        """The status of one of its sessions. Raises KeyError for any other id."""
        with self._stream.changed:
            index = self._index(session_id)
            if index is None:
                raise KeyError(session_id)
            events, rest = divmod(self._made, self._sessions)
            events += index < rest
            if not events:
                return {"client_id": _client(index), "status": "created"}
            counters = _counters(index, events - 1)
            return {"client_id": _client(index), "status": "connected", **counters}

    def _begin(self, sessions: int, heartbeats: int) -> None:
        self._sessions, self._heartbeats, self._made = sessions, heartbeats, 0
        self._run = object()
        self._stream.changed.notify_all()

    def _index(self, session_id: str) -> int | None:
        try:
            index = int(session_id.removeprefix("ses_"), 16) - FIRST_ID
        except ValueError:
            return None
        return index if 0 <= index < self._sessions and session_id == _name(index) else None

    def _publish_all(self, run: object, per_second: float | None) -> None:
        most = EVENTS_PER_CHUNK
        if per_second is not None:
            most = max(1, min(EVENTS_PER_CHUNK, int(per_second / 20)))
        began = None
        while self._publish_next(run, most):
            began = began or time.monotonic()
            if per_second is not None:
                time.sleep(max(0.0, began + self._made / per_second - time.monotonic()))

    def _publish_next(self, run: object, most: int) -> bool:
        stream = self._stream
        with stream.changed:
            stream.changed.wait_for(
                lambda: self._run is not run or (stream.readers and stream.lag < CHUNKS_AHEAD)
            )
            beat, index = divmod(self._made, self._sessions or 1)
            if self._run is not run or beat > self._heartbeats:
                return False
            stop = min(index + most, self._sessions)
            data = b"".join(_event(beat, i, stream.next_id + i - index) for i in range(index, stop))
            stream.next_id += stop - index
            self._made += stop - index
            stream.append(Chunk(data, events=stop - index))
            return True


def _event(beat: int, index: int, event_id: int) -> bytes:
    counters = _counters(index, beat)
    event_type = b"session_heartbeat" if beat else b"session_start"
    return (
        b'id: %d\ndata: {"session_id": "ses_%010x", "client_id": "storm-%d", "event_type": "%s", '
        b'"duration": %d, "uploaded_bytes": %d, "downloaded_bytes": %d}\n\n'
    ) % (
        event_id,
        FIRST_ID + index,
        index,
        event_type,
        counters["duration"],
        counters["uploaded_bytes"],
        counters["downloaded_bytes"],
    )


def _counters(index: int, beats: int) -> dict[str, int]:
    return {
        "duration": BEAT_SECONDS * beats,
        "uploaded_bytes": (UP_A_BEAT + index) * beats,
        "downloaded_bytes": (DOWN_A_BEAT + index) * beats,
    }


def _name(index: int) -> str:
    return f"ses_{FIRST_ID + index:010x}"


def _client(index: int) -> str:
    return f"storm-{index}"
