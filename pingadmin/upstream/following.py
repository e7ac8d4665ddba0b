"""Follows an event stream: one thread reads bytes, and whoever iterates gets what they say.

Reading and using are two threads so that silence, a slow sender and a slow user can be told apart:
the user gets control back every second, and no byte waits in a library's buffer.
"""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from time import monotonic

from django.conf import settings
from django.utils import timezone

from pingadmin.http.deadline import Call
from pingadmin.http.errors import RequestError
from pingadmin.http.response import Response
from pingadmin.http.wire import EVENT_STREAM, ResponseStream
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.event_stream import EventStreamParser, ServerSentEvent
from pingadmin.upstream.records import SessionEvent, StreamBatch
from pingadmin.upstream.response_reading import make_status_error
from pingadmin.upstream.transport import Transport

TICK_SECONDS = 1.0
# Beyond this the sender has to wait until somebody takes the bytes.
MAX_BUFFERED_BYTES = 250_000
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 1, 60

EventReader = Callable[[ServerSentEvent, Response], SessionEvent | None]


class EventStream:
    """One connection to an event stream: a context manager that is iterated over once.

    after: the id of the event to continue after, "" for none. read_event: what an event says; None
    for an unknown type, UpstreamError where it does not fit. Entering and iterating raise
    UpstreamError.
    """

    def __init__(self, transport: Transport, path: str, after: str, read_event: EventReader):
        self._transport = transport
        self._path = path
        self._parser = EventStreamParser(after, remove_secrets=transport.without_key)
        self._read_event = read_event
        self._call = Call(
            monotonic() + settings.EVENT_STREAM_IDLE_SECONDS, settings.UPSTREAM_CONNECT_SECONDS
        )
        self._buffer = _StreamBuffer()
        self._reader: threading.Thread | None = None

    @property
    def retry_seconds(self) -> float | None:
        """How long the sender wants us to stay away after a break, 1 to 60; None if not said."""
        retry_ms = self._parser.retry_ms
        if retry_ms is None:
            return None
        return min(max(retry_ms / 1000, MIN_RETRY_SECONDS), MAX_RETRY_SECONDS)

    def __enter__(self) -> "EventStream":
        try:
            stream = self._connect()
        except UpstreamError:
            # close() ended the call: then this error is what was asked for.
            if self._buffer.is_closed:
                return self
            raise
        self._reader = threading.Thread(
            target=self._read, args=[stream], name="upstream-stream", daemon=True
        )
        self._reader.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
        if self._reader:
            self._reader.join()

    def __iter__(self) -> Iterator[StreamBatch]:
        """What was received, at once; an empty batch about every second of silence.

        Ends only when the stream is closed.
        """
        while True:
            data, received_at = self._buffer.take(TICK_SECONDS)
            if self._buffer.is_closed:
                return
            # What arrived before the end is handed out first.
            if not data:
                self._raise_if_over()
            yield self._parse_batch(data, received_at)

    def close(self) -> None:
        """End the stream and the iteration. Any thread may call it, at any time."""
        self._buffer.close()
        self._call.end()

    def _connect(self) -> ResponseStream:
        after = self._parser.last_event_id
        # requests' own rule for values of headers: any other would not let the stream begin.
        is_header_value = after != "" and after.isprintable() and after == after.strip()
        headers = {"Last-Event-ID": after.encode()} if is_header_value else {}
        opened = self._transport.open_stream(self._path, self._call, headers=headers)
        if isinstance(opened, ResponseStream):
            return opened
        if opened.status != 200:
            raise make_status_error(opened)
        raise UpstreamError.for_content("unreadable", opened)

    def _read(self, stream: ResponseStream) -> None:
        # A stream has no end of its own, so one that simply ends was broken off.
        kind = "broken_off"
        try:
            while data := stream.read():
                self._buffer.put(data)
        except RequestError as error:
            kind = error.kind
        finally:
            self._buffer.end(kind)
            stream.close()

    def _raise_if_over(self) -> None:
        """Raise UpstreamError when the stream has ended, or has been silent for too long."""
        kind = self._buffer.end_kind
        silence = monotonic() - self._buffer.last_put
        if not kind and silence > settings.EVENT_STREAM_IDLE_SECONDS:
            kind = "timed_out"
        if kind:
            raise UpstreamError(kind, sent=True, status=200)

    def _parse_batch(self, data: bytes, received_at: datetime) -> StreamBatch:
        response = Response(200, EVENT_STREAM, b"", answered_at=received_at)
        dropped_before = self._parser.dropped
        events: list[SessionEvent] = []
        unreadable = unknown_types = 0
        for raw_event in self._parser.feed(data):
            try:
                event = self._read_event(raw_event, response)
            except UpstreamError:
                unreadable += 1
                continue
            if event:
                events.append(event)
            else:
                unknown_types += 1
        return StreamBatch(
            events,
            unreadable=unreadable,
            dropped=self._parser.dropped - dropped_before,
            unknown_types=unknown_types,
            last_event_id=self._parser.last_event_id,
            has_bytes=bool(data),
            received_at=received_at,
        )


class _StreamBuffer:
    """The bytes on their way from the thread that reads to the one that iterates.

    last_put: a time.monotonic() moment. end_kind: why no more will come, "" while it may.
    is_closed: nobody wants more.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._bytes = bytearray()
        self._received_at = timezone.now()
        self.last_put = monotonic()
        self.end_kind = ""
        self.is_closed = False

    def put(self, data: bytes) -> None:
        """Add bytes, waiting while the buffer is full."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._bytes) < MAX_BUFFERED_BYTES or self.is_closed)
            self._bytes += data
            self._received_at, self.last_put = timezone.now(), monotonic()
            self._changed.notify_all()

    def take(self, wait_seconds: float) -> tuple[bytes, datetime]:
        """All bytes and when the last arrived; after the wait, none and the present moment."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._bytes or self.end_kind or self.is_closed, wait_seconds
            )
            data, self._bytes = bytes(self._bytes), bytearray()
            self._changed.notify_all()
            return data, self._received_at if data else timezone.now()

    def end(self, kind: str) -> None:
        """Say that no more will come, and why."""
        with self._changed:
            self.end_kind = kind
            self._changed.notify_all()

    def close(self) -> None:
        """Say that nobody wants more."""
        with self._changed:
            self.is_closed = True
            self._changed.notify_all()
