"""Every fault does on the line what its name says, and "after" does the act first."""

import time

import pytest
import requests

from pingadmin.demo import cast
from tests.support.simulator import start_simulator

AGI = f"/v1/sessions/{cast.AGI_PAUSED}"
PING = f"/customer/v2/sessions/{cast.PING_PAUSED}"


@pytest.mark.parametrize("kind", ["reset", "close", "hang"])
def test_a_lost_answer_comes_as_no_answer(simulator, kind):
    simulator.fault(kind, seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        simulator.ask("GET", AGI)
    assert simulator.ask("GET", AGI).status_code == 200


@pytest.mark.parametrize(("after", "status"), [(True, "running"), (False, "paused")])
def test_after_decides_whether_the_act_was_done(simulator, after, status):
    simulator.fault("reset", match="POST *", after=after)
    with pytest.raises(requests.ConnectionError):
        simulator.ask("POST", f"{AGI}/resume")
    assert simulator.ask("GET", AGI).json()["status"] == status


def test_status_speaks_in_the_envelope_of_its_system(simulator):
    simulator.fault("status", status=500, times=2)
    assert simulator.ask("GET", f"{PING}/status").json()["error"]["code"] == "simulated_fault"
    assert simulator.ask("GET", AGI).json() == {"detail": "A fault was switched on."}
    assert simulator.ask("GET", AGI).status_code == 200


def test_headers_are_added_to_the_answer(simulator):
    simulator.fault("status", status=429, headers={"Retry-After": "7"})
    answer = simulator.ask("GET", AGI)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_html_garbage_and_redirect_are_no_answers_of_the_api(simulator):
    for kind in ("html", "garbage", "redirect"):
        simulator.fault(kind)
    page = simulator.ask("GET", AGI)
    assert (page.status_code, page.headers["Content-Type"]) == (502, "text/html")
    with pytest.raises(ValueError):
        simulator.ask("GET", AGI).json()
    redirect = simulator.ask("GET", AGI, allow_redirects=False)
    assert (redirect.status_code, redirect.headers["Location"]) == (
        302,
        "http://127.0.0.1:9/elsewhere",
    )


def test_a_body_of_ones_own_is_sent_as_it_is(simulator):
    simulator.fault("garbage", body='{"session_id": NaN}')
    assert simulator.ask("GET", AGI).text == '{"session_id": NaN}'


def test_wrong_id_answers_about_another_session(simulator):
    simulator.fault("wrong_id", match="PATCH *")
    answer = simulator.ask("PATCH", f"{PING}/resume").json()
    assert answer["session_id"] != cast.PING_PAUSED
    assert answer["paused"] is False


def test_odd_messages_come_before_the_true_ones(simulator):
    simulator.message(cast.AGI_PAUSED, "THOUGHT", "true")
    simulator.fault("odd_messages", match="GET */messages")
    simulator.fault("odd_messages", match="GET */status")
    read = simulator.ask("GET", f"{AGI}/messages").json()
    assert len(read["messages"]) > 5
    assert read["messages"][-1]["content"] == "true"
    assert simulator.ask("GET", f"{AGI}/status").json() == {"status": "waiting_for_input"}


@pytest.mark.parametrize("after", [True, False])
def test_a_message_whose_answer_is_lost_was_taken_or_not(simulator, after):
    simulator.fault("hang", match="POST */message", after=after, seconds=0.1)
    with pytest.raises(requests.ConnectionError):
        simulator.ask("POST", f"{AGI}/message", json={"message": "Go ahead"})
    assert len(simulator.ask("GET", f"{AGI}/messages").json()["messages"]) == int(after)


def test_huge_is_as_long_as_asked(simulator):
    simulator.fault("huge", bytes=300_000)
    assert len(simulator.ask("GET", AGI).json()) == 300_000


def test_truncate_breaks_off_in_the_body(simulator):
    simulator.fault("truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        simulator.ask("GET", AGI)


@pytest.mark.parametrize("kind", ["drip_headers", "drip_body"])
def test_a_drip_keeps_the_line_busy_and_never_gives_the_answer(simulator, kind):
    simulator.fault(kind, seconds=0.5, interval=0.05)
    started = time.monotonic()
    with pytest.raises(requests.RequestException):
        # A client without a guard takes dripped headers that break off for a 200 without a body.
        simulator.ask("GET", AGI).json()
    assert time.monotonic() - started >= 0.4


def test_delay_gives_the_true_answer_later(simulator):
    simulator.fault("delay", seconds=0.3)
    started = time.monotonic()
    assert simulator.ask("GET", AGI).json()["status"] == "paused"
    assert time.monotonic() - started >= 0.25


def test_a_fault_meets_only_what_it_matches_as_often_as_it_says(simulator):
    simulator.fault("status", match=f"POST {AGI}/*", times=2)
    assert simulator.ask("GET", AGI).status_code == 200
    assert [simulator.ask("POST", f"{AGI}/resume").status_code for _ in range(3)] == [503, 503, 200]


def test_a_burst_fails_and_passes_in_turns(simulator):
    simulator.fault("status", times=0, burst=2)
    assert [simulator.ask("GET", AGI).status_code for _ in range(6)] == [
        503,
        503,
        200,
        200,
        503,
        503,
    ]
    simulator.clear_faults()
    assert simulator.ask("GET", AGI).status_code == 200


def test_a_fault_that_does_not_exist_is_refused_by_name(simulator):
    with pytest.raises(AssertionError, match="There is no fault 'flood'"):
        simulator.fault("flood")


@pytest.mark.process
def test_a_scenario_can_be_named_on_the_command_line(tmp_path):
    flapping = start_simulator(tmp_path, "--faults", "flap")
    try:
        assert [flapping.ask("GET", AGI).status_code for _ in range(12)] == [503] * 6 + [200] * 6
    finally:
        flapping.close()
