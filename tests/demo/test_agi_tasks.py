"""The simulated agents are spoken to, ask, and are followed as AGI publishes it."""

import json
import threading

import pytest

from pingadmin.demo import cast
from tests.support.processes import until

RUNNING = f"/v1/sessions/{cast.AGI_RUNNING}"
PAUSED = f"/v1/sessions/{cast.AGI_PAUSED}"
ENDED = f"/v1/sessions/{cast.AGI_COMPLETED}"
UNKNOWN = f"/v1/sessions/{cast.AGI_UNKNOWN}"


def say(simulator, path, text):
    return simulator.ask("POST", f"{path}/message", json={"message": text})


def read_messages(simulator, path, **query):
    return simulator.ask("GET", f"{path}/messages", params=query).json()


def states(simulator, path):
    """The session's status, and the state of its task."""
    return (
        simulator.ask("GET", path).json()["status"],
        simulator.ask("GET", f"{path}/status").json()["status"],
    )


@pytest.fixture
def asking(simulator):
    """The path of a session whose agent waits for an answer."""
    session_id = simulator.session(
        "agi",
        agent_name="shopper",
        messages=[{"type": "USER", "content": "Buy a printer"}],
        question="Approve 249 EUR?",
    )
    return f"/v1/sessions/{session_id}"


def test_a_question_waits_while_the_session_still_says_running(simulator, asking):
    assert states(simulator, asking) == ("running", "waiting_for_input")
    read = read_messages(simulator, asking)
    assert (read["status"], read["has_agent"]) == ("waiting_for_input", True)
    assert [(each["id"], each["type"], each["content"]) for each in read["messages"]] == [
        (1, "USER", "Buy a printer"),
        (2, "QUESTION", "Approve 249 EUR?"),
    ]
    newer = read_messages(simulator, asking, after_id=1, sanitize="true")
    assert [each["id"] for each in newer["messages"]] == [2]
    assert read_messages(simulator, asking, after_id=10**9)["messages"] == []


def test_a_message_answers_the_question_and_the_task_goes_on(simulator, asking):
    answer = say(simulator, asking, "Yes, go ahead")
    assert (answer.status_code, answer.json()["success"]) == (200, True)
    assert states(simulator, asking) == ("running", "running")
    newest = read_messages(simulator, asking)["messages"][-1]
    assert (newest["type"], newest["content"]) == ("USER", "Yes, go ahead")


def test_cancel_ends_the_task_and_the_session_takes_the_next_one(simulator, asking):
    assert simulator.ask("POST", f"{asking}/cancel").json()["success"] is True
    assert states(simulator, asking) == ("finished", "finished")
    again = simulator.ask("POST", f"{asking}/cancel")
    assert (again.status_code, again.json()) == (400, {"detail": "Session has no task to cancel"})
    assert simulator.ask("POST", f"{asking}/pause").status_code == 400
    assert say(simulator, asking, "Buy paper").status_code == 200
    assert states(simulator, asking) == ("running", "running")


def test_a_message_to_a_paused_session_leaves_it_paused_until_it_is_resumed(simulator, asking):
    simulator.ask("POST", f"{asking}/pause")
    assert say(simulator, asking, "Also check the price").status_code == 200
    assert states(simulator, asking) == ("paused", "waiting_for_input")
    simulator.ask("POST", f"{asking}/resume")
    assert states(simulator, asking) == ("running", "running")


def test_a_question_that_was_not_answered_waits_again_after_a_resume(simulator, asking):
    simulator.ask("POST", f"{asking}/pause")
    simulator.ask("POST", f"{asking}/resume")
    assert states(simulator, asking) == ("running", "waiting_for_input")


def test_a_session_that_is_over_takes_no_message(simulator):
    refused = say(simulator, ENDED, "Hello?")
    assert (refused.status_code, refused.json()) == (400, {"detail": "Session is over"})
    assert read_messages(simulator, ENDED) == {
        "messages": [],
        "status": "finished",
        "has_agent": False,
    }


@pytest.mark.parametrize(
    ("method", "call"), [("GET", "messages"), ("POST", "message"), ("GET", "events")]
)
def test_strangers_and_wrong_keys_are_refused_in_one_envelope(simulator, method, call):
    body = {"message": "Hello"}
    stranger = simulator.ask(method, f"{UNKNOWN}/{call}", json=body)
    assert (stranger.status_code, stranger.json()) == (404, {"detail": "Session not found"})
    wrong_key = {"Authorization": "Bearer wrong"}
    assert (
        simulator.ask(method, f"{RUNNING}/{call}", json=body, headers=wrong_key).status_code == 401
    )


