"""Following an event stream: what is received and when, how it ends, and what a hostile one can do.

Over real sockets.
"""

import json
import threading
import tracemalloc
from datetime import UTC, datetime

import pytest

from pingadmin.demo import cast
from pingadmin.http import wire
from pingadmin.http.wire import tls_context
from pingadmin.upstream import api_for, following
from pingadmin.upstream.errors import UpstreamError
from tests.support.certificates import Authority
from tests.support.processes import until
from tests.support.raw_server import (
    drips,
    goes_on_for_ever,
    hangs,
    http,
    resets_after,
    says,
    sends,
)
from tests.support.upstream_clients import ID, PING_KEY, SYSTEMS, ping_at

HEAD = http(200, b"", kind="text/event-stream; charset=utf-8", length=-1)
CHUNKED = http(200, b"", "Transfer-Encoding: chunked", kind="text/event-stream", length=-1)
EVENT = {"session_id": ID, "client_id": "acme", "event_type": "session_heartbeat"}
COUNTS = {"duration": 30, "uploaded_bytes": 0, "downloaded_bytes": 2**63 - 1}


@pytest.fixture(autouse=True)
def short_ticks(monkeypatch):
    monkeypatch.setattr(following, "TICK_SECONDS", 0.05)


def event(body=EVENT, **changes) -> bytes:
    return b"data: %s\n\n" % json.dumps(body | changes).encode()


def then_silent(data: bytes):
    def behave(peer):
        peer.sock.sendall(HEAD + data)
        return hangs(peer)

    return behave


def receive(api, *, after: str = "", events: int = 1) -> list:
    """The batches until so many events have arrived."""
    found = []
    with api.follow(after) as stream:
        batches = iter(stream)
        while sum(len(one.events) for one in found) < events:
            found.append(next(batches))
    return found


def end_kind(api) -> str:
    """How following ends: the kind of its error."""
    with pytest.raises(UpstreamError) as caught, api.follow() as stream:
        for number, _ in enumerate(stream):
            assert number < 200, "it goes on for ever"
    assert PING_KEY not in repr(caught.getrepr(showlocals=True))
    return caught.value.kind


# --- What is received -----------------------------------------------------------------------------


def test_the_stream_is_asked_for_as_documented(raw_server):
    server = raw_server(then_silent(event()))
    receive(ping_at(server.address + "/customer/v2"))
    [request] = server.requests
    assert (request.method, request.path, request.body) == (
        "GET",
        "/customer/v2/sessions/events",
        b"",
    )
    named = ("authorization", "accept", "accept-encoding", "last-event-id")
    assert [request.headers.get(name) for name in named] == [
        PING_KEY,
        "text/event-stream",
        "identity",
        None,
    ]


@pytest.mark.parametrize(
    "after, sent",
    [
        ("17", "17"),
        ("a b", "a b"),
        ("", None),
        (" 17", None),
        ("1\r\nX: y", None),
        ("\u2713", "\u2713"),
    ],
)
def test_it_asks_to_continue_where_it_stopped(raw_server, after, sent):
    server = raw_server(then_silent(event()))
    [*_, last] = receive(ping_at(server.address), after=after)
    said = server.requests[0].headers.get("last-event-id")
    assert (said and said.encode("latin-1").decode()) == sent
    assert "x" not in server.requests[0].headers
    assert last.last_event_id == after


@pytest.mark.parametrize(
    "kind, state",
    [
        ("session_start", "connected"),
        ("session_heartbeat", "connected"),
        ("session_end", "disconnected"),
    ],
)
def test_an_event_carries_everything_it_says(raw_server, kind, state):
    before = datetime.now(UTC)
    [*_, last] = receive(
        ping_at(
            raw_server(then_silent(b"id: 41\n" + event(EVENT | COUNTS, event_type=kind))).address
        )
    )
    [one] = last.events
    assert (one.session_id, one.kind, one.state, one.client_name, one.sequence) == (
        ID,
        kind,
        state,
        "acme",
        41,
    )
    assert (one.duration_seconds, one.uploaded_bytes, one.downloaded_bytes) == (30, 0, 2**63 - 1)
    assert before <= one.received_at == last.received_at <= datetime.now(UTC)
    assert (last.last_event_id, last.has_bytes) == ("41", True)


