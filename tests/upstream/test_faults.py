"""What both systems' clients make of every fault of an upstream, over real sockets."""

from time import monotonic

import pytest

from pingadmin.upstream.errors import UpstreamError
from tests.support.processes import until
from tests.support.raw_server import hangs, resets_after, says, sends
from tests.support.upstream_clients import (
    AGI_KEY,
    ENVELOPE,
    GOOD,
    ID,
    PING_KEY,
    SESSION,
    SYSTEMS,
    look_up_kind,
)
from tests.support.upstream_faults import CASES, HTML, TIMED_OUT

every_case = pytest.mark.parametrize("behaviour, look_up, resume", CASES.values(), ids=CASES)


@SYSTEMS
@every_case
def test_a_look_up_ends_in_a_record_or_one_kind_of_failure(
    raw_server, seconds_for_answer, api_at, behaviour, look_up, resume
):
    if look_up == TIMED_OUT[0]:
        seconds_for_answer(0.3)
    server = raw_server(behaviour)
    kind, requests = look_up
    assert look_up_kind(api_at(server.address)) == kind
    assert until(lambda: len(server.requests) == requests)


@SYSTEMS
@every_case
def test_a_resume_is_sent_once_and_claims_nothing_unknown(
    raw_server, seconds_for_answer, api_at, behaviour, look_up, resume
):
    if resume == TIMED_OUT[1]:
        seconds_for_answer(0.3)
    server = raw_server(behaviour)
    answer = api_at(server.address).resume(ID)
    assert (answer.result, answer.failure) == resume
    assert until(lambda: len(server.requests) == 1)


@SYSTEMS
@pytest.mark.parametrize(
    ("act", "setting"),
    [("look_up", "UPSTREAM_READ_SECONDS"), ("resume", "UPSTREAM_WRITE_SECONDS")],
)
def test_the_time_of_a_call_counts_from_its_beginning(
    raw_server, settings, deadlines, api_at, act, setting
):
    setattr(settings, setting, 20)
    api = api_at(raw_server(says(200, SESSION)).address)
    began = monotonic()
    getattr(api, act)(ID)
    assert began + 20 <= deadlines[0] <= monotonic() + 20


@SYSTEMS
@pytest.mark.parametrize(
    "first",
    [
        resets_after(),
        resets_after(GOOD[:-10]),
        *(says(status, HTML) for status in (500, 502, 503, 504)),
    ],
    ids=["reset", "reset in the body", "500", "502", "503", "504"],
)
def test_a_look_up_survives_one_failure(raw_server, api_at, first):
    server = raw_server(first, sends(GOOD))
    assert look_up_kind(api_at(server.address)) == "ok"
    assert len(server.requests) == 2


@SYSTEMS
def test_t16_a_redirect_elsewhere_is_not_followed_and_the_key_does_not_go_there(raw_server, api_at):
    elsewhere = raw_server(sends(GOOD))
    server = raw_server(says(307, b"", f"Location: {elsewhere.address}/sessions/{ID}"))
    api = api_at(server.address)
    assert look_up_kind(api) == "redirected"
    assert api.resume(ID).result == "unknown"
    assert elsewhere.connections == 0


@SYSTEMS
def test_t17_the_beginning_of_an_error_page_is_kept_as_text(raw_server, api_at):
    server = raw_server(says(502, b"<html>\r\n\x1b[31m" + b"x" * 500, kind="text/html"))
    answer = api_at(server.address).resume(ID)
    assert answer.message.startswith("<html>  \ufffd[31mxxx")
    assert len(answer.message) == 200


@SYSTEMS
def test_t22_a_refusal_carries_the_upstreams_own_code_and_message(raw_server, api_at):
    answer = api_at(raw_server(says(400, ENVELOPE)).address).resume(ID)
    assert (answer.status, answer.code, answer.message) == (400, "some_code", "Some <b>message</b>")


LISTED = {
    "FastAPI": {"detail": [{"loc": ["body"], "msg": "field required"}, {"msg": "too long"}]},
    "errors": {"errors": [{"message": "field required"}, {"message": "too long"}]},
    "texts": {"errors": ["field required", "too long", 4, None, {}]},
}


@SYSTEMS
@pytest.mark.parametrize("body", LISTED.values(), ids=LISTED)
def test_a_list_of_faults_is_read(raw_server, api_at, body):
    answer = api_at(raw_server(says(422, body)).address).resume(ID)
    assert (answer.result, answer.message) == ("rejected", "field required; too long")


@SYSTEMS
def test_text_that_was_cut_says_so(raw_server, api_at):
    answer = api_at(raw_server(says(400, {"error": {"message": "m" * 201}})).address).resume(ID)
    assert answer.message == "m" * 199 + "…"
    answer = api_at(raw_server(says(400, {"error": {"message": "m" * 200}})).address).resume(ID)
    assert answer.message == "m" * 200


@SYSTEMS
def test_t23_a_refused_key_never_opens_the_circuit(raw_server, api_at):
    server = raw_server(says(401, ENVELOPE))
    api = api_at(server.address)
    assert [look_up_kind(api) for _ in range(12)] == ["refused_key"] * 12
    assert len(server.requests) == 12
    assert api.circuit_state().status == "closed"


@SYSTEMS
def test_an_error_holds_no_key_and_no_request(raw_server, api_at):
    api = api_at(
        raw_server(
            says(404, {"error": {"code": "x", "message": f"no {PING_KEY} nor {AGI_KEY}"}})
        ).address
    )
    with pytest.raises(UpstreamError) as caught:
        api.look_up(ID)
    error = caught.value
    assert (error.__cause__, error.__context__) == (None, None)
    key = api.api_key.reveal()
    assert key not in error.message and "***" in error.message
    assert key not in repr(vars(api)) + repr(error) + str(vars(error))


@SYSTEMS
@pytest.mark.parametrize(
    "behaviour", [resets_after(), hangs, sends(b"nonsense")], ids=["reset", "hang", "nonsense"]
)
def test_an_error_does_not_carry_the_request(raw_server, seconds_for_answer, api_at, behaviour):
    seconds_for_answer(0.3)
    with pytest.raises(UpstreamError) as caught:
        api_at(raw_server(behaviour).address).look_up(ID)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
