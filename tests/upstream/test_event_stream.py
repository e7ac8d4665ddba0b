"""How bytes become events, however they were cut, against a slow reading of the standard."""

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pingadmin.upstream.event_stream import (
    MAX_EVENT_BYTES,
    MAX_ID_LENGTH,
    MAX_LINE_BYTES,
    EventStreamParser,
)

GOOD = b"data: after\n\n"


def split(*chunks: bytes) -> tuple[list, int, str]:
    """(data, id) of every event, how many were dropped, and the id to go on after."""
    parser = EventStreamParser()
    events = [(event.data, event.id) for chunk in chunks for event in parser.feed(chunk)]
    return events, parser.dropped, parser.last_event_id


def parsed_data(raw: bytes) -> list[str]:
    return [data for data, _ in split(raw)[0]]


RULES = {
    "line feeds": (b"data: a\n\ndata: b\n\n", ["a", "b"]),
    "carriage returns alone": (b"data: a\r\rdata: b\r\r", ["a", "b"]),
    "both together": (b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"]),
    "all three kinds in one event": (b"data: a\rdata: b\r\ndata: c\n\r\n", ["a\nb\nc"]),
    "U+2028, U+2029, U+0085, form feed and vertical tab are no line ends": (
        "data: a\u2028b\u2029c\u0085d\x0be\x0cf\n\n".encode(),
        ["a\u2028b\u2029c\u0085d\x0be\x0cf"],
    ),
    "several lines of data": (b"data: a\ndata: b\ndata:\ndata: c\n\n", ["a\nb\n\nc"]),
    "one blank after the colon is taken away": (
        b"data:a\ndata: b\ndata:  c\ndata:\td\n\n",
        ["a\nb\n c\n\td"],
    ),
    "data without a colon is an empty line": (b"data\n\ndata\ndata\n\n", ["", "\n"]),
    "colons further on belong to the value": (b"data: a: b:c\n\n", ["a: b:c"]),
    "comments are nothing": (b": hello\n\n:\ndata: a\n: b\ndata: c\n\n:\n\n", ["a\nc"]),
    "other fields are nothing": (b"foo: bar\nDATA: x\n data: y\ndatax: z\ndata: a\n\n", ["a"]),
    "an event without data is none": (b"event: x\n\nid: 7\n\ndata: a\n\n", ["a"]),
    "blank lines are nothing": (b"\n\n\ndata: a\n\n\n\n", ["a"]),
    "a BOM at the start is nothing": (b"\xef\xbb\xbfdata: a\n\n", ["a"]),
    "only one BOM is": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", ["b"]),
    "a BOM later is a part of its field's name": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", ["a"]),
    "an event that is not finished is none": (b"data: a\n\ndata: b\n", ["a"]),
}


@pytest.mark.parametrize("raw, data", RULES.values(), ids=RULES)
def test_events_are_what_the_standard_says(raw, data):
    assert parsed_data(raw) == data
    assert [one for one, _ in split(*[bytes([byte]) for byte in raw])[0]] == data


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_an_event_is_returned_as_soon_as_its_last_byte_arrives(end):
    parser = EventStreamParser()
    assert parser.feed(b"data: a" + end) == []
    assert [event.data for event in parser.feed(end[:1])] == ["a"]
    assert parser.feed(end[1:] + b"data: b" + end) == []
    assert [event.data for event in parser.feed(end)] == ["b"]


def test_ids_belong_to_their_events_and_the_newest_is_kept():
    events, _, newest = split(
        b"id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\nid: 9\ndata: d\n\nid: 12\n\nid: 13\n"
    )
    assert events == [("a", "1"), ("b", ""), ("c", ""), ("d", "9")]
    assert newest == "12"


@pytest.mark.parametrize(
    "event_id", [b"a\x00b", b"x" * (MAX_ID_LENGTH + 1), b"a\x1bb", "a\u2028b".encode()]
)
def test_an_id_that_cannot_be_sent_back_is_left_out(event_id):
    assert split(b"id: 1\ndata: a\n\nid: " + event_id + b"\ndata: b\n\n") == (
        [("a", "1"), ("b", "")],
        0,
        "1",
    )


def test_it_continues_after_the_id_that_it_was_given():
    assert EventStreamParser("7").last_event_id == "7"


@pytest.mark.parametrize(
    "line, retry_ms",
    [
        (b"retry: 3000", 3000),
        (b"retry:0", 0),
        (b"retry: 3 s", None),
        (b"retry: -1", None),
        (b"retry: 1.5", None),
        (b"retry:", None),
        (b"retry", None),
        ("retry: \u0663".encode(), None),
        (b"retry: " + b"9" * 5000, 10**9),
    ],
)
def test_a_retry_delay_is_a_whole_number_or_none(line, retry_ms):
    parser = EventStreamParser()
    parser.feed(line + b"\n")
    assert parser.retry_ms == retry_ms


LONG = b"x" * (MAX_LINE_BYTES + 1)
HOSTILE = {
    "T55 a line that is too long": (b"data: " + LONG + b"\n\n", 1),
    "T55 a line that is exactly as long as may be": (b"data: " + LONG[:-7] + b"\n\n", 0),
    "T55 a line that is one byte longer": (b"data: " + LONG[:-6] + b"\n\n", 1),
    "T55 10 MB": (b"data: " + b"x" * 10_000_000 + b"\n\n", 1),
    "T55 an event that is too long, in short lines": (b"data: %s\n" % (b"x" * 999) * 70 + b"\n", 1),
    "T55 a long line of a field that nobody knows": (b"foo: " + LONG + b"\ndata: b\n\n", 1),
    "T55 a long id": (b"id: " + LONG + b"\ndata: b\n\n", 1),
    "T55 two long lines in one event": (b"data: " + LONG + b"\ndata: " + LONG + b"\n\n", 1),
    "T55 a long line, then others of the same event": (
        b"data: " + LONG + b"\ndata: b\ndata: c\n\n",
        1,
    ),
    "T55 an event of nothing but empty lines": (b"data\n" * 70_000 + b"\n", 1),
    "T55 bad UTF-8": (b"data: \xff\xfe\n\n", 1),
    "T55 bad UTF-8 in one line of two": (b"data: a\ndata: \xc3\n\n", 1),
    "T55 a surrogate in UTF-8": (b"data: \xed\xa0\x80\n\n", 1),
    "T55 an overlong NUL": (b"data: \xc0\x80\n\n", 1),
    "T55 bad UTF-8 in an id": (b"id: \xff\ndata: b\n\n", 1),
    "T55 bad UTF-8 in a type": (b"event: \xff\ndata: b\n\n", 1),
}


@pytest.mark.parametrize("raw, dropped", HOSTILE.values(), ids=HOSTILE)
def test_t55_a_hostile_event_costs_itself_and_no_other(raw, dropped):
    whole = split(b"id: 1\ndata: before\n\n" + raw + GOOD)
    assert whole[0][0] == ("before", "1") and whole[0][-1] == ("after", "")
    assert (len(whole[0]), whole[1]) == (3 - dropped, dropped)


@pytest.mark.parametrize("pieces", [1, 5])
def test_t55_a_long_comment_takes_nothing_with_it(pieces):
    chunks = [b"data: a\n: ", *[LONG] * pieces, b"\n\n" + GOOD]
    assert split(b"".join(chunks)) == split(*chunks) == ([("a", ""), ("after", "")], 0, "")


def test_t55_an_event_that_is_too_long_may_be_cut_between_its_lines():
    assert split(b"data: " + LONG[:60_000] + b"\n", b"data: " + LONG[:6000] + b"\n\n", GOOD) == (
        [("after", "")],
        1,
        "",
    )


def test_t55_an_endless_line_is_counted_at_once_and_takes_no_memory():
    parser = EventStreamParser()
    tracemalloc.start()
    try:
        for _ in range(400):
            assert parser.feed(b"x" * 65_536) == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert parser.dropped == 1
    assert [event.data for event in parser.feed(b"\n\n" + GOOD)] == ["after"]


def test_t55_an_endless_event_takes_no_memory():
    parser = EventStreamParser()
    tracemalloc.start()
    try:
        for _ in range(400):
            assert parser.feed(b"data: %s\n" % (b"x" * 30_000)) == []
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert parser.dropped == 1
    assert [event.data for event in parser.feed(b"\n" + GOOD)] == ["after"]


def test_a_key_is_removed_wherever_the_bytes_were_cut():
    raw = b"id: key-12345678\ndata: it is key-12345678, is it not\n\n"
    for place in range(len(raw)):
        parser = EventStreamParser(
            remove_secrets=lambda data: data.replace(b"key-12345678", b"***")
        )
        [event] = parser.feed(raw[:place]) + parser.feed(raw[place:])
        assert (event.data, event.id, parser.last_event_id) == (
            "it is ***, is it not",
            "***",
            "***",
        )


# --- Against the standard, word for word ----------------------------------------------------------

PARTS = st.sampled_from(
    [
        b"data",
        b"id",
        b"event",
        b"retry",
        b":",
        b": ",
        b" ",
        b"\n",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"a",
        b"17",
        b"{}",
        b"\x00",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\xff",
        b"data: x\n\n",
        b"id: 5\ndata: y\n\n",
        b"x" * 40_000,
    ]
)
STREAMS = st.lists(PARTS | st.binary(max_size=4), max_size=30).map(b"".join)


@settings(max_examples=300, deadline=None, database=None)
@example(b"data: a\r", [7])
@example(b"\xef\xbb\xbf", [1, 1])
@example(b"data: " + LONG + b"\n\n" + GOOD, [65_000, 542, 1])
@given(STREAMS, st.lists(st.integers(0, 50_000), max_size=12))
def test_any_stream_cut_anywhere_is_read_as_the_standard_says(raw, sizes):
    chunks, place = [], 0
    for size in sizes:
        chunks.append(raw[place : place + size])
        place += size
    assert split(*chunks, raw[place:]) == word_for_word(raw)


@settings(max_examples=200, deadline=None, database=None)
@given(STREAMS)
def test_any_stream_is_read_alike_byte_by_byte(raw):
    raw = raw[:3000]
    assert split(*[bytes([byte]) for byte in raw]) == word_for_word(raw)


def word_for_word(raw: bytes) -> tuple[list, int, str]:
    """The standard's algorithm, slow and plain, with our limits; as `split` answers."""
    events, dropped, newest, newest_read = [], 0, "", ""
    data, event_id, kind, bad = [], "", b"", False
    *lines, last = (
        raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    )
    for line in lines:
        if not line:
            newest = newest_read
            if data and not bad:
                try:
                    kind.decode()
                    events.append((b"\n".join(data).decode(), event_id))
                except UnicodeDecodeError:
                    bad = True
            dropped += bad
            data, event_id, kind, bad = [], "", b"", False
            continue
        name, colon, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if colon and not name:
            continue
        bad = bad or len(line) > MAX_LINE_BYTES
        if name == b"data":
            data.append(value)
            bad = bad or sum(len(line) + 1 for line in data) > MAX_EVENT_BYTES
        elif name == b"event" and len(line) <= MAX_LINE_BYTES:
            kind = value
        elif name == b"id" and len(line) <= MAX_LINE_BYTES:
            try:
                if value.decode().isprintable() and len(value.decode()) <= MAX_ID_LENGTH:
                    event_id = newest_read = value.decode()
            except UnicodeDecodeError:
                bad = True
    # What is not finished is no event; yet of a line that will never end it is known already.
    return (
        events,
        dropped + (bad or (len(last) > MAX_LINE_BYTES and not last.startswith(b":"))),
        newest,
    )