@pytest.mark.parametrize(
    "event_id, place",
    [
        ("0", 0),
        (str(2**63 - 1), 2**63 - 1),
        (str(2**63), None),
        ("9" * 200, None),
        ("-1", None),
        ("1.5", None),
        ("a1", None),
        ("\u0661", None),
        ("\u00b2", None),
        ("", None),
    ],
)
def test_a_sequence_is_a_whole_number_that_can_be_stored(raw_server, event_id, place):
    server = raw_server(then_silent(b"id: %s\n" % event_id.encode() + event()))
    assert receive(ping_at(server.address))[-1].events[0].sequence == place


def test_counters_that_were_not_reported_stay_unknown(raw_server):
    [one] = receive(ping_at(raw_server(then_silent(event(duration=None))).address))[-1].events
    assert (one.duration_seconds, one.uploaded_bytes, one.downloaded_bytes, one.sequence) == (
        None,
        None,
        None,
        None,
    )


def test_client_names_are_cleaned_and_cut(raw_server):
    server = raw_server(then_silent(event(client_id="a\x00b\ud83dc\x1b[31m\r\nd" + "y" * 500)))
    [one] = receive(ping_at(server.address))[-1].events
    assert (
        one.client_name.startswith("a\ufffdb\ufffdc\ufffd[31m  dyyy")
        and len(one.client_name) == 200
    )


UNREADABLE = {
    "no JSON": b'data: {"session_id": \n\n',
    "empty": b"data:\n\n",
    "an array": b"data: []\n\n",
    "null": b"data: null\n\n",
    "NaN": b"data: " + json.dumps(EVENT | {"duration": float("nan")}).encode() + b"\n\n",
    "duplicate keys": b"data: " + json.dumps(EVENT).encode()[:-1] + b', "client_id": "b"}\n\n',
    "nested deep": b"data: " + b"[" * 60_000 + b"\n\n",
    "two values": b"data: {} {}\n\n",
    "no session": event({"client_id": "a", "event_type": "session_end"}),
    "a session that is no id": event(session_id="../x"),
    "a session that is a number": event(session_id=7),
    "no client": event({"session_id": ID, "event_type": "session_end"}),
    "a client that is an object": event(client_id={}),
    "no type": event({"session_id": ID, "client_id": "a"}),
    "a type that is a list": event(event_type=[]),
    "duration a text": event(duration="30"),
    "duration true": event(duration=True),
    "uploaded_bytes negative": event(uploaded_bytes=-1),
    "downloaded_bytes of 2**63": event(downloaded_bytes=2**63),
    "downloaded_bytes of 5000 digits": b"data: "
    + json.dumps(EVENT).encode()[:-1]
    + b', "duration": %s}\n\n' % (b"7" * 5000),
}


@pytest.mark.parametrize("raw", UNREADABLE.values(), ids=UNREADABLE)
def test_t55_an_event_with_one_wrong_field_is_counted_and_refused_whole(raw_server, raw):
    found = receive(ping_at(raw_server(then_silent(raw + event(client_id="after"))).address))
    assert [one.client_name for batch in found for one in batch.events] == ["after"]
    assert sum(batch.unreadable for batch in found) == 1
    assert sum(batch.dropped + batch.unknown_types for batch in found) == 0


def test_t55_unknown_types_and_oversized_events_are_counted_and_the_stream_continues(raw_server):
    raw = (
        event(event_type="session_rekeyed")
        + b"data: "
        + b"x" * 10_000_000
        + b"\n\ndata: \xff\n\n"
        + event()
    )
    found = receive(ping_at(raw_server(then_silent(raw)).address))
    counts = [
        sum(getattr(one, name) for one in found)
        for name in ("unknown_types", "dropped", "unreadable")
    ]
    assert counts == [1, 2, 0]


def test_blanks_around_an_event_do_not_matter(raw_server):
    raw = b"data:  \t %s \ndata: \n\n" % json.dumps(EVENT).encode()
    assert len(receive(ping_at(raw_server(then_silent(raw)).address))[-1].events) == 1


def test_the_key_is_removed_where_the_stream_repeats_it(raw_server):
    raw = event(client_id=f"was {PING_KEY}")

    def in_two_pieces(peer):
        peer.sock.sendall(HEAD + raw[: raw.index(b"key")])
        peer.stopped.wait(0.1)
        peer.sock.sendall(raw[raw.index(b"key") :])
        return hangs(peer)

    assert (
        receive(ping_at(raw_server(in_two_pieces).address))[-1].events[0].client_name == "was ***"
    )


