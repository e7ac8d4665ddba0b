"""How AGI is asked, and what its answers are taken to mean."""

from datetime import UTC, datetime

import pytest

from pingadmin.upstream.errors import UpstreamError
from tests.support.raw_server import as_json, says
from tests.support.upstream_clients import AGI_KEY, ID, agi_at

AGI = {
    "session_id": ID,
    "agent_name": "agi-0",
    "status": "paused",
    "created_at": "2026-11-22T15:00:00+01:00",
}


def test_agi_is_asked_as_documented(raw_server):
    server = raw_server(says(200, AGI), says(200, {"success": True, "message": "m"}), says(200, []))
    api = agi_at(server.address + "/v1")
    api.look_up(ID)
    api.resume(ID)
    api.list_sessions()
    asked = [(request.method, request.path, request.body) for request in server.requests]
    assert asked == [
        ("GET", f"/v1/sessions/{ID}", b""),
        ("POST", f"/v1/sessions/{ID}/resume", b""),
        ("GET", "/v1/sessions", b""),
    ]
    assert {request.headers["authorization"] for request in server.requests} == {
        f"Bearer {AGI_KEY}"
    }


def test_agi_look_up_tells_the_state_and_keeps_no_link_into_the_desktop(raw_server):
    record = agi_at(
        raw_server(says(200, AGI | {"vnc_url": "https://vnc.example/secret"})).address
    ).look_up(ID)
    assert (record.state, record.paused, record.client_name) == ("paused", True, "agi-0")
    assert record.created_at == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    assert "vnc" not in repr(record)


@pytest.mark.parametrize(
    "behaviour",
    [
        says(200, as_json(AGI | {"vnc_url": "https://vnc.example/secret"})[:-1]),
        says(200, {"vnc_url": "https://vnc.example/secret"}),
        says(201, AGI | {"vnc_url": "https://vnc.example/secret"}),
    ],
)
def test_an_answer_that_was_not_understood_is_not_quoted(raw_server, behaviour):
    api = agi_at(raw_server(behaviour).address)
    with pytest.raises(UpstreamError) as caught:
        api.look_up(ID)
    assert "vnc" not in str(vars(caught.value))
    assert "vnc" not in repr(api.resume(ID))


@pytest.mark.parametrize(
    "state, known, paused",
    [
        ("initializing", True, False),
        ("ready", True, False),
        ("running", True, False),
        ("paused", True, True),
        ("completed", True, False),
        ("error", True, False),
        ("terminated", True, False),
        ("Paused", False, None),
        ("waiting_for_input", True, False),
        ("finished", True, False),
        ("Waiting_for_input", False, None),
        ("paused\x00", False, None),
    ],
)
def test_agi_is_paused_only_in_a_state_that_its_documentation_has(raw_server, state, known, paused):
    record = agi_at(raw_server(says(200, AGI | {"status": state})).address).look_up(ID)
    assert (record.is_known_state, record.paused) == (known, paused)


@pytest.mark.parametrize("said", [None, "2026-11-22T14:00:00"])
def test_an_agi_time_without_a_zone_is_left_out(raw_server, said):
    assert (
        agi_at(raw_server(says(200, AGI | {"created_at": said})).address).look_up(ID).created_at
        is None
    )


@pytest.mark.parametrize(
    "change",
    [
        {"status": None},
        {"agent_name": 3},
        {"created_at": 7},
        {"created_at": "yesterday"},
        {"created_at": "0001-01-01T00:00:00+23:59"},
        {"session_id": None},
    ],
)
def test_t19_an_agi_session_with_one_wrong_field_is_refused_whole(raw_server, change):
    with pytest.raises(UpstreamError, match="unrecognised"):
        agi_at(raw_server(says(200, AGI | change)).address).look_up(ID)


def test_t21_agi_answer_about_another_session_is_discarded_and_logged(raw_server, caplog):
    with pytest.raises(UpstreamError, match="wrong_session"):
        agi_at(raw_server(says(200, AGI | {"session_id": "other"})).address).look_up(ID)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_agi_ids_are_the_same_in_capitals_and_small_letters(raw_server):
    record = agi_at(raw_server(says(200, AGI)).address).look_up(ID.upper())
    assert record.session_id == ID.upper()


