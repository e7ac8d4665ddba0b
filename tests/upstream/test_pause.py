"""How both systems are asked to pause, and what their answers are taken to mean."""

import pytest

from pingadmin.demo import cast
from pingadmin.upstream import api_for
from tests.support.raw_server import hangs, resets_after, says
from tests.support.upstream_clients import AGI_KEY, ID, PING_KEY, SYSTEMS, agi_at, ping_at
from tests.support.upstream_faults import CASES


def test_pausing_is_asked_for_as_documented(raw_server):
    server = raw_server(says(200, {"session_id": ID, "paused": True, "success": True}))
    ping_at(server.address + "/customer/v2").pause(ID)
    agi_at(server.address + "/v1").pause(ID)
    asked = [
        (request.method, request.path, request.body, request.headers["authorization"])
        for request in server.requests
    ]
    assert asked == [
        ("PATCH", f"/customer/v2/sessions/{ID}/pause", b"", PING_KEY),
        ("POST", f"/v1/sessions/{ID}/pause", b"", f"Bearer {AGI_KEY}"),
    ]


def paused(session_id=ID, paused=True):
    return says(200, {"session_id": session_id, "paused": paused})


UNSURE = ("unknown", "unrecognised", None)
ALREADY = ("already", "", True)
PING_PAUSES = {
    "paused": (paused(), "ok", "", True),
    "says it is not paused": (paused(paused=False), "unknown", "unrecognised", False),
    "T21 another session": (paused("x"), "unknown", "wrong_session", None),
    "paused missing": (says(200, {"session_id": ID}), *UNSURE),
    "paused a text": (paused(paused="true"), *UNSURE),
    "paused a one": (paused(paused=1), *UNSURE),
    "session_id missing": (says(200, {"paused": True}), *UNSURE),
    "202": (says(202, {"session_id": ID, "paused": True}), *UNSURE),
    "400 with already_paused": (
        says(400, {"error": {"code": "already_paused", "message": "m"}}),
        *ALREADY,
    ),
    "400 with session_already_paused": (
        says(400, {"error": {"code": "session_already_paused"}}),
        *ALREADY,
    ),
    "400 with the code of a resume": (
        says(400, {"error": {"code": "session_not_paused"}}),
        "rejected",
        "refused",
        None,
    ),
    "400 that only mentions it": (
        says(400, {"error": {"code": "bad_request", "message": "already_paused or not reusable"}}),
        *("rejected", "refused", None),
    ),
    "404 with the code": (
        says(404, {"error": {"code": "already_paused"}}),
        "rejected",
        "not_found",
        None,
    ),
    "500 with the code": (
        says(500, {"error": {"code": "already_paused"}}),
        "unknown",
        "server_error",
        None,
    ),
}


@pytest.mark.parametrize("behaviour, result, kind, stated", PING_PAUSES.values(), ids=PING_PAUSES)
def test_ping_pause_is_a_success_only_when_it_says_so_whole(
    raw_server, behaviour, result, kind, stated
):
    server = raw_server(behaviour)
    answer = ping_at(server.address).pause(ID)
    assert (answer.result, answer.failure, answer.paused) == (result, kind, stated)
    assert len(server.requests) == 1


AGI_PAUSES = {
    "success is true": (says(200, {"success": True, "message": "m"}), "ok", "", None),
    "success is false": (
        says(200, {"success": False, "message": "agent is gone"}),
        "rejected",
        "refused",
        None,
    ),
    "success is a text": (says(200, {"success": "true"}), *UNSURE),
    "success is missing": (says(200, {"message": "paused"}), *UNSURE),
    "success, yet with the text": (
        says(200, {"success": True, "message": "was already_paused"}),
        "ok",
        "",
        None,
    ),
    "false with the code": (says(200, {"success": False, "code": "already_paused"}), *ALREADY),
    "400 with the code": (
        says(400, {"error": {"code": "already_paused", "message": "m"}}),
        *ALREADY,
    ),
    "400 with the text": (says(400, {"detail": "Error: session is already_paused"}), *ALREADY),
    "400 with plain text": (says(400, b"already_paused", kind="text/plain"), *ALREADY),
    "400 with the text of a resume": (
        says(400, {"detail": "not_paused"}),
        "rejected",
        "refused",
        None,
    ),
    "400 that says it in other words": (
        says(400, {"detail": "Session is already paused"}),
        "rejected",
        "refused",
        None,
    ),
    "404 with the text": (says(404, {"detail": "already_paused"}), "rejected", "not_found", None),
    "502 with the text": (
        says(502, b"already_paused", kind="text/html"),
        "unknown",
        "server_error",
        None,
    ),
    "T21 another session": (
        says(200, {"success": True, "session_id": "x"}),
        "unknown",
        "wrong_session",
        None,
    ),
}


@pytest.mark.parametrize("behaviour, result, kind, stated", AGI_PAUSES.values(), ids=AGI_PAUSES)
def test_agi_pause_is_a_success_only_when_success_is_literally_true(
    raw_server, behaviour, result, kind, stated
):
    server = raw_server(behaviour)
    answer = agi_at(server.address).pause(ID)
    assert (answer.result, answer.failure, answer.paused) == (result, kind, stated)
    assert len(server.requests) == 1


@SYSTEMS
def test_an_answer_to_a_pause_means_nothing_for_a_resume(raw_server, api_at):
    api = api_at(
        raw_server(
            says(400, {"error": {"code": "already_paused", "message": "already_paused"}})
        ).address
    )
    assert (api.pause(ID).result, api.resume(ID).result) == ("already", "rejected")


@SYSTEMS
@pytest.mark.parametrize(
    "case", ["T27 reset before any answer", "T16 302 to the same host", "T24 500 with an envelope"]
)
def test_a_pause_ends_as_a_resume_does_and_is_asked_for_once(raw_server, api_at, case):
    behaviour, _, expected = CASES[case]
    server = raw_server(behaviour)
    answer = api_at(server.address).pause(ID)
    assert (answer.result, answer.failure) == expected
    assert len(server.requests) == 1


@SYSTEMS
def test_a_pause_that_hangs_is_unknown(raw_server, api_at, seconds_for_answer):
    seconds_for_answer(0.2)
    answer = api_at(raw_server(hangs).address).pause(ID)
    assert (answer.result, answer.failure) == ("unknown", "timed_out")


@SYSTEMS
def test_a_pause_that_cannot_leave_is_not_sent(raw_server, api_at):
    assert api_at("http://127.0.0.1:1").pause(ID).result == "not_sent"
    server = raw_server(resets_after())
    assert (api_at(server.address).pause("../x").failure, server.requests) == ("bad_id", [])


@pytest.mark.parametrize(
    "alias, session_id, stated",
    [
        ("ping", cast.PING_CONNECTED, True),
        ("agi", cast.AGI_RUNNING, None),
    ],
)
def test_a_simulated_session_is_paused_once_and_resumes(
    simulated_upstreams, alias, session_id, stated
):
    api = api_for(alias)
    first, second = api.pause(session_id), api.pause(session_id)
    assert (first.result, first.paused, second.result, second.paused) == (
        "ok",
        stated,
        "already",
        True,
    )
    assert api.resume(session_id).result == "ok"
