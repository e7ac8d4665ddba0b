"""The simulated event stream: its faults, and a storm in which every event is accounted for."""

import json
import socket
from contextlib import closing

import pytest

from pingadmin.demo import cast
from tests.support.processes import until

PAUSE = f"/customer/v2/sessions/{cast.PING_CONNECTED}/pause"


class Listener:
    """A reader of the stream on a bare socket, so that nothing is tidied up on the way."""

    def __init__(self, simulator):
        host, port = simulator.url.removeprefix("http://").split(":")
        self._socket = socket.create_connection((host, int(port)), timeout=15)
        request = (
            "GET /customer/v2/sessions/events HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: {cast.PING_KEY}\r\n\r\n"
        )
        self._socket.sendall(request.encode())
        self._bytes = b""
        self.until(b": stream begins\n\n")

    def until(self, mark: bytes) -> bytes:
        """The bytes up to a mark, which is taken with them. Fails when the stream ends before."""
        while mark not in self._bytes:
            more = self._socket.recv(1_000_000)
            assert more, self._bytes[-200:]
            self._bytes += more
        found, _, self._bytes = self._bytes.partition(mark)
        return found + mark

    def rest(self) -> bytes:
        """All the bytes until the line closes."""
        while more := self._socket.recv(1_000_000):
            self._bytes += more
        return self._bytes

    def event(self) -> tuple[int, dict]:
        fields = dict(
            line.split(": ", 1) for line in self.until(b"\n\n").decode().strip().split("\n")
        )
        return int(fields["id"]), json.loads(fields["data"])

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener(simulator):
    with closing(Listener(simulator)) as listener:
        yield listener


def test_events_are_numbered_without_a_hole_and_told_to_every_reader(simulator, listener):
    with closing(Listener(simulator)) as other:
        simulator.ask("PATCH", PAUSE)
        simulator.advance(30)
        mine, theirs = [listener.event() for _ in range(4)], [other.event() for _ in range(4)]
    assert mine == theirs
    assert [number for number, _ in mine] == list(range(mine[0][0], mine[0][0] + 4))
    assert until(lambda: simulator.stream()["readers"] == 1 or simulator.advance(6))


ON_AN_EVENT = {
    "duplicate": lambda text: text.count(b'"session_end"') == 2,
    "bad_utf8": lambda text: b'"client_id": "\xff\xfeacme' in text,
    "carriage_returns": lambda text: b"\rdata: {" in text and b'"session_end"' in text,
    "crlf": lambda text: b"\r\ndata: {" in text,
}


@pytest.mark.parametrize("kind", ON_AN_EVENT)
def test_a_fault_happens_to_the_next_event_and_to_no_other(simulator, listener, kind):
    simulator.stream_fault(kind)
    simulator.ask("PATCH", PAUSE)
    simulator.stream_fault("raw", text="data: mark\n\n")
    simulator.advance(10)
    assert ON_AN_EVENT[kind](listener.until(b"data: mark\n\n"))
    assert b"session_heartbeat" in listener.until(b"\n\n")


def test_disorder_and_a_jump_are_seen_in_the_numbers(simulator, listener):
    simulator.stream_fault("disorder")
    simulator.advance(10)
    first, second, third = [listener.event()[0] for _ in range(3)]
    assert (second, third) == (first - 1, first + 1)
    simulator.stream_fault("jump", count=1000)
    last = simulator.stream()["next_id"]
    simulator.advance(10)
    numbers = [listener.event()[0]]
    while numbers[-1] < last:
        numbers.append(listener.event()[0])
    assert numbers[-1] == last + 1000


AT_ONCE = {
    "giant_line": ({"bytes": 300_000}, b"data: " + b"x" * 300_000 + b"\n\n"),
    "giant_event": ({"bytes": 310}, b"data: xxxxxxxxxxxxxxxxxxxxxxxx\n" * 10 + b"\n"),
    "unknown_type": ({}, b'"event_type": "session_rekeyed"}\n\n'),
    "garbage": ({}, b'"pau\n\n'),
    "raw": ({"text": "id: 7\r\r: \u2028\n\n"}, "id: 7\r\r: \u2028\n\n".encode()),
}