AGI_RESUMES = {
    "T29 success is true": (says(200, {"success": True, "message": "m"}), "ok", ""),
    "T29 success without a message": (says(200, {"success": True}), "ok", ""),
    "T29 success is false": (
        says(200, {"success": False, "message": "agent is gone"}),
        "rejected",
        "refused",
    ),
    "T29 success is a text": (says(200, {"success": "true"}), "unknown", "unrecognised"),
    "T29 success is 1": (says(200, {"success": 1}), "unknown", "unrecognised"),
    "T29 success is null": (says(200, {"success": None}), "unknown", "unrecognised"),
    "T29 success is null, with the code": (
        says(200, {"success": None, "code": "not_paused"}),
        *("unknown", "unrecognised"),
    ),
    "T29 success is missing": (says(200, {"message": "resumed"}), "unknown", "unrecognised"),
    "T29 success, yet with not_paused": (
        says(200, {"success": True, "message": "was not_paused"}),
        "ok",
        "",
    ),
    "T29 false with the code": (says(200, {"success": False, "code": "not_paused"}), "already", ""),
    "T29 false with the text": (
        says(200, {"success": False, "message": "session not_paused"}),
        "already",
        "",
    ),
    "T29 400 with the code": (
        says(400, {"error": {"code": "not_paused", "message": "m"}}),
        "already",
        "",
    ),
    "T29 400 with it in capitals": (
        says(400, {"error": {"code": "SESSION_NOT_PAUSED"}}),
        "already",
        "",
    ),
    "T29 400 with the text in capitals": (says(400, {"detail": "NOT_PAUSED"}), "already", ""),
    "T29 400 with the bare code": (says(400, {"error": "not_paused"}), "already", ""),
    "T29 409 with session_not_paused": (
        says(409, {"detail": {"code": "session_not_paused"}}),
        "already",
        "",
    ),
    "T29 400 with the text": (says(400, {"detail": "Error: session is not_paused"}), "already", ""),
    "T29 400 with plain text": (says(400, b"not_paused", kind="text/plain"), "already", ""),
    "T29 500 with the text": (says(500, {"detail": "not_paused"}), "already", ""),
    "T29 400 that says it in other words": (
        says(400, {"detail": "Session is not paused"}),
        "rejected",
        "refused",
    ),
    "T29 404 with the text": (says(404, {"detail": "not_paused"}), "rejected", "not_found"),
    "T29 401 with the text": (says(401, {"detail": "not_paused"}), "rejected", "refused_key"),
    "T29 429 with the text": (says(429, {"detail": "not_paused"}), "rejected", "rate_limited"),
    "T29 502 with the text": (
        says(502, b"not_paused", kind="text/html"),
        "unknown",
        "server_error",
    ),
    "T29 302 with the text": (says(302, b"not_paused", kind="text/html"), "unknown", "redirected"),
    "T29 201 with the text": (
        says(201, {"success": False, "code": "not_paused"}),
        "unknown",
        "unrecognised",
    ),
    "T21 another session": (
        says(200, {"success": True, "session_id": "x"}),
        "unknown",
        "wrong_session",
    ),
}


@pytest.mark.parametrize("behaviour, result, kind", AGI_RESUMES.values(), ids=AGI_RESUMES)
def test_agi_resume_is_a_success_only_when_success_is_literally_true(
    raw_server, behaviour, result, kind
):
    server = raw_server(behaviour)
    answer = agi_at(server.address).resume(ID)
    assert (answer.result, answer.failure) == (result, kind)
    assert answer.paused is (False if result == "already" else None)
    assert len(server.requests) == 1


def test_t29_an_id_that_contains_not_paused_does_not_turn_a_refusal_into_already(raw_server):
    server = raw_server(says(400, {"detail": "session x_not_paused_x is in use"}))
    assert agi_at(server.address).resume("x_not_paused_x").result == "rejected"


def test_t29_an_id_in_other_capitals_does_not_either(raw_server):
    server = raw_server(says(400, {"detail": "session X_NOT_PAUSED_X is in use"}))
    assert agi_at(server.address).resume("x_not_paused_x").result == "rejected"


def test_t29_the_exact_code_counts_whatever_the_id_is(raw_server):
    server = raw_server(says(400, {"error": {"code": "not_paused", "message": "m"}}))
    assert agi_at(server.address).resume("not_paused").result == "already"


def test_agi_list_returns_readable_entries_and_counts_the_others(raw_server):
    bad = [3, None, {}, AGI | {"session_id": "../x"}, AGI | {"status": 1}, AGI | {"session_id": 5}]
    other = AGI | {
        "session_id": "second",
        "status": "running",
        "vnc_url": "https://vnc.example/secret",
    }
    listing = agi_at(raw_server(says(200, [AGI, *bad, other])).address).list_sessions()
    assert [(record.session_id, record.paused) for record in listing.sessions] == [
        (ID, True),
        ("second", False),
    ]
    assert listing.unreadable == len(bad)
    assert "vnc" not in repr(listing)


def test_agi_list_has_a_size_limit_of_its_own(raw_server, settings):
    many = [AGI | {"session_id": f"s{number}"} for number in range(4000)]
    server = raw_server(says(200, many))
    assert len(as_json(many)) > settings.UPSTREAM_BODY_BYTES
    assert len(agi_at(server.address).list_sessions().sessions) == 4000
    settings.UPSTREAM_LIST_BYTES = len(as_json(many)) - 1
    with pytest.raises(UpstreamError, match="too_large"):
        agi_at(server.address).list_sessions()


@pytest.mark.parametrize("body, kind", [({"sessions": []}, "unrecognised"), (b"[", "unreadable")])
def test_agi_list_that_is_no_list_is_an_error(raw_server, body, kind):
    with pytest.raises(UpstreamError, match=kind):
        agi_at(raw_server(says(200, body)).address).list_sessions()


def test_agi_list_with_a_refused_key_is_an_error(raw_server):
    with pytest.raises(UpstreamError, match="refused_key"):
        agi_at(raw_server(says(401, {"detail": "no"})).address).list_sessions()
