"""A conversation with an agent is read, a message sent and a task cancelled, at the simulator and
at a server that misbehaves.
"""

import json
from datetime import UTC, datetime

import pytest

from pingadmin import upstream
from pingadmin.demo import cast
from pingadmin.upstream import api_for
from pingadmin.upstream.agi import AgiAPI
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.ping import PingAPI
from tests.support.raw_server import hangs, says
from tests.support.upstream_clients import ID, agi_at
from tests.support.upstream_faults import CASES

ACTS = pytest.mark.parametrize(
    ("act", "path"),
    [
        (lambda api, session_id: api.send_message(session_id, "Go ahead"), "message"),
        (lambda api, session_id: api.cancel_task(session_id), "cancel"),
    ],
    ids=["message", "cancel"],
)


@pytest.fixture
def api(simulated_upstreams):
    return api_for("agi")


@pytest.fixture
def asking(simulator):
    """The id of a session whose agent waits for an answer."""
    said = [{"type": "USER", "content": "Buy a printer"}, {"type": "THOUGHT", "content": "Hm"}]
    return simulator.session("agi", messages=said, question="Approve 249 EUR?")


def answer(*entries, **more):
    """A server's whole answer with these messages."""
    return says(200, {"messages": list(entries), "status": "running", "has_agent": True} | more)


def message(**fields):
    return {"id": 1, "type": "THOUGHT", "content": "Hm", "timestamp": None} | fields


def read(raw_server, behaviour, **options):
    return agi_at(raw_server(behaviour).address).read_conversation(ID, **options)


def test_only_agi_can_converse(simulated_upstreams):
    assert (AgiAPI.can_converse, PingAPI.can_converse) == (True, False)
    assert [upstream.can_converse(alias) for alias in ("agi", "ping", "gone")] == [
        True,
        False,
        False,
    ]


def test_a_conversation_is_read_with_the_question_that_waits(api, simulator, asking):
    conversation = api.read_conversation(asking)
    assert (conversation.execution_state, conversation.is_waiting) == ("waiting_for_input", True)
    assert [(each.id, each.kind, each.text) for each in conversation.messages] == [
        (1, "USER", "Buy a printer"),
        (2, "THOUGHT", "Hm"),
        (3, "QUESTION", "Approve 249 EUR?"),
    ]
    assert all(each.sent_at.tzinfo for each in conversation.messages)
    assert conversation.newest_question == conversation.messages[-1]
    assert (conversation.newest_id, conversation.was_cut, conversation.unreadable) == (3, False, 0)
    assert conversation.has_agent is True
    assert [each.id for each in api.read_conversation(asking, after_id=2).messages] == [3]
    assert simulator.calls() == {f"GET /v1/sessions/{asking}/messages": 2}


def test_an_answered_question_waits_no_more(api, asking):
    outcome = api.send_message(asking, "Yes, go ahead")
    assert (outcome.result, outcome.failure, outcome.status) == ("ok", "", 200)
    conversation = api.read_conversation(asking)
    assert conversation.execution_state == "running"
    assert conversation.newest_question is None
    assert conversation.messages[-1].text == "Yes, go ahead"


def test_the_newest_of_two_questions_waits(api, simulator, asking):
    simulator.message(asking, "QUESTION", "Or the cheaper one?")
    simulator.message(asking, "LOG", "waiting")
    assert api.read_conversation(asking).newest_question.text == "Or the cheaper one?"


def test_a_cancelled_task_is_finished_and_its_question_waits_no_more(api, asking):
    assert api.cancel_task(asking).result == "ok"
    conversation = api.read_conversation(asking)
    assert (conversation.execution_state, conversation.newest_question) == ("finished", None)
    record = api.look_up(asking)
    assert (record.state, record.is_known_state, record.paused) == ("finished", True, False)
    again = api.cancel_task(asking)
    assert (again.result, again.failure, again.message) == (
        "rejected",
        "refused",
        "Session has no task to cancel",
    )


def test_a_session_without_messages_has_none(api):
    conversation = api.read_conversation(cast.AGI_RUNNING)
    assert (conversation.messages, conversation.newest_id) == ((), 0)
    assert conversation.newest_question is None


@pytest.mark.parametrize("text", ["", "x" * 10_001])
def test_a_message_of_a_wrong_length_is_not_sent(api, simulator, text):
    outcome = api.send_message(cast.AGI_RUNNING, text)
    assert (outcome.result, outcome.failure) == ("not_sent", "bad_message")
    assert simulator.call_count() == 0