@pytest.mark.parametrize("kind", AT_ONCE)
def test_a_fault_without_an_event_comes_at_once(simulator, listener, kind):
    details, expected = AT_ONCE[kind]
    simulator.stream_fault(kind, **details)
    assert listener.until(expected)


def test_a_drop_ends_the_line_amid_an_event(simulator, listener):
    simulator.stream_fault("drop")
    assert listener.rest().endswith(b'data: {"session_id": "ses_')


def test_silence_is_an_open_line_without_a_byte_until_the_simulator_is_reset(simulator, listener):
    simulator.stream_fault("silence", seconds=60)
    simulator.ask("PATCH", PAUSE)
    listener._socket.settimeout(0.3)
    with pytest.raises(TimeoutError):
        listener.until(b"\n")
    listener._socket.settimeout(15)
    simulator.reset()
    assert listener.until(b": silence ends\n\n")


@pytest.mark.parametrize(
    "fault_fields", [{"kind": "flood"}, {"kind": "raw", "text": 7}, {"kind": "drop", "speed": 1}]
)
def test_a_fault_that_cannot_be_is_refused(simulator, fault_fields):
    with pytest.raises(AssertionError, match=fault_fields["kind"]):
        simulator.stream_fault(**fault_fields)


def test_in_a_storm_every_event_comes_once_and_says_what_a_look_up_says(simulator, listener):
    simulator.storm(sessions=3000, heartbeats=2)
    newest, ids, count = {}, [], 0
    while count < 9000:
        number, event = listener.event()
        if event["client_id"].startswith("storm-"):
            ids.append(number)
            newest[event["session_id"]] = event
            count += 1
    assert len(newest) == 3000 and len(set(ids)) == 9000 and ids == sorted(ids)
    session_id, event = newest.popitem()
    looked_up = simulator.ask("GET", f"/customer/v2/sessions/{session_id}/status").json()
    assert looked_up == {"client_id": event["client_id"], "status": "connected", "duration": 60} | {
        name: event[name] for name in ("uploaded_bytes", "downloaded_bytes")
    }
    report = until(lambda: (found := simulator.storm_report())["stream_sent"] >= 9000 and found)
    assert (report["wanted"], report["made"], report["running"], report["stream_lost"]) == (
        9000,
        9000,
        False,
        0,
    )


def test_a_storm_waits_for_its_reader_and_for_a_slow_one(simulator):
    # Readers of other tests are noticed to have gone when something is written to them.
    assert until(lambda: simulator.stream()["readers"] == 0 or simulator.advance(6))
    simulator.storm(sessions=100_000, heartbeats=9)
    assert simulator.storm_report()["made"] == 0
    with closing(Listener(simulator)):
        # The listener reads no more: what the two sockets cannot hold is not made.
        made = until(
            lambda: (
                (now := simulator.storm_report()["made"])
                and simulator.storm_report()["made"] == now
                and now
            )
        )
        assert made < 500_000
    assert simulator.storm_report()["stream_lost"] == 0


def test_a_storm_keeps_to_its_pace(simulator, listener):
    simulator.storm(sessions=100, heartbeats=1000, per_second=50)
    for _ in range(60):
        listener.event()
    assert 20 < simulator.storm_report()["made"] < 200


@pytest.mark.parametrize(
    "storm_fields",
    [{"sessions": 0, "heartbeats": 1}, {"sessions": 5, "heartbeats": 1, "per_second": 0}],
)
def test_a_storm_that_cannot_be_is_refused(simulator, storm_fields):
    with pytest.raises(AssertionError, match="sessions is from 1"):
        simulator.storm(**storm_fields)


def test_sessions_of_a_storm_are_not_reusable_and_unknown_without_one(simulator, listener):
    path = "/customer/v2/sessions/ses_5700000001"
    assert simulator.ask("GET", f"{path}/status").status_code == 404
    simulator.storm(sessions=5, heartbeats=0)
    assert simulator.ask("PATCH", f"{path}/pause").json()["error"]["code"] == "session_not_reusable"
    assert simulator.ask("GET", "/customer/v2/sessions/ses_5700000005/status").status_code == 404
