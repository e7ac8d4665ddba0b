"""AGI's own client for Python, which none of us wrote, understands the simulator.

It repeats a request up to three times by itself, so every call here succeeds or is refused.
"""

import pytest
from agi import AGIClient
from agi.exceptions import AGIError, AuthenticationError, NotFoundError

from pingadmin.demo import cast


@pytest.fixture
def sessions(simulator, monkeypatch):
    """The vendor's calls, at the simulator."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with AGIClient(api_key=cast.AGI_KEY, base_url=simulator.url, timeout=30) as client:
        yield client.sessions


@pytest.fixture
def asking(simulator):
    said = [{"type": "USER", "content": "Buy a printer"}]
    return simulator.session("agi", messages=said, question="Approve 249 EUR?")


def test_it_lists_and_gets_sessions(sessions):
    listed = sessions.list()
    assert {each.session_id for each in listed} >= {cast.AGI_RUNNING, cast.AGI_PAUSED}
    got = sessions.get(cast.AGI_PAUSED)
    assert (got.session_id, got.status) == (cast.AGI_PAUSED, "paused")
    assert got.created_at.tzinfo


def test_it_reads_a_question_and_answers_it(sessions, asking):
    assert sessions.get_status(asking).status == "waiting_for_input"
    read = sessions.get_messages(asking)
    assert (read.status, read.has_agent) == ("waiting_for_input", True)
    assert [(each.type, each.content) for each in read.messages] == [
        ("USER", "Buy a printer"),
        ("QUESTION", "Approve 249 EUR?"),
    ]
    assert sessions.send_message(asking, "Yes", start_url="https://shop.invalid/").success
    newer = sessions.get_messages(asking, after_id=2, sanitize=False)
    assert [(each.type, each.content) for each in newer.messages] == [("USER", "Yes")]
    assert sessions.get_status(asking).status == "running"


def test_it_pauses_resumes_and_cancels(sessions, asking):
    assert sessions.pause(asking).success
    assert sessions.get(asking).status == "paused"
    assert sessions.resume(asking).success
    assert sessions.cancel(asking).success
    assert sessions.get_status(asking).status == "finished"
    assert sessions.send_message(asking, "Buy paper").success
    assert sessions.get_status(asking).status == "running"


def test_it_follows_a_task_to_its_end(sessions, simulator, asking):
    followed = []
    for event in sessions.stream_events(asking):
        followed.append((event.event, event.id))
        if event.event == "question":
            simulator.message(asking, "THOUGHT", {"step": 1})
            sessions.cancel(asking)
    assert followed == [("user", "1"), ("question", "2"), ("thought", "3"), ("done", "4")]


def test_it_follows_only_what_it_asks_for(sessions, simulator, asking):
    simulator.message(asking, "ERROR", "The shop is down")
    wanted = sessions.stream_events(asking, event_types=["question", "error"])
    assert [event.event for event in wanted] == ["question", "error"]


def test_it_understands_refusals(sessions, simulator):
    with pytest.raises(NotFoundError, match="Session not found"):
        sessions.get_messages(cast.AGI_UNKNOWN)
    with pytest.raises(AGIError, match="not_paused"):
        sessions.resume(cast.AGI_RUNNING)
    with pytest.raises(AGIError, match="at least 1 character"):
        sessions.send_message(cast.AGI_RUNNING, "")
    with (
        AGIClient(api_key="wrong", base_url=simulator.url) as stranger,
        pytest.raises(AuthenticationError, match="Invalid or missing API key"),
    ):
        stranger.sessions.list()