def test_chunks_of_http_are_not_chunks_of_events(raw_server):
    raw = event() * 3
    pieces = [raw[place : place + 7] for place in range(0, len(raw), 7)]
    chunked = CHUNKED + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)

    def behave(peer):
        peer.sock.sendall(chunked)
        return hangs(peer)

    assert (
        sum(len(one.events) for one in receive(ping_at(raw_server(behave).address), events=3)) == 3
    )


def test_an_event_is_received_at_once_and_everything_that_waits_in_one_batch(raw_server):
    more = threading.Event()

    def behave(peer):
        peer.sock.sendall(HEAD + event(client_id="first"))
        more.wait(10)
        peer.sock.sendall(event() * 50)
        return hangs(peer)

    with ping_at(raw_server(behave).address).follow() as stream:
        batches = iter(stream)
        assert [one.client_name for one in next(batches).events] == ["first"]
        assert not next(batches).has_bytes
        more.set()
        sizes = []
        while sum(sizes) < 50:
            sizes.append(len(next(batches).events))
    assert max(sizes) == 50


# --- How it ends ----------------------------------------------------------------------------------

ENDS = {
    "T51 the other side closes it": (sends(HEAD + event()), "broken_off"),
    "T51 it closes amid an event": (sends(HEAD + event()[:20]), "broken_off"),
    "T51 it is reset": (resets_after(HEAD + event()), "broken_off"),
    "T51 it closes amid the headers": (sends(HEAD[:30]), "broken_off"),
    "T51 it closes between chunks": (sends(CHUNKED + b"2\r\n: \r\n"), "broken_off"),
    "T51 chunks of nonsense": (sends(CHUNKED + b"zz\r\n"), "broken_off"),
    "T51 silence before the headers": (hangs, "timed_out"),
    "T51 silence after the headers": (then_silent(b""), "timed_out"),
    "T51 silence after an event": (then_silent(event()), "timed_out"),
    "T14 drips the headers": (drips(HEAD, first=20), "timed_out"),
    "a chunk's size that drips for ever": (
        drips(CHUNKED + b"0" * 1000, first=len(CHUNKED)),
        "timed_out",
    ),
    "another content type": (says(200, {}), "unreadable"),
    "HTML": (says(200, b"<html>", kind="text/html"), "unreadable"),
    "no content type": (says(200, b"data: x\n\n", kind=""), "unreadable"),
    "204": (
        sends(b"HTTP/1.1 204 No Content\r\nContent-Type: text/event-stream\r\n\r\n"),
        "unrecognised",
    ),
    "206": (says(206, b"", kind="text/event-stream"), "unrecognised"),
    "401": (says(401, {"error": {"code": "unauthorized", "message": "m"}}), "refused_key"),
    "404": (says(404, b""), "not_found"),
    "429": (says(429, b"", "Retry-After: 9"), "rate_limited"),
    "503": (says(503, b""), "server_error"),
    "503 that is a stream": (says(503, b"", kind="text/event-stream"), "server_error"),
    "an endless page of errors": (
        goes_on_for_ever(http(500, b"", length=-1), b" " * 65536),
        "too_large",
    ),
    "T16 a redirect": (says(302, b"", "Location: /elsewhere"), "redirected"),
    "not HTTP": (sends(b"SSH-2.0-OpenSSH_9.2\r\n"), "unreadable"),
}


@pytest.mark.parametrize("behaviour, kind", ENDS.values(), ids=ENDS)
def test_every_way_to_end_has_its_kind(raw_server, settings, behaviour, kind):
    if kind == "timed_out":
        settings.EVENT_STREAM_IDLE_SECONDS = 0.4
    server = raw_server(behaviour)
    assert end_kind(ping_at(server.address)) == kind
    assert len(server.requests) == 1
    assert not reading_threads()


def test_the_words_of_a_refusal_are_kept(raw_server):
    with (
        pytest.raises(UpstreamError) as caught,
        ping_at(raw_server(says(429, {"message": "slow"}, "Retry-After: 9")).address).follow(),
    ):
        pass
    assert (caught.value.status, caught.value.message, caught.value.retry_after) == (429, "slow", 9)


def test_nobody_there_is_unreachable():
    assert end_kind(ping_at("http://127.0.0.1:1")) == "unreachable"


def test_events_before_the_end_are_received_before_it(raw_server):
    found = []
    with (
        pytest.raises(UpstreamError),
        ping_at(raw_server(sends(HEAD + event() * 30)).address).follow() as stream,
    ):
        found.extend(one for batch in stream for one in batch.events)
    assert len(found) == 30


