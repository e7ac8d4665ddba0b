"""Parses the bytes of a text/event-stream into events, however they were cut on the way.

The rules are those of the HTML standard, "Server-sent events", section 9.2.6. Where these differ
it is because the sender may be hostile: an event that is too long or not in UTF-8 costs that event
and no other, and never memory. Bytes are split and not text, for which U+0085 and U+2028 would end
a line.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

MAX_LINE_BYTES = MAX_EVENT_BYTES = 65_536
MAX_ID_LENGTH = 200
MAX_RETRY_MS = 10**9
BOM = b"\xef\xbb\xbf"
# What nearly every event looks like: perhaps an id, and one line of data.
_match_simple_event = re.compile(rb"(?:id: ?([^\n]*)\n)?data: ?([^\n]*)\n\n").match


class ServerSentEvent(NamedTuple):
    """data: its lines, joined by line feeds. id: its own, "" without one. type: often empty."""

    data: str
    id: str
    type: str


class EventStreamParser:
    """Feed it bytes as they arrive; it returns the events that are complete.

    remove_secrets: takes out of the bytes what nobody may read, before they are parsed.
    dropped: how many events were given up so far. last_event_id: what to ask to continue after.
    retry_ms: how long the sender wants us to stay away after a break, None where it did not say.
    """

    def __init__(
        self, last_event_id: str = "", *, remove_secrets: Callable[[bytes], bytes] = bytes
    ):
        self.dropped = 0
        self.last_event_id = self._newest_id = last_event_id
        self.retry_ms: int | None = None
        self._remove_secrets = remove_secrets
        self._unfinished_line = b""
        self._is_at_start = True
        self._is_after_cr = self._is_in_long_line = False
        self._begin_event()

    def feed(self, data: bytes) -> list[ServerSentEvent]:
        """The events that these bytes complete, in order."""
        if self._is_at_start:
            data = self._skip_bom(data)
            if self._is_at_start:
                return []
        events: list[ServerSentEvent] = []
        text = self._remove_secrets(self._unfinished_line + self._normalize_line_ends(data))
        offset = self._parse_simple_events(text, events)
        lines = text[offset:].split(b"\n")
        self._unfinished_line = lines.pop()
        if self._is_in_long_line:
            # The rest of a line that was given up already.
            self._is_in_long_line = not lines
            self._unfinished_line = self._unfinished_line if lines else b""
            del lines[:1]
        for line in lines:
            self._parse_line(line, events)
        if len(self._unfinished_line) > MAX_LINE_BYTES:
            self._drop_event(self._unfinished_line)
            self._is_in_long_line, self._unfinished_line = True, b""
        return events

    def _skip_bom(self, data: bytes) -> bytes:
        """The bytes without a byte order mark; stays at the start while it may be a part of one."""
        data = self._unfinished_line + data
        if not data or (BOM.startswith(data) and data != BOM):
            self._unfinished_line = data
            return b""
        self._unfinished_line, self._is_at_start = b"", False
        return data.removeprefix(BOM)

    def _normalize_line_ends(self, data: bytes) -> bytes:
        if self._is_after_cr and data:
            # A carriage return ends its line at once; a line feed after it belongs to it.
            data = data.removeprefix(b"\n")
            self._is_after_cr = False
        if b"\r" in data:
            self._is_after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _parse_simple_events(self, text: bytes, events: list[ServerSentEvent]) -> int:
        """Parse the leading events of the usual form, at a quarter of the cost; where they end."""
        offset = 0
        is_inside_event = self._data or self._is_dropped or self._type or self._id
        # The quick form is right only where an event begins.
        if self._is_in_long_line or is_inside_event:
            return offset
        while (match := _match_simple_event(text, offset)) and (
            match.end() - offset < MAX_LINE_BYTES
        ):
            event_id, data = match.groups()
            if event_id is not None:
                self._set_id(event_id)
            self._data.append(data)
            self._end_event(events)
            offset = match.end()
        return offset

    def _parse_line(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if not line:
            self._end_event(events)
            return
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if len(line) > MAX_LINE_BYTES:
            self._drop_event(line)
        elif name == b"data":
            self._data.append(value)
            if len(self._data) > 1:
                self._check_event_size(value)
        elif name == b"id":
            self._set_id(value)
        elif name == b"event":
            self._type = value
        elif name == b"retry" and value.isdigit():
            # The length first: int() of thousands of digits raises.
            self.retry_ms = int(value) if len(value) < 10 else MAX_RETRY_MS

    def _begin_event(self) -> None:
        self._data: list[bytes] = []
        self._size = 0
        self._type, self._id = b"", ""
        self._is_dropped = False

    def _check_event_size(self, value: bytes) -> None:
        # With its line feed: lines without a character must not be free.
        self._size += len(value) + 1
        if self._is_dropped:
            self._data.clear()
        elif self._size + len(self._data[0]) > MAX_EVENT_BYTES:
            self._drop_event(value)

    def _set_id(self, value: bytes) -> None:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            self._drop_event(value)
            return
        # The standard ignores an id with a NUL. We ignore all that cannot be kept or sent back.
        if text.isprintable() and len(text) <= MAX_ID_LENGTH:
            self._id = self._newest_id = text

    def _end_event(self, events: list[ServerSentEvent]) -> None:
        if self._data and not self._is_dropped:
            try:
                data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                events.append(ServerSentEvent(data.decode(), self._id, self._type.decode()))
            except UnicodeDecodeError:
                self.dropped += 1
        self.last_event_id = self._newest_id
        self._begin_event()

    def _drop_event(self, line: bytes) -> None:
        # A comment that is too long takes no event with it.
        if not self._is_dropped and not line.startswith(b":"):
            self.dropped += 1
            self._is_dropped = True
            self._data = []
