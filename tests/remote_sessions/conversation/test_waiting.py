"""When a session counts as waiting for an answer, and what of a conversation is recorded."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.remote_sessions.conversation.recording import (
    record_conversation,
    record_reading_failure,
)
from pingadmin.remote_sessions.conversation.waiting import judge_waiting
from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.models import AgentTask
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import Conversation, ConversationMessage
from tests.factories import AgentTaskFactory, RemoteSessionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

WAITING = "waiting_for_input"


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


def judge(session, *, waiting_since=None, answered_at=None):
    now = timezone.now()
    paused = build_card(session, now=now).paused
    return judge_waiting(
        session, paused=paused, waiting_since=waiting_since, answered_at=answered_at, now=now
    )


def said(*messages: tuple[int, str], state: str = WAITING, **facts) -> Conversation:
    """A conversation of messages with these ids and kinds, answered now."""
    quoted = tuple(ConversationMessage(number, kind, "x", None) for number, kind in messages)
    return Conversation(state, quoted, facts.pop("answered_at", timezone.now()), **facts)


def make_agent(state: str = "running", *, seen: float = 5, **facts):
    return RemoteSessionFactory(alias="agi", state=state, first_seen_at=ago(seen), **facts)


def test_a_running_session_whose_task_waits_is_waiting():
    verdict = judge(make_agent(), waiting_since=ago(300), answered_at=ago(2))
    assert verdict.is_waiting and not verdict.is_doubted
    assert not judge(make_agent(), answered_at=ago(2)).is_waiting


def test_an_old_report_of_a_wait_is_doubted():
    assert judge(make_agent(), waiting_since=ago(300), answered_at=ago(120)).is_doubted


@pytest.mark.parametrize("state", ["finished", "completed", "error", "terminated"])
def test_a_session_that_was_seen_over_since_waits_no_more(state):
    assert not judge(make_agent(state, seen=1), waiting_since=ago(9), answered_at=ago(5)).is_waiting
    assert judge(make_agent(state, seen=9), waiting_since=ago(9), answered_at=ago(5)).is_waiting


def test_nobody_waits_where_nobody_can_answer(settings):
    facts = {"waiting_since": ago(9), "answered_at": ago(5)}
    assert not judge(make_agent(failure="not_found"), **facts).is_waiting
    session = make_agent()
    settings.UPSTREAMS = {}
    assert not judge(session, **facts).is_waiting


def test_a_paused_session_waits_for_whoever_resumes_it():
    paused = make_agent("paused", paused_reported=True, paused_reported_at=ago(1))
    assert not judge(paused, waiting_since=ago(9), answered_at=ago(0)).is_waiting


def test_a_session_whose_own_state_says_so_waits_until_its_messages_say_otherwise():
    session = make_agent(WAITING, seen=5)
    assert judge(session).is_waiting and judge(session).since is None
    assert judge(session, answered_at=ago(9)).is_waiting
    assert not judge(session, answered_at=ago(1)).is_waiting


def test_a_question_begins_a_wait_and_an_answer_ends_it():
    session = make_agent()
    task = record_conversation(session, said((1, "THOUGHT"), (2, "QUESTION")))
    assert task.waiting_since == task.answered_at
    since = task.waiting_since
    assert record_conversation(session, said()).waiting_since == since
    task = record_conversation(session, said((3, "USER"), state="running"))
    assert (task.waiting_since, task.question_id, task.newest_id) == (None, None, 3)


def test_another_question_after_an_answer_is_another_wait():
    session = make_agent()
    first = record_conversation(session, said((1, "QUESTION")))
    AgentTask.objects.update(reported_at=timezone.now())
    second = record_conversation(session, said((2, "USER"), (3, "QUESTION")))
    assert second.waiting_since > first.waiting_since and second.reported_at is None
    AgentTask.objects.update(reported_at=timezone.now())
    repeated = record_conversation(session, said((4, "QUESTION")))
    assert repeated.waiting_since == second.waiting_since and repeated.reported_at


def test_a_paused_task_without_a_question_does_not_wait_for_an_answer():
    task = record_conversation(make_agent(), said((1, "THOUGHT")))
    assert task.execution_state == WAITING and task.waiting_since is None


@pytest.mark.parametrize("facts", [{"unreadable": 1}, {"was_cut": True}])
def test_a_question_that_could_not_be_read_or_was_left_out_may_be_one(facts):
    session = make_agent()
    since = record_conversation(session, said((7, "LOG"), **facts)).waiting_since
    assert since
    # Later messages alone don't show it again.
    assert record_conversation(session, said((8, "LOG"))).waiting_since == since
    assert record_conversation(session, said((9, "USER"), state="running")).waiting_since is None


@pytest.mark.parametrize("facts", [{"unreadable": 1}, {"was_cut": True}])
def test_a_paused_task_is_called_waiting_whatever_was_left_out(facts):
    session = make_agent("paused", paused_reported=True, paused_reported_at=ago(1))
    assert record_conversation(session, said((7, "LOG"), **facts)).waiting_since is None


def test_what_was_left_out_before_an_answer_is_no_open_question():
    task = record_conversation(make_agent(), said((7, "USER"), (8, "LOG"), was_cut=True))
    assert task.waiting_since is None


def test_an_answer_that_was_overtaken_changes_nothing():
    session = make_agent()
    record_conversation(session, said((1, "QUESTION")))
    late = said((1, "THOUGHT"), state="running", answered_at=ago(30))
    assert record_conversation(session, late).waiting_since


def test_a_failure_keeps_what_was_known_and_the_next_answer_ends_it():
    session = make_agent()
    record_conversation(session, said((1, "QUESTION")))
    task = record_reading_failure(session, UpstreamError("timed_out", sent=True))
    assert (task.failure, bool(task.failed_at), bool(task.waiting_since)) == (
        "timed_out",
        True,
        True,
    )
    task = record_conversation(session, said())
    assert (task.failure, task.failed_at) == ("", None) and task.waiting_since


def test_open_boards_learn_of_a_wait_and_of_its_end_and_of_nothing_else():
    session = make_agent(seen=60)

    def has_changed() -> bool:
        before = session.changed_at
        session.refresh_from_db()
        return session.changed_at > before

    record_conversation(session, said((1, "QUESTION")))
    assert has_changed()
    record_conversation(session, said((2, "LOG")))
    assert not has_changed()
    record_conversation(session, said((3, "USER"), state="running"))
    assert has_changed()


def test_a_task_is_named_by_its_state():
    assert str(AgentTaskFactory(execution_state="finished")).endswith(": finished")
