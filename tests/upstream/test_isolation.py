"""T31 and T32: one slow or broken upstream holds up neither the others nor a resume."""

import contextlib
import threading

import pytest

from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.isolation import Bulkhead, CircuitBreaker, CircuitState
from tests.support.clock import ManualClock
from tests.support.raw_server import says
from tests.support.upstream_clients import (
    ENVELOPE,
    ID,
    SESSION,
    SYSTEMS,
    agi_at,
    look_up_kind,
    ping_at,
)


@pytest.fixture
def clock():
    return ManualClock(1000.0)


@pytest.fixture
def breaker(clock):
    return CircuitBreaker(failures=5, open_seconds=15, clock=clock)


def calls(breaker, *outcomes):
    """Go through the breaker once for each outcome: True is a failure."""
    for failed in outcomes:
        breaker.leave(probe=breaker.enter(), failed=failed)


# --- Bulkhead -------------------------------------------------------------------------------------


def test_t31_reads_that_hang_leave_the_slots_of_resumes_alone(raw_server, settings):
    settings.UPSTREAM_SLOT_WAIT_SECONDS = 0.05
    waiting, go_on = threading.Semaphore(0), threading.Event()

    def waits(peer):
        waiting.release()
        go_on.wait(30)
        return says(200, SESSION)(peer)

    server = raw_server(waits, waits, waits, says(200, SESSION))
    api = ping_at(server.address)
    threads = [
        threading.Thread(target=look_up_kind, args=[api])
        for _ in range(settings.UPSTREAM_READ_SLOTS)
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert waiting.acquire(timeout=10)

    with pytest.raises(UpstreamError, match="busy") as caught:
        api.look_up(ID)
    assert not caught.value.sent
    assert len(server.requests) == 3
    assert api.resume(ID).result == "ok"

    go_on.set()
    for thread in threads:
        thread.join(10)
    assert look_up_kind(api) == "ok"


def test_a_resume_that_finds_no_slot_was_not_sent(settings, raw_server):
    settings.UPSTREAM_SLOT_WAIT_SECONDS = 0.01
    server = raw_server(says(200, SESSION))
    api = agi_at(server.address)
    with api.transport._bulkhead.hold("write"), api.transport._bulkhead.hold("write"):
        answer = api.resume(ID)
    assert (answer.result, answer.failure) == ("not_sent", "busy")
    assert server.connections == 0


def test_a_slot_comes_back_after_a_failure():
    bulkhead = Bulkhead(read=1, write=1, wait_seconds=0.01)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), bulkhead.hold("read"):
            raise ZeroDivisionError
    with bulkhead.hold("read"), pytest.raises(UpstreamError, match="busy"), bulkhead.hold("read"):
        pass


# --- Circuit breaker, by its own clock ------------------------------------------------------------


def test_t32_five_failures_in_a_row_open_the_circuit(breaker):
    calls(breaker, True, True, True, True)
    assert breaker.state().status == "closed"
    calls(breaker, True)
    assert breaker.state().status == "open"
    with pytest.raises(UpstreamError, match="circuit_open"):
        breaker.enter()


def test_t32_a_success_restarts_the_count(breaker):
    calls(breaker, True, True, True, True, False, True, True, True, True)
    assert breaker.state().status == "closed"
    assert breaker.state().failures == 4


def test_t32_half_of_ten_within_half_a_minute_open_the_circuit(breaker):
    calls(breaker, *[False, True] * 4, False)
    assert breaker.state().status == "closed"
    calls(breaker, True)
    assert breaker.state().status == "open"


def test_t32_failures_of_more_than_half_a_minute_ago_do_not_count(breaker, clock):
    calls(breaker, *[False, True] * 4, False)
    clock.now += 31
    calls(breaker, True)
    assert breaker.state().status == "closed"


def test_t32_after_fifteen_seconds_one_probe_goes_and_its_success_closes_the_circuit(
    breaker, clock
):
    calls(breaker, *[True] * 5)
    clock.now += 14.9
    assert round(breaker.state().opens_in_seconds, 1) == 0.1
    with pytest.raises(UpstreamError):
        breaker.enter()
    clock.now += 0.1
    assert breaker.enter() is True
    assert breaker.state().status == "probing"
    with pytest.raises(UpstreamError, match="circuit_open"):
        breaker.enter()
    breaker.leave(probe=True, failed=False)
    assert breaker.state() == CircuitState("closed", failures=0, opens_in_seconds=0)
    assert breaker.enter() is False


def test_t32_a_failed_probe_opens_the_circuit_again(breaker, clock):
    calls(breaker, *[True] * 5)
    clock.now += 15
    calls(breaker, True)
    assert breaker.state().status == "open"
    assert breaker.state().opens_in_seconds == 15


def test_t32_a_call_that_began_earlier_cannot_close_an_open_circuit(breaker):
    early = breaker.enter()
    calls(breaker, *[True] * 5)
    breaker.leave(probe=early, failed=False)
    assert breaker.state().status == "open"


def test_t32_a_failure_that_began_earlier_does_not_keep_the_circuit_open_longer(breaker, clock):
    early = breaker.enter()
    calls(breaker, *[True] * 5)
    clock.now += 10
    breaker.leave(probe=early, failed=True)
    assert breaker.state().opens_in_seconds == 5


def test_t32_of_many_threads_one_gets_the_probe(breaker, clock):
    calls(breaker, *[True] * 5)
    clock.now += 15
    barrier, probes = threading.Barrier(16), []

    def enter():
        barrier.wait(10)
        with contextlib.suppress(UpstreamError):
            probes.append(breaker.enter())

    threads = [threading.Thread(target=enter) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert probes == [True]


# --- Circuit breaker, around real calls -----------------------------------------------------------


@SYSTEMS
def test_t32_an_open_circuit_sends_nothing_and_closes_when_the_upstream_is_back(
    raw_server, api_at, clock
):
    server = raw_server(*[says(503, ENVELOPE)] * 11, says(200, SESSION))
    api = api_at(server.address)
    api.transport.breaker._clock = clock
    assert [look_up_kind(api) for _ in range(6)] == ["server_error"] * 5 + ["circuit_open"]
    answer = api.resume(ID)
    assert (answer.result, answer.failure) == ("not_sent", "circuit_open")
    assert len(server.requests) == 10  # five look-ups, each tried twice

    clock.now += 15
    assert look_up_kind(api) == "server_error"
    assert len(server.requests) == 11  # the probe is one request
    clock.now += 15
    assert api.resume(ID).result == "ok"
    assert api.circuit_state().status == "closed"


@SYSTEMS
@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429])
def test_t32_a_refusal_never_opens_the_circuit(raw_server, api_at, status):
    server = raw_server(says(status, ENVELOPE))
    api = api_at(server.address)
    for _ in range(11):
        api.resume(ID)
    assert len(server.requests) == 11
    assert api.circuit_state().status == "closed"


def test_accounts_are_isolated_from_each_other(raw_server):
    broken, sound = raw_server(says(503, ENVELOPE)), raw_server(says(200, SESSION))
    one, other = ping_at(broken.address), ping_at(sound.address)
    for _ in range(6):
        one.resume(ID)
    assert (one.circuit_state().status, look_up_kind(other)) == ("open", "ok")