def test_t51_comments_keep_a_stream_alive(raw_server, settings):
    settings.EVENT_STREAM_IDLE_SECONDS = 1

    def comments_for_longer_than_that(peer):
        peer.sock.sendall(HEAD)
        for _ in range(12):
            peer.sock.sendall(b":\n")
            peer.stopped.wait(0.05)
        peer.sock.sendall(event())
        return hangs(peer)

    found = receive(ping_at(raw_server(comments_for_longer_than_that).address))
    assert len(found) > 6 and all(one.has_bytes for one in found if one.events)


@pytest.mark.parametrize(
    "line, seconds",
    [
        (b"", None),
        (b"retry: 0\n", 1),
        (b"retry: 2500\n", 2.5),
        (b"retry: 99999999\n", 60),
        (b"retry: soon\n", None),
    ],
)
def test_the_retry_delay_is_bounded(raw_server, line, seconds):
    with ping_at(raw_server(then_silent(line + event())).address).follow() as stream:
        next(iter(stream))
        assert stream.retry_seconds == seconds


def test_another_thread_may_end_it_while_it_is_silent(raw_server):
    with ping_at(raw_server(then_silent(event())).address).follow() as stream:
        batches = iter(stream)
        next(batches)
        threading.Timer(0.1, stream.close).start()
        assert all(not one.events for one in batches)
    assert not reading_threads()


def test_another_thread_may_end_it_while_the_headers_do_not_come(raw_server):
    server = raw_server(hangs)
    stream = ping_at(server.address).follow()
    threading.Thread(target=lambda: (until(lambda: server.requests), stream.close())).start()
    with stream:
        assert list(stream) == []


@pytest.mark.parametrize("delay", [0, 0.0005, 0.001, 0.002, 0.004, 0.008, 0.016])
def test_another_thread_may_end_it_at_any_moment_over_tls(raw_server, tmp_path, delay):
    authority = Authority(tmp_path)
    server = raw_server(then_silent(event()), tls=authority.server())
    api = ping_at(server.address, tls=tls_context(str(authority.roots)))
    for _ in range(5):
        stream = api.follow()
        threading.Timer(delay, stream.close).start()
        with stream:
            assert len(list(stream)) < 10
    assert not reading_threads()


def test_a_stream_that_was_closed_before_it_began_is_empty():
    stream = ping_at("http://127.0.0.1:1").follow()
    stream.close()
    with stream:
        assert list(stream) == []


def test_closing_a_stream_ourselves_logs_no_failure(raw_server, caplog):
    receive(ping_at(raw_server(then_silent(event())).address))
    assert caplog.records == []


# --- What it must not cost ------------------------------------------------------------------------


def test_a_slow_user_makes_the_sender_wait_and_memory_does_not_grow(raw_server):
    sent = []

    def pours(peer):
        peer.sock.sendall(HEAD)
        while not peer.stopped.is_set():
            peer.sock.sendall(event() * 500)
            sent.append(500)
        return False

    tracemalloc.start()
    try:
        with ping_at(raw_server(pours).address).follow() as stream:
            batches = iter(stream)
            next(batches)
            assert until(lambda: len(stream._buffer._bytes) >= following.MAX_BUFFERED_BYTES)
            assert (
                len(stream._buffer._bytes) < following.MAX_BUFFERED_BYTES + wire.STREAM_CHUNK_BYTES
            )
            before = sum(sent)
            assert until(lambda: next(batches).events and sum(sent) > before)
        assert tracemalloc.get_traced_memory()[1] < 40_000_000
    finally:
        tracemalloc.stop()


def test_a_stream_takes_no_slot_from_look_ups(raw_server, settings):
    settings.UPSTREAM_READ_SLOTS = 1
    server = raw_server(
        then_silent(event()), says(200, {"client_id": "acme", "status": "connected"})
    )
    api = ping_at(server.address)
    with api.follow() as stream:
        next(iter(stream))
        assert api.look_up(ID).client_name == "acme"


def test_streams_that_fail_leave_the_circuit_alone_and_it_leaves_them(raw_server):
    server = raw_server(resets_after())
    api = ping_at(server.address)
    for _ in range(12):
        assert end_kind(api) == "broken_off"
    assert api.circuit_state().status == "closed"
    while api.circuit_state().status == "closed":
        api.resume(ID)
    asked = len(server.requests)
    assert end_kind(api) == "broken_off"
    assert len(server.requests) == asked + 1