WRONG_MESSAGES = {
    "no JSON": (b"{", "json_invalid", ["body"]),
    "a list": (b"[]", "model_attributes_type", ["body"]),
    "no message": (b"{}", "missing", ["body", "message"]),
    "a number": (b'{"message": 7}', "string_type", ["body", "message"]),
    "empty": (b'{"message": ""}', "string_too_short", ["body", "message"]),
    "too long": (
        json.dumps({"message": "x" * 10_001}).encode(),
        "string_too_long",
        ["body", "message"],
    ),
    "a wrong address": (
        b'{"message": "x", "start_url": 1}',
        "string_type",
        ["body", "start_url"],
    ),
}


@pytest.mark.parametrize(("body", "kind", "place"), WRONG_MESSAGES.values(), ids=WRONG_MESSAGES)
def test_a_wrong_message_is_refused_with_the_place_of_the_fault(simulator, body, kind, place):
    refused = simulator.ask("POST", f"{RUNNING}/message", data=body)
    assert refused.status_code == 422
    (fault,) = refused.json()["detail"]
    assert (fault["type"], fault["loc"]) == (kind, place)
    assert fault["msg"]


def test_the_longest_message_is_taken(simulator):
    assert say(simulator, RUNNING, "x" * 10_000).status_code == 200


@pytest.mark.parametrize("query", ["after_id=x", "after_id=", "sanitize=perhaps"])
def test_a_wrong_parameter_is_refused(simulator, query):
    refused = simulator.ask("GET", f"{RUNNING}/messages?{query}")
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", query.split("=")[0]]


# --- The event stream -----------------------------------------------------------------------------


class Follower:
    """Reads a session's event stream in a thread; `events` grows, `is_over` says it has ended."""

    def __init__(self, simulator, path, **query):
        self.response = simulator.ask("GET", f"{path}/events", params=query, stream=True)
        self.events = []
        self.is_over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        with self.response:
            fields = {}
            for line in self.response.iter_lines(chunk_size=1, decode_unicode=True):
                name, _, value = line.partition(": ")
                if line and name:
                    fields[name] = value
                elif fields:
                    self.events.append((fields["event"], fields.get("id"), fields["data"]))
                    fields = {}
        self.is_over = True

    def kinds(self):
        return [event for event, _, _ in self.events]


def test_a_stream_tells_the_history_then_what_happens_and_ends_with_the_task(simulator, asking):
    follower = Follower(simulator, asking)
    assert follower.response.headers["Content-Type"] == "text/event-stream"
    assert until(lambda: follower.kinds() == ["user", "question"])
    say(simulator, asking, "Yes")
    simulator.ask("POST", f"{asking}/pause")
    simulator.ask("POST", f"{asking}/resume")
    simulator.message(asking.rpartition("/")[2], "DONE", {"order": 7})
    assert until(lambda: follower.is_over)
    assert follower.kinds() == ["user", "question", "user", "paused", "resumed", "done"]
    assert [number for _, number, _ in follower.events] == ["1", "2", "3", None, None, "4"]
    assert json.loads(follower.events[-1][2])["content"] == {"order": 7}


def test_a_stream_without_history_begins_now_and_can_be_filtered(simulator, asking):
    follower = Follower(
        simulator, asking, include_history="false", event_types="question,heartbeat,error"
    )
    say(simulator, asking, "Yes")
    session_id = asking.rpartition("/")[2]
    simulator.message(session_id, "QUESTION", "Which colour?")
    assert until(lambda: follower.kinds() == ["question"])
    simulator.advance(30)
    assert until(lambda: follower.kinds() == ["question", "heartbeat"])
    simulator.message(session_id, "ERROR", "The shop is down")
    assert until(lambda: follower.is_over)
    assert follower.kinds() == ["question", "heartbeat", "error"]


def test_a_stream_of_a_task_that_is_over_ends_at_once(simulator):
    follower = Follower(simulator, ENDED)
    assert until(lambda: follower.is_over)
    assert follower.events == []


def test_a_reset_ends_the_streams(simulator):
    follower = Follower(simulator, RUNNING)
    simulator.reset()
    assert until(lambda: follower.is_over)


def test_a_session_may_say_itself_that_it_waits(simulator):
    path = f"/v1/sessions/{simulator.session('agi', status='waiting_for_input')}"
    assert states(simulator, path) == ("waiting_for_input", "waiting_for_input")
    say(simulator, path, "Go on")
    assert states(simulator, path) == ("running", "running")


def test_the_new_calls_are_counted_without_their_query(simulator):
    read_messages(simulator, PAUSED, after_id=3)
    say(simulator, PAUSED, "Hello")
    assert simulator.calls() == {f"GET {PAUSED}/messages": 1, f"POST {PAUSED}/message": 1}


def test_a_stranger_cannot_be_made_to_speak(simulator):
    with pytest.raises(AssertionError, match="There is no such AGI session"):
        simulator.message(cast.AGI_UNKNOWN, "THOUGHT", "Boo")
