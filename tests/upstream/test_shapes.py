"""What each system's own answers are taken to mean."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.ids import is_session_id
from tests.upstream.conftest import AGI_KEY, PING_KEY, agi_at, ping_at
from tests.upstream.raw_server import as_json, says

ID = "0b9ff1a6-59cb-4b19-a3a9-2f1c6a2f9d10"
PING = {"client_id": "acme", "status": "connected"}
AGI = {"session_id": ID, "agent_name": "agi-0", "status": "paused", "created_at": "2026-11-22T15:00:00+01:00"}
HUGE = b"9" * 5000

# --- T01 to T08: what is no session id never leaves us ---------------------------------------------

BAD_IDS = [
    "", ".", "..", "../admin", "a/../../x", "/", "a/b", "%2e%2e", "a%2fb", "%252f", "..;", "a;b", "a?b",
    "a#b", "a b", "a\\b", "a\x00", "é", "\u202eabc", "\uff11\uff12", "\u0430bc", "\U0001f600", "a\r\nX: y",
    "a\n", "-a", "_a", "a" * 129, "a" * 10_000, "a@b", "{}", "{0}",
]  # fmt: skip


@pytest.mark.parametrize("api_at", [ping_at, agi_at])
@pytest.mark.parametrize("bad_id", BAD_IDS, ids=ascii)
def test_t01_to_t08_what_is_no_session_id_is_never_asked_for(start, api_at, bad_id):
    server = start(says(200, PING))
    api = api_at(server.address)
    with pytest.raises(UpstreamError, match="bad_id") as caught:
        api.look_up(bad_id)
    answer = api.resume(bad_id)
    assert (answer.result, answer.word, caught.value.sent) == ("not_sent", "bad_id", False)
    assert server.connections == 0


@pytest.mark.parametrize("good_id", [ID, "a", "A.b_c~d:e-f", "0" * 128, "1..2"])
def test_session_ids_of_every_documented_shape_pass(start, good_id):
    server = start(says(200, PING))
    assert is_session_id(good_id)
    ping_at(server.address).look_up(good_id)
    assert server.requests[0].path == f"/sessions/{good_id}/status"


# --- Ping ---------------------------------------------------------------------------------------------


def test_ping_is_asked_as_documented(start):
    server = start(says(200, PING), says(200, {"session_id": ID, "paused": False}))
    api = ping_at(server.address + "/customer/v2")
    api.look_up(ID)
    api.resume(ID)
    look_up, resume = server.requests
    assert (look_up.method, look_up.path) == ("GET", f"/customer/v2/sessions/{ID}/status")
    assert (resume.method, resume.path, resume.body) == ("PATCH", f"/customer/v2/sessions/{ID}/resume", b"")
    assert {look_up.headers["authorization"], resume.headers["authorization"]} == {PING_KEY}


def test_ping_look_up_tells_what_was_said_and_no_more(start):
    body = PING | {"duration": 4321, "uploaded_bytes": 0, "downloaded_bytes": 2**63 - 1}
    record = ping_at(start(says(200, body)).address).look_up(ID)
    assert (record.session_id, record.state, record.state_is_known, record.who) == (
        ID,
        "connected",
        True,
        "acme",
    )
    assert (record.duration_seconds, record.uploaded_bytes, record.downloaded_bytes) == (4321, 0, 2**63 - 1)
    assert record.paused is None


def test_ping_counts_that_were_not_reported_stay_unknown(start):
    record = ping_at(start(says(200, PING | {"duration": None})).address).look_up(ID)
    assert (record.duration_seconds, record.uploaded_bytes, record.downloaded_bytes) == (None, None, None)


@pytest.mark.parametrize("state", ["created", "connected", "disconnected"])
def test_ping_states_of_the_documentation_are_known(start, state):
    record = ping_at(start(says(200, PING | {"status": state})).address).look_up(ID)
    assert (record.state, record.state_is_known) == (state, True)


@pytest.mark.parametrize("said, shown", [
    ("Connected", "Connected"), ("active", "active"), ("", ""), ("connected\x00", "connected\ufffd"),
    ("\ud800", "\ufffd"), ("connected ", "connected "), ("x" * 300, "x" * 64),
])  # fmt: skip
def test_t19_t20_ping_states_without_documentation_are_shown_and_not_known(start, said, shown):
    record = ping_at(start(says(200, PING | {"status": said})).address).look_up(ID)
    assert (record.state, record.state_is_known) == (shown, False)


def test_t20_texts_are_made_storable_and_short(start):
    record = ping_at(
        start(says(200, PING | {"client_id": "a\x00b\ud83dc\x1b[31m\r\nd\x85" + "y" * 500})).address
    ).look_up(ID)
    assert record.who.startswith("a\ufffdb\ufffdc\ufffd[31m  d\ufffdyyy")
    assert len(record.who) == 200
    record.who.encode()


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
def test_t19_t20_a_ping_session_that_does_not_fit_is_not_half_believed(start, body):
    with pytest.raises(UpstreamError, match="unrecognised"):
        ping_at(start(says(200, body)).address).look_up(ID)


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
    "400 that only mentions it": (
        says(400, {"error": {"code": "bad_request", "message": "not_paused or not reusable"}}),
        *("rejected", "refused", None),
    ),
    "500 with not_paused": (says(500, {"error": {"code": "not_paused"}}), "unknown", "server_error", None),
}


@pytest.mark.parametrize("behaviour, result, word, paused", PING_RESUMES.values(), ids=PING_RESUMES)
def test_ping_resume_is_a_success_only_when_it_says_so_whole(start, behaviour, result, word, paused):
    server = start(behaviour)
    answer = ping_at(server.address).resume(ID)
    assert (answer.result, answer.word, answer.paused) == (result, word, paused)
    assert len(server.requests) == 1


# --- AGI -----------------------------------------------------------------------------------------------


def test_agi_is_asked_as_documented(start):
    server = start(says(200, AGI), says(200, {"success": True, "message": "m"}), says(200, []))
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
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {AGI_KEY}"}


def test_agi_look_up_tells_the_state_and_keeps_no_link_into_the_desktop(start):
    record = agi_at(start(says(200, AGI | {"vnc_url": "https://vnc.example/secret"})).address).look_up(ID)
    assert (record.state, record.paused, record.who) == ("paused", True, "agi-0")
    assert record.created_at == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)
    assert "vnc" not in repr(record)


@pytest.mark.parametrize("behaviour", [
    says(200, as_json(AGI | {"vnc_url": "https://vnc.example/secret"})[:-1]),
    says(200, {"vnc_url": "https://vnc.example/secret"}),
    says(201, AGI | {"vnc_url": "https://vnc.example/secret"}),
])  # fmt: skip
def test_an_answer_that_was_not_understood_is_not_quoted(start, behaviour):
    api = agi_at(start(behaviour).address)
    with pytest.raises(UpstreamError) as caught:
        api.look_up(ID)
    assert "vnc" not in str(vars(caught.value))
    assert "vnc" not in repr(api.resume(ID))


@pytest.mark.parametrize("state, known, paused", [
    ("initializing", True, False), ("ready", True, False), ("running", True, False), ("paused", True, True),
    ("completed", True, False), ("error", True, False), ("terminated", True, False),
    ("Paused", False, None), ("waiting_for_input", False, None), ("paused\x00", False, None),
])  # fmt: skip
def test_agi_says_paused_only_in_words_of_its_documentation(start, state, known, paused):
    record = agi_at(start(says(200, AGI | {"status": state})).address).look_up(ID)
    assert (record.state_is_known, record.paused) == (known, paused)


@pytest.mark.parametrize("said", [None, "2026-11-22T14:00:00"])
def test_agi_time_without_a_zone_is_no_moment(start, said):
    assert agi_at(start(says(200, AGI | {"created_at": said})).address).look_up(ID).created_at is None


@pytest.mark.parametrize("change", [
    {"status": None}, {"agent_name": 3}, {"created_at": 7}, {"created_at": "yesterday"},
    {"created_at": "0001-01-01T00:00:00+23:59"}, {"session_id": None},
])  # fmt: skip
def test_t19_an_agi_session_that_does_not_fit_is_not_half_believed(start, change):
    with pytest.raises(UpstreamError, match="unrecognised"):
        agi_at(start(says(200, AGI | change)).address).look_up(ID)


def test_t21_agi_answer_about_another_session_is_discarded_and_logged(start, caplog):
    with pytest.raises(UpstreamError, match="wrong_session"):
        agi_at(start(says(200, AGI | {"session_id": "other"})).address).look_up(ID)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_agi_ids_are_one_in_capitals_and_small(start):
    record = agi_at(start(says(200, AGI)).address).look_up(ID.upper())
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
    "T29 success is missing": (says(200, {"message": "resumed"}), "unknown", "unrecognised"),
    "T29 success, yet with not_paused": (says(200, {"success": True, "message": "was not_paused"}), "ok", ""),
    "T29 false with the code": (says(200, {"success": False, "code": "not_paused"}), "already", ""),
    "T29 false with the text": (
        says(200, {"success": False, "message": "session not_paused"}),
        "already",
        "",
    ),
    "T29 400 with the code": (says(400, {"error": {"code": "not_paused", "message": "m"}}), "already", ""),
    "T29 400 with the bare code": (says(400, {"error": "not_paused"}), "already", ""),
    "T29 409 with session_not_paused": (says(409, {"detail": {"code": "session_not_paused"}}), "already", ""),
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
    "T29 502 with the text": (says(502, b"not_paused", kind="text/html"), "unknown", "server_error"),
    "T29 302 with the text": (says(302, b"not_paused", kind="text/html"), "unknown", "redirected"),
    "T29 201 with the text": (says(201, {"success": False, "code": "not_paused"}), "unknown", "unrecognised"),
    "T21 another session": (says(200, {"success": True, "session_id": "x"}), "unknown", "wrong_session"),
}


@pytest.mark.parametrize("behaviour, result, word", AGI_RESUMES.values(), ids=AGI_RESUMES)
def test_agi_resume_is_a_success_only_when_success_is_literally_true(start, behaviour, result, word):
    server = start(behaviour)
    answer = agi_at(server.address).resume(ID)
    assert (answer.result, answer.word) == (result, word)
    assert answer.paused is (False if result == "already" else None)
    assert len(server.requests) == 1


def test_t29_an_id_that_holds_the_words_does_not_make_a_refusal_an_already(start):
    server = start(says(400, {"detail": "session x_not_paused_x is in use"}))
    assert agi_at(server.address).resume("x_not_paused_x").result == "rejected"


def test_agi_list_gives_what_can_be_read_and_counts_what_cannot(start):
    bad = [3, None, {}, AGI | {"session_id": "../x"}, AGI | {"status": 1}, AGI | {"session_id": 5}]
    other = AGI | {"session_id": "second", "status": "running", "vnc_url": "https://vnc.example/secret"}
    listing = agi_at(start(says(200, [AGI, *bad, other])).address).list_sessions()
    assert [(record.session_id, record.paused) for record in listing.sessions] == [
        (ID, True),
        ("second", False),
    ]
    assert listing.unreadable == len(bad)
    assert "vnc" not in repr(listing)


@pytest.mark.parametrize("body, word", [({"sessions": []}, "unrecognised"), (b"[", "unreadable")])
def test_agi_list_that_is_no_list_is_an_error(start, body, word):
    with pytest.raises(UpstreamError, match=word):
        agi_at(start(says(200, body)).address).list_sessions()


def test_agi_list_with_a_refused_key_is_an_error(start):
    with pytest.raises(UpstreamError, match="refused_key"):
        agi_at(start(says(401, {"detail": "no"})).address).list_sessions()


# --- Both ------------------------------------------------------------------------------------------------


def test_t30_systems_that_disagree_are_both_told_each_with_its_own_time(start):
    before = datetime.now(UTC)
    ping = ping_at(start(says(200, PING | {"status": "disconnected"})).address).look_up(ID)
    agi = agi_at(start(says(200, AGI | {"status": "running"})).address).look_up(ID)
    assert (ping.state, agi.state) == ("disconnected", "running")
    assert before <= ping.answered_at <= agi.answered_at


@pytest.mark.parametrize("said, seconds", [
    ("7", 7), ("0", 0), ("86400", 86_400), ("999999999", 86_400), ("99999999999999999999", None),
    ("-5", None), ("soon", None), ("", None), ("7.5", None), ("\u0667".encode().decode("latin-1"), None),
    ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
    ("Fri, 99 Foo 9999 99:99:99 GMT", None),
])  # fmt: skip
@pytest.mark.parametrize("api_at", [ping_at, agi_at])
def test_t25_retry_after_is_seconds_up_to_a_day_or_nothing(start, api_at, said, seconds):
    server = start(says(429, b"", f"Retry-After: {said}"))
    answer = api_at(server.address).resume(ID)
    assert (answer.result, answer.word, answer.retry_after) == ("rejected", "rate_limited", seconds)
    assert len(server.requests) == 1


def test_t25_retry_after_may_be_a_date(start):
    when = datetime.now(UTC) + timedelta(seconds=90)
    server = start(says(429, b"", when.strftime("Retry-After: %a, %d %b %Y %H:%M:%S GMT")))
    with pytest.raises(UpstreamError) as caught:
        ping_at(server.address).look_up(ID)
    assert 60 <= caught.value.retry_after <= 90


def test_skew_is_the_upstreams_date_minus_our_clock(start):
    when = datetime.now(UTC) - timedelta(minutes=10)
    server = start(says(200, PING, when.strftime("Date: %a, %d %b %Y %H:%M:%S GMT")))
    assert -660 < ping_at(server.address).look_up(ID).skew_seconds < -540


@pytest.mark.parametrize("header", ["X: y", "Date: today", "Date: Mon, 32 Jan 2026 00:00:00 GMT"])
def test_skew_without_a_usable_date_is_unknown(start, header):
    assert ping_at(start(says(200, PING, header)).address).look_up(ID).skew_seconds is None


def test_may_own_follows_the_documented_form_or_the_setting(settings):
    agi = agi_at("http://127.0.0.1:1")
    assert agi.may_own(ID) and agi.may_own(ID.upper()) and not agi.may_own("ps-1")
    assert ping_at("http://127.0.0.1:1").may_own("ps-1")