def test_the_environment_can_neither_read_the_key_nor_divert_the_stream(
    raw_server, monkeypatch, tmp_path
):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    proxy = raw_server(says(200, {}))
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    monkeypatch.delenv("no_proxy", raising=False)
    server = raw_server(then_silent(event()))
    receive(ping_at(server.address))
    assert proxy.connections == 0
    assert server.requests[0].headers["authorization"] == PING_KEY


def test_a_stream_over_tls_is_received_and_ended_by_another_thread(raw_server, tmp_path):
    authority = Authority(tmp_path)
    server = raw_server(then_silent(event()), tls=authority.server())
    with ping_at(server.address, tls=tls_context(str(authority.roots))).follow() as stream:
        batches = iter(stream)
        while not next(batches).events:
            pass
        threading.Timer(0.1, stream.close).start()
        assert all(not one.events for one in batches)
    assert not reading_threads()
    assert end_kind(ping_at(server.address)) == "tls"


@SYSTEMS
def test_a_system_says_whether_it_can_be_followed(api_at):
    api = api_at("http://127.0.0.1:1")
    assert api.can_follow == (api_at is ping_at)
    if not api.can_follow:
        with pytest.raises(NotImplementedError):
            api.follow()


# --- The simulator --------------------------------------------------------------------------------


def test_what_happens_at_the_simulator_is_received(simulated_upstreams):
    api = api_for("ping")
    with api.follow() as stream:
        batches = iter(stream)
        next(batches)
        api.pause(cast.PING_CONNECTED)
        received = next(batch for batch in batches if batch.events).events
    assert (received[0].session_id, received[0].state, received[0].client_name) == (
        cast.PING_CONNECTED,
        "disconnected",
        "acme-frankfurt-014",
    )
    assert type(received[0].sequence) is int and received[0].downloaded_bytes > 0


FAULTS = {
    "bad_utf8": (1, 0, 0),
    "giant_line": (1, 0, 0),
    "giant_event": (1, 0, 0),
    "garbage": (0, 1, 0),
    "unknown_type": (0, 0, 1),
    "carriage_returns": (0, 0, 0),
    "crlf": (0, 0, 0),
    "duplicate": (0, 0, 0),
    "disorder": (0, 0, 0),
    "jump": (0, 0, 0),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_t52_t55_the_simulators_faults_cost_what_they_hit_and_the_stream_continues(
    simulated_upstreams, kind
):
    with api_for("ping").follow() as stream:
        batches = iter(stream)
        next(batches)
        simulated_upstreams.stream_fault(kind)
        for _ in range(2):
            simulated_upstreams.advance(6)
        found = [next(batches)]
        while sum(one.kind == "session_heartbeat" for batch in found for one in batch.events) < 10:
            found.append(next(batches))
    counts = [
        sum(getattr(one, name) for one in found)
        for name in ("dropped", "unreadable", "unknown_types")
    ]
    assert tuple(counts) == FAULTS[kind]


def test_t51_a_dropped_stream_of_the_simulator_ends_and_a_silent_one_times_out(
    simulated_upstreams, settings
):
    api = api_for("ping")
    for fault, kind in [("drop", "broken_off"), ("silence", "timed_out")]:
        settings.EVENT_STREAM_IDLE_SECONDS = 0.5
        with pytest.raises(UpstreamError, match=kind), api.follow() as stream:
            simulated_upstreams.stream_fault(fault)
            list(stream)


def test_a_storm_is_received_whole_and_in_order(simulated_upstreams):
    places, newest = [], {}
    with api_for("ping").follow() as stream:
        simulated_upstreams.storm(sessions=2000, heartbeats=3)
        for batch in stream:
            for one in batch.events:
                if one.client_name.startswith("storm-"):
                    places.append(one.sequence)
                    newest[one.session_id] = one
            if len(places) >= 8000:
                break
    assert places == sorted(set(places)) and len(places) == 8000
    assert {one.duration_seconds for one in newest.values()} == {90}
    assert simulated_upstreams.storm_report()["stream_lost"] == 0


def test_the_simulator_with_a_wrong_key_is_refused(simulated_upstreams, raw_server):
    assert end_kind(ping_at(simulated_upstreams.ping_url)) == "refused_key"


def reading_threads():
    return [thread for thread in threading.enumerate() if thread.name == "upstream-stream"]