@pytest.mark.parametrize("text", ["x" * 10_000, "“¿Sí?”\n\x00 \ud800"])
def test_a_message_arrives_as_it_was_written(api, simulator, text):
    assert api.send_message(cast.AGI_RUNNING, text).result == "ok"
    path = f"/v1/sessions/{cast.AGI_RUNNING}/messages"
    assert simulator.ask("GET", path).json()["messages"][0]["content"] == text


@ACTS
def test_an_id_that_is_none_is_not_asked_about(api, simulator, act, path):
    assert (act(api, "../x").result, act(api, "../x").failure) == ("not_sent", "bad_id")
    with pytest.raises(UpstreamError, match="bad_id"):
        api.read_conversation("../x")
    assert simulator.call_count() == 0


@ACTS
def test_a_lost_answer_is_unknown_whether_it_was_done_or_not(
    api, simulator, seconds_for_answer, act, path
):
    seconds_for_answer(0.3)
    for after in (True, False):
        simulator.fault("hang", match=f"POST */{path}", after=after, seconds=5)
        outcome = act(api, simulator.session("agi"))
        assert (outcome.result, outcome.failure) == ("unknown", "timed_out")
    assert simulator.call_count(f"/{path}") == 2


@ACTS
def test_where_nobody_listens_nothing_is_sent(act, path):
    outcome = act(agi_at("http://127.0.0.1:9"), ID)
    assert (outcome.result, outcome.failure) == ("not_sent", "unreachable")


@ACTS
@pytest.mark.parametrize("behaviour, look_up, resume", CASES.values(), ids=CASES)
def test_an_act_is_sent_once_and_claims_nothing_unknown(
    raw_server, seconds_for_answer, act, path, behaviour, look_up, resume
):
    if resume == ("unknown", "timed_out"):
        seconds_for_answer(0.3)
    server = raw_server(behaviour)
    outcome = act(agi_at(server.address), ID)
    assert (outcome.result, outcome.failure) == resume
    assert [(each.method, each.path) for each in server.requests] == [
        ("POST", f"/sessions/{ID}/{path}")
    ]


@ACTS
@pytest.mark.parametrize(
    ("body", "result", "failure"),
    [
        ({"success": True}, "ok", ""),
        ({"success": False, "message": "no"}, "rejected", "refused"),
        ({"success": "true"}, "unknown", "unrecognised"),
        ({"success": 1}, "unknown", "unrecognised"),
        ({"message": "sent"}, "unknown", "unrecognised"),
        ({"success": True, "session_id": "x"}, "unknown", "wrong_session"),
    ],
)
def test_an_act_is_a_success_only_when_success_is_literally_true(
    raw_server, act, path, body, result, failure
):
    outcome = act(agi_at(raw_server(says(200, body)).address), ID)
    assert (outcome.result, outcome.failure, outcome.paused) == (result, failure, None)


@ACTS
def test_fastapis_errors_are_quoted(raw_server, act, path):
    faults = [{"loc": ["body", "message"], "msg": "Field required", "type": "missing"}]
    server = raw_server(says(422, {"detail": faults}), says(403, {"detail": "Not yours"}))
    api = agi_at(server.address)
    outcomes = [act(api, ID), act(api, ID)]
    assert [(each.result, each.code, each.message) for each in outcomes] == [
        ("rejected", "", "Field required"),
        ("rejected", "", "Not yours"),
    ]


def test_not_paused_is_understood_in_fastapis_error(api):
    outcome = api.resume(cast.AGI_RUNNING)
    assert (outcome.result, outcome.message) == ("already", "not_paused: Session is not paused")


# --- Hostile conversations ------------------------------------------------------------------------


def test_a_message_is_sent_as_json_with_its_type(raw_server):
    server = raw_server(says(200, {"success": True}))
    agi_at(server.address).send_message(ID, "Go")
    (request,) = server.requests
    assert json.loads(request.body) == {"message": "Go"}
    assert request.headers["content-type"] == "application/json"


