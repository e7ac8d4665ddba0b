"""How Ping is asked, and what its answers are taken to mean."""

import pytest

from pingadmin.upstream.errors import UpstreamError
from tests.support.raw_server import as_json, says
from tests.support.upstream_clients import ID, PING_KEY, ping_at

PING = {"client_id": "acme", "status": "connected"}
HUGE = b"9" * 5000


def test_ping_is_asked_as_documented(raw_server):
    server = raw_server(says(200, PING), says(200, {"session_id": ID, "paused": False}))
    api = ping_at(server.address + "/customer/v2")
    api.look_up(ID)
    api.resume(ID)
    look_up, resume = server.requests
    assert (look_up.method, look_up.path) == ("GET", f"/customer/v2/sessions/{ID}/status")
    assert (resume.method, resume.path, resume.body) == (
        "PATCH",
        f"/customer/v2/sessions/{ID}/resume",
        b"",
    )
    assert {look_up.headers["authorization"], resume.headers["authorization"]} == {PING_KEY}


def test_a_ping_look_up_returns_what_was_said_and_no_more(raw_server):
    body = PING | {"duration": 4321, "uploaded_bytes": 0, "downloaded_bytes": 2**63 - 1}
    record = ping_at(raw_server(says(200, body)).address).look_up(ID)
    assert (record.session_id, record.state, record.is_known_state, record.client_name) == (
        ID,
        "connected",
        True,
        "acme",
    )
    assert (record.duration_seconds, record.uploaded_bytes, record.downloaded_bytes) == (
        4321,
        0,
        2**63 - 1,
    )
    assert record.paused is None


def test_ping_counts_that_were_not_reported_stay_unknown(raw_server):
    record = ping_at(raw_server(says(200, PING | {"duration": None})).address).look_up(ID)
    assert (record.duration_seconds, record.uploaded_bytes, record.downloaded_bytes) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize("state", ["created", "connected", "disconnected"])
def test_documented_ping_states_are_known(raw_server, state):
    record = ping_at(raw_server(says(200, PING | {"status": state})).address).look_up(ID)
    assert (record.state, record.is_known_state) == (state, True)


@pytest.mark.parametrize(
    "said, shown",
    [
        ("Connected", "Connected"),
        ("active", "active"),
        ("", ""),
        ("connected\x00", "connected\ufffd"),
        ("\ud800", "\ufffd"),
        ("connected ", "connected "),
        ("x" * 300, "x" * 63 + "…"),
    ],
)
def test_t19_t20_undocumented_ping_states_are_shown_and_not_known(raw_server, said, shown):
    record = ping_at(raw_server(says(200, PING | {"status": said})).address).look_up(ID)
    assert (record.state, record.is_known_state) == (shown, False)


def test_t20_texts_are_cleaned_and_cut(raw_server):
    record = ping_at(
        raw_server(
            says(200, PING | {"client_id": "a\x00b\ud83dc\x1b[31m\r\nd\x85" + "y" * 500})
        ).address
    ).look_up(ID)
    assert record.client_name.startswith("a\ufffdb\ufffdc\ufffd[31m  d\ufffdyyy")
    assert len(record.client_name) == 200
    record.client_name.encode()


WRONG_PING = {
    "status missing": b'{"client_id": "acme"}',
    "client_id missing": b'{"status": "connected"}',
    "status null": as_json(PING | {"status": None}),
    "status a number": as_json(PING | {"status": 1}),
    "client_id an object": as_json(PING | {"client_id": {}}),
    "duration a text": as_json(PING | {"duration": "12"}),
    "duration true": as_json(PING | {"duration": True}),
    "duration a fraction": as_json(PING | {"duration": 1.5}),
    "duration negative": as_json(PING | {"duration": -1}),
    "uploaded_bytes of 2**63": as_json(PING | {"uploaded_bytes": 2**63}),
    "downloaded_bytes of 5000 digits": as_json(PING)[:-1] + b', "downloaded_bytes": ' + HUGE + b"}",
    "duration of minus 5000 digits": as_json(PING)[:-1] + b', "duration": -' + HUGE + b"}",
    "duration 1e999": as_json(PING)[:-1] + b', "duration": 1e999}',
}


@pytest.mark.parametrize("body", WRONG_PING.values(), ids=WRONG_PING)
def test_t19_t20_a_ping_session_with_one_wrong_field_is_refused_whole(raw_server, body):
    with pytest.raises(UpstreamError, match="unrecognised"):
        ping_at(raw_server(says(200, body)).address).look_up(ID)


def resumed(session_id=ID, paused=False):
    return says(200, {"session_id": session_id, "paused": paused})


UNSURE = ("unknown", "unrecognised", None)
ALREADY = ("already", "", False)
PING_RESUMES = {
    "resumed": (resumed(), "ok", "", False),
    "says it is still paused": (resumed(paused=True), "unknown", "unrecognised", True),
    "T21 another session": (resumed("x"), "unknown", "wrong_session", None),
    "T21 the id in capitals": (resumed(ID.upper()), "unknown", "wrong_session", None),
    "paused missing": (says(200, {"session_id": ID}), *UNSURE),
    "paused a text": (resumed(paused="false"), *UNSURE),
    "paused a zero": (resumed(paused=0), *UNSURE),
    "session_id missing": (says(200, {"paused": False}), *UNSURE),
    "202": (says(202, {"session_id": ID, "paused": False}), *UNSURE),
    "400 with not_paused": (says(400, {"error": {"code": "not_paused", "message": "m"}}), *ALREADY),
    "400 with session_not_paused": (says(400, {"error": {"code": "session_not_paused"}}), *ALREADY),
    "400 with it in capitals": (says(400, {"error": {"code": "SESSION_NOT_PAUSED"}}), *ALREADY),
    "400 with it in hyphens": (says(400, {"code": "Session-Not-Paused"}), *ALREADY),
    "400 that only mentions it": (
        says(400, {"error": {"code": "bad_request", "message": "not_paused or not reusable"}}),
        *("rejected", "refused", None),
    ),
    "500 with not_paused": (
        says(500, {"error": {"code": "not_paused"}}),
        "unknown",
        "server_error",
        None,
    ),
}


@pytest.mark.parametrize("behaviour, result, kind, paused", PING_RESUMES.values(), ids=PING_RESUMES)
def test_ping_resume_is_a_success_only_when_it_says_so_whole(
    raw_server, behaviour, result, kind, paused
):
    server = raw_server(behaviour)
    answer = ping_at(server.address).resume(ID)
    assert (answer.result, answer.failure, answer.paused) == (result, kind, paused)
    assert len(server.requests) == 1
