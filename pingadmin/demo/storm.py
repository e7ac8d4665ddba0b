"""A storm on the event stream: very many sessions that start and then beat, as fast as the reader takes it.

Its sessions answer to a look-up as well, and what they tell follows from how often each has beaten: after the
storm every number can be checked at the other end.
"""

import threading
import time

from pingadmin.demo.stream import EventStream, Piece

EVENTS_IN_PIECE = 250
PIECES_AHEAD = 16
BEAT_SECONDS = 30
UP_A_BEAT, DOWN_A_BEAT = 1_000_000, 9_000_000
FIRST_ID = 0x5700000000


class Storm:
    """One at a time, in a thread of its own; it waits for a reader, and for the slowest one, so that none loses any."""

    def __init__(self, stream: EventStream):
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
                "sessions is from 1 to 1,000,000, heartbeats is 0 or more, per_second is more than 0"
            )
        with self._stream.changed:
            self._begin(sessions, heartbeats)
            run = self._run
        threading.Thread(target=self._blow, args=[run, per_second], daemon=True).start()

    def stop(self) -> None:
        with self._stream.changed:
            self._begin(0, 0)

    def report(self) -> dict:
        """How many events are wanted and were made so far, and how the stream fared since its last reset."""
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

    def describe(self, session_id: str) -> dict:
        """What a look-up says of one of its sessions."""
        with self._stream.changed:
            index = self._index(session_id)
            told, rest = divmod(self._made, self._sessions)
            told += index < rest
            return {"client_id": _client(index), "status": "connected" if told else "created"} | (
                _counters(index, told - 1) if told else {}
            )

    def _begin(self, sessions, heartbeats):
        self._sessions, self._heartbeats, self._made = sessions, heartbeats, 0
        self._run = object()
        self._stream.changed.notify_all()

    def _index(self, session_id):
        try:
            index = int(session_id.removeprefix("ses_"), 16) - FIRST_ID
        except ValueError:
            return None
        return index if 0 <= index < self._sessions and session_id == _name(index) else None

    def _blow(self, run, per_second):
        most = (
            EVENTS_IN_PIECE
            if per_second is None
            else max(1, min(EVENTS_IN_PIECE, int(per_second / 20)))
        )
        began = None
        while self._put_next(run, most):
            began = began or time.monotonic()
            if per_second is not None:
                time.sleep(max(0.0, began + self._made / per_second - time.monotonic()))

    def _put_next(self, run, most):
        stream = self._stream
        with stream.changed:
            stream.changed.wait_for(
                lambda: self._run is not run or (stream.readers and stream.lag < PIECES_AHEAD)
            )
            beat, index = divmod(self._made, self._sessions or 1)
            if self._run is not run or beat > self._heartbeats:
                return False
            stop = min(index + most, self._sessions)
            data = b"".join(
                _event(beat, one, stream.next_id + one - index) for one in range(index, stop)
            )
            stream.next_id += stop - index
            self._made += stop - index
            stream.put(Piece(data, events=stop - index))
            return True


def _event(beat, index, event_id):
    kind = b"session_heartbeat" if beat else b"session_start"
    return (
        b'id: %d\ndata: {"session_id": "ses_%010x", "client_id": "storm-%d", "event_type": "%s", '
        b'"duration": %d, "uploaded_bytes": %d, "downloaded_bytes": %d}\n\n'
    ) % (event_id, FIRST_ID + index, index, kind, *_counters(index, beat).values())


def _counters(index, beats):
    return {
        "duration": BEAT_SECONDS * beats,
        "uploaded_bytes": (UP_A_BEAT + index) * beats,
        "downloaded_bytes": (DOWN_A_BEAT + index) * beats,
    }


def _name(index):
    return f"ses_{FIRST_ID + index:010x}"


def _client(index):
    return f"storm-{index}"
