"""Splits the bytes of a text/event-stream into its events, however they were cut on the way.

The rules are those of the HTML standard, "Server-sent events", section 9.2.6. Where these differ it is because the
sender may be hostile: what is too long or not in UTF-8 costs that event and no other, and never memory.
Bytes are split and not text, to which U+0085 and U+2028 would be line ends.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

LINE_MOST = EVENT_MOST = 65_536  # bytes
ID_MOST = 200  # characters
RETRY_MOST_MS = 10**9
BOM = b"\xef\xbb\xbf"
COMMON = re.compile(rb"(?:id: ?([^\n]*)\n)?data: ?([^\n]*)\n\n").match


class RawEvent(NamedTuple):
    """data: its lines, joined by line feeds. id: its own, empty where it has none. kind: its `event`, often empty."""

    data: str
    id: str
    kind: str


class Splitter:
    """Feed it bytes as they come; it gives the events that are whole.

    strike_out: takes out of bytes what nobody may read, before they are split. dropped: events given up so far.
    last_event_id: what to ask to go on after. retry_ms: how long the sender wants us to stay away after a break,
    None where it did not say.
    """

    def __init__(self, last_event_id: str = "", *, strike_out: Callable[[bytes], bytes] = bytes):
        self.dropped = 0
        self._strike_out = strike_out
        self.last_event_id = self._newest_id = last_event_id
        self.retry_ms: int | None = None
        self._tail = b""
        self._at_start = True
        self._after_cr = self._in_long_line = False
        self._begin()

    def feed(self, data: bytes) -> list[RawEvent]:
        """The events that these bytes complete, in order."""
        if self._at_start:
            data = self._tail + data
            self._tail = data if BOM.startswith(data) and data != BOM else b""
            if self._tail or not data:
                return []
            data = data.removeprefix(BOM)
            self._at_start = False
        whole = self._strike_out(self._tail + self._with_line_feeds_only(data))
        events, place = self._take_common(whole)
        lines = whole[place:].split(b"\n")
        self._tail = lines.pop()
        if self._in_long_line:
            self._in_long_line = not lines
            self._tail = self._tail if lines else b""
            del lines[:1]
        self._take(lines, events)
        if len(self._tail) > LINE_MOST:
            self._give_up(self._tail)
            self._in_long_line, self._tail = True, b""
        return events

    def _with_line_feeds_only(self, data):
        if self._after_cr and data:
            # A carriage return ends its line at once; a line feed that comes after it belongs to it.
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _take_common(self, whole):
        # What nearly every event looks like costs a quarter of the way through the lines.
        events, place = [], 0
        if self._in_long_line or self._data or self._given_up or self._kind or self._id:
            return events, place
        while (match := COMMON(whole, place)) and match.end() - place < LINE_MOST:
            value, data = match.groups()
            if value is not None:
                self._identify(value)
            self._data.append(data)
            self._finish(events)
            place = match.end()
        return events, place

    def _take(self, lines, events):
        for line in lines:
            if not line:
                self._finish(events)
                continue
            name, _, value = line.partition(b":")
            if value[:1] == b" ":
                value = value[1:]
            if len(line) > LINE_MOST:
                self._give_up(line)
            elif name == b"data":
                self._data.append(value)
                if len(self._data) > 1:
                    self._check_size(value)
            elif name == b"id":
                self._identify(value)
            elif name == b"event":
                self._kind = value
            elif name == b"retry" and value.isdigit():
                self.retry_ms = int(value) if len(value) < 10 else RETRY_MOST_MS

    def _begin(self):
        self._data = []
        self._size = 0
        self._kind, self._id = b"", ""
        self._given_up = False

    def _check_size(self, value):
        # With its line feed: lines without a character must not be free.
        self._size += len(value) + 1
        if self._given_up:
            self._data.clear()
        elif self._size + len(self._data[0]) > EVENT_MOST:
            self._give_up(value)

    def _identify(self, value):
        try:
            text = value.decode()
        except UnicodeDecodeError:
            self._give_up(value)
            return
        # The standard ignores an id with a NUL. One of these can neither be kept nor sent back.
        if text.isprintable() and len(text) <= ID_MOST:
            self._id = self._newest_id = text

    def _finish(self, events):
        if self._data and not self._given_up:
            try:
                data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                events.append(RawEvent(data.decode(), self._id, self._kind.decode()))
            except UnicodeDecodeError:
                self.dropped += 1
        self.last_event_id = self._newest_id
        self._begin()

    def _give_up(self, line):
        # A comment that is too long takes nothing with it.
        if not self._given_up and not line.startswith(b":"):
            self.dropped += 1
            self._given_up = True
            self._data = []
