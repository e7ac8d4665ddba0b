"""Follows an event stream: bytes come in on a thread of their own, and whoever iterates gets what they say.

Reading and using are two threads so that silence, a slow sender and a slow user are each seen for what they are:
the user is given a look at its own affairs every second, and no byte waits in a buffer of a library.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from time import monotonic

from django.conf import settings

from pingadmin.http.deadline import Call
from pingadmin.http.wire import EVENT_STREAM, Stream
from pingadmin.upstream.answers import Answer, error_of, failure
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.event_stream import RawEvent, Splitter
from pingadmin.upstream.records import Heard, SessionEvent
from pingadmin.upstream.transport import Transport

TICK_SECONDS = 1.0
WAITING_BYTES = 250_000  # then the sender has to wait until somebody takes them
RETRY_SECONDS = (1, 60)

ReadEvent = Callable[[RawEvent, Answer], SessionEvent | None]


class EventStream:
    """One connection to an event stream, as a context manager that is iterated over once.

    after: the id of the event to go on after, "" for none. read_event: what an event says; None where its type is
    unknown, UpstreamError where it does not fit. Entering raises UpstreamError, and so does iterating.
    """

    def __init__(self, transport: Transport, path: str, after: str, read_event: ReadEvent):
        self._transport = transport
        self._path = path
        self._splitter = Splitter(after, strike_out=transport.without_key)
        self._read_event = read_event
        self._call = Call(
            monotonic() + settings.EVENT_STREAM_IDLE_SECONDS, settings.UPSTREAM_CONNECT_SECONDS
        )
        self._inbox = _Inbox()
        self._reader = None

    @property
    def retry_seconds(self) -> float | None:
        """How long the sender wants us to stay away after a break, from 1 to 60; None where it did not say."""
        wish = self._splitter.retry_ms
        return None if wish is None else min(max(wish / 1000, RETRY_SECONDS[0]), RETRY_SECONDS[1])

    def __enter__(self) -> "EventStream":
        try:
            stream = self._connect()
        except UpstreamError:
            if self._inbox.closed:
                return self
            raise
        self._reader = threading.Thread(
            target=self._read, args=[stream], name="upstream-stream", daemon=True
        )
        self._reader.start()
        return self

    def __exit__(self, *exc) -> None:
        self.close()
        if self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[Heard]:
        """What was heard, at once; an empty one about every second of silence. Ends only when it is closed."""
        while True:
            data, at = self._inbox.take(TICK_SECONDS)
            if self._inbox.closed:
                return
            if not data:
                self._check_silence()
            yield self._heard(data, at)

    def close(self) -> None:
        """End the stream and the iteration. May be called by any thread, at any time."""
        self._inbox.close()
        self._call.end()

    def _connect(self) -> Stream:
        after = self._splitter.last_event_id
        opened = self._transport.open(
            self._path,
            self._call,
            headers={"Last-Event-ID": after.encode()} if _is_sendable(after) else {},
        )
        if isinstance(opened, Stream):
            return opened
        raise error_of(opened) if opened.status != 200 else failure("unreadable", opened)

    def _read(self, stream):
        kind = "broken_off"
        try:
            while data := stream.read():
                self._inbox.put(data)
        except UpstreamError as error:
            kind = error.kind
        finally:
            self._inbox.end(kind)
            stream.close()

    def _check_silence(self):
        kind = self._inbox.kind
        if not kind and monotonic() - self._inbox.put_at > settings.EVENT_STREAM_IDLE_SECONDS:
            kind = "timed_out"
        if kind:
            raise UpstreamError(kind, sent=True, status=200)

    def _heard(self, data, at):
        answer = Answer(200, EVENT_STREAM, b"", answered_at=at)
        dropped_before = self._splitter.dropped
        events, unreadable, unknown = [], 0, 0
        for raw in self._splitter.feed(data):
            try:
                event = self._read_event(raw, answer)
            except UpstreamError:
                unreadable += 1
                continue
            if event:
                events.append(event)
            else:
                unknown += 1
        dropped = self._splitter.dropped - dropped_before
        return Heard(
            events, unreadable, dropped, unknown, self._splitter.last_event_id, bool(data), at
        )


class _Inbox:
    """The bytes on their way from the thread that reads to the one that iterates.

    put_at: a time.monotonic() moment. kind: why no more will come, "" while they may. closed: nobody wants more.
    """

    def __init__(self):
        self._changed = threading.Condition()
        self._bytes = bytearray()
        self._at = datetime.now(UTC)
        self.put_at = monotonic()
        self.kind = ""
        self.closed = False

    def put(self, data: bytes) -> None:
        with self._changed:
            self._changed.wait_for(lambda: len(self._bytes) < WAITING_BYTES or self.closed)
            self._bytes += data
            self._at, self.put_at = datetime.now(UTC), monotonic()
            self._changed.notify_all()

    def take(self, wait_seconds: float) -> tuple[bytes, datetime]:
        """All that is there, and when the last of it came; after the wait, nothing and the present moment."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes or self.kind or self.closed, wait_seconds)
            data, self._bytes = bytes(self._bytes), bytearray()
            self._changed.notify_all()
            return data, self._at if data else datetime.now(UTC)

    def end(self, kind: str) -> None:
        with self._changed:
            self.kind = kind
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify_all()


def _is_sendable(event_id):
    # As requests' own rule for values of headers, which would not let the stream begin.
    return event_id != "" and event_id.isprintable() and event_id == event_id.strip()