def test_odd_messages_are_counted_and_hide_nothing(api, simulator, asking):
    simulator.fault("odd_messages", match="GET */messages")
    conversation = api.read_conversation(asking)
    assert [each.id for each in conversation.messages] == [1, 2, 3]
    assert conversation.unreadable == 7


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "garbage"}, "unreadable"),
        ({"kind": "html", "status": 200}, "unreadable"),
        ({"kind": "html", "times": 2}, "server_error"),
        ({"kind": "status", "status": 500, "times": 2}, "server_error"),
        ({"kind": "status", "status": 404}, "not_found"),
        ({"kind": "huge", "bytes": 5_000_000}, "unrecognised"),
        ({"kind": "huge", "bytes": 9_000_000}, "too_large"),
        ({"kind": "hang", "seconds": 5}, "timed_out"),
    ],
)
def test_a_conversation_that_cannot_be_read_is_one_kind_of_failure(
    api, simulator, seconds_for_answer, asking, fault, kind
):
    if kind == "timed_out":
        seconds_for_answer(0.3)
    simulator.fault(match="GET */messages", **fault)
    with pytest.raises(UpstreamError, match=kind):
        api.read_conversation(asking)


def test_of_5_mb_the_newest_are_kept_and_it_says_so(api, simulator, settings, asking):
    simulator.message(asking, "LOG", "x" * 9_900, count=500)
    simulator.message(asking, "QUESTION", "Still there?")
    conversation = api.read_conversation(asking)
    assert conversation.was_cut
    assert conversation.newest_question.text == "Still there?"
    kept = sum(len(each.text) for each in conversation.messages)
    assert settings.UPSTREAM_BODY_BYTES - 20_000 < kept < settings.UPSTREAM_BODY_BYTES
    ids = [each.id for each in conversation.messages]
    assert ids == list(range(ids[0], 505))
    assert not api.read_conversation(asking, after_id=ids[0]).was_cut


def test_very_many_empty_messages_are_cut_too(raw_server):
    conversation = read(raw_server, answer(*(message(id=n, content="") for n in range(5000))))
    assert conversation.was_cut
    assert len(conversation.messages) < 2000


@pytest.mark.parametrize(
    "change",
    [{"messages": None}, {"messages": {}}, {"status": None}, {"status": 3}],
)
def test_an_answer_without_messages_or_state_is_refused_whole(raw_server, change):
    with pytest.raises(UpstreamError, match="unrecognised"):
        read(raw_server, answer(message(), **change))


def test_an_answer_about_another_session_is_refused(raw_server):
    with pytest.raises(UpstreamError, match="wrong_session"):
        read(raw_server, answer(message(), session_id="x"))


def test_messages_are_ordered_by_id_and_the_later_of_two_equal_ids_is_kept(raw_server):
    entries = [message(id=2, content="b"), message(id=1), message(id=2, content="c")]
    conversation = read(raw_server, answer(*entries))
    assert [(each.id, each.text) for each in conversation.messages] == [(1, "Hm"), (2, "c")]


CONTENTS = {
    "an object": ({"total": 249, "für": "ü"}, '{"total": 249, "für": "ü"}'),
    "a list": ([{"a": None}], '[{"a": null}]'),
    "line breaks": ("a\r\nb\rc\u2028d\te", "a\nb\nc\nd e"),
    "control characters": ("a\x00\x1b[31m\ud800", "a\ufffd\ufffd[31m\ufffd"),
    "markup": ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    "too long": ("x" * 10_001, "x" * 9_999 + "…"),
    "as long as accepted": ("x" * 10_000, "x" * 10_000),
}


@pytest.mark.parametrize(("content", "text"), CONTENTS.values(), ids=CONTENTS)
def test_content_becomes_clean_text(raw_server, content, text):
    (read_message,) = read(raw_server, answer(message(content=content))).messages
    assert read_message.text == text


@pytest.mark.parametrize(
    ("said", "sent_at"),
    [
        ("2026-11-22T15:00:00+01:00", datetime(2026, 11, 22, 14, tzinfo=UTC)),
        ("2026-11-22T15:00:00", None),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_a_time_that_names_no_moment_is_left_out(raw_server, said, sent_at):
    (read_message,) = read(raw_server, answer(message(timestamp=said))).messages
    assert read_message.sent_at == sent_at


def test_words_that_are_not_documented_are_kept_as_they_are(raw_server):
    conversation = read(
        raw_server,
        answer(message(type="WHISPER\x00", growing=True), status="dreaming", has_agent="yes"),
    )
    assert conversation.execution_state == "dreaming"
    assert (conversation.messages[0].kind, conversation.messages[0].is_growing) == (
        "WHISPER\ufffd",
        True,
    )
    assert conversation.has_agent is None


def test_a_read_that_hangs_ends_in_time(raw_server, seconds_for_answer):
    seconds_for_answer(0.3)
    with pytest.raises(UpstreamError, match="timed_out"):
        read(raw_server, hangs)
