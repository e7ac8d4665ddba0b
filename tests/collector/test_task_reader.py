"""Which agents' tasks are read, how often, and what becomes of it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin import upstream
from pingadmin.collector.models import FeedStatus
from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.pacing import Pacing
from pingadmin.collector.steps.task_reader import TaskReader
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from tests.factories import (
    AgentTaskFactory,
    PresenceFactory,
    RemoteSessionFactory,
    TeamStateFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


@pytest.fixture
def reader():
    return make_reader(Pacing(10_000))


def make_reader(pacing: Pacing) -> TaskReader:
    api = upstream.api_for("agi")
    return TaskReader(api, FeedStatusRecorder(api), pacing)


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


def make_agent(simulator, *, watched: bool = False, state: str = "running", **more):
    session_id = simulator.session("agi", **more)
    session = RemoteSessionFactory(alias="agi", session_id=session_id, state=state)
    if watched:
        TeamStateFactory(session=session, watched_since=ago(60))
    return session


def read_all(reader: TaskReader) -> None:
    reader._next_load_at = 0.0
    while reader.step():
        pass


def asked(simulator) -> set[str]:
    """The ids of the sessions whose messages were asked for."""
    return {name.split("/")[-2] for name in simulator.calls("/messages")}


def test_watched_open_and_waiting_sessions_are_read_and_no_others(reader, simulator):
    watched = make_agent(simulator, watched=True)
    opened, left, other = (make_agent(simulator) for _ in range(3))
    PresenceFactory(session=opened, lease_until=ago(-20))
    PresenceFactory(session=left, lease_until=ago(20))
    waiting = make_agent(simulator, question="Which colour?")
    AgentTaskFactory(session=waiting, waiting_since=ago(60), answered_at=ago(60))
    stated = make_agent(simulator, state="waiting_for_input", status="waiting_for_input")
    read_all(reader)
    wanted = (watched, opened, waiting, stated)
    assert asked(simulator) == {session.session_id for session in wanted}
    assert not AgentTask.objects.filter(session__in=[left, other]).exists()


def test_a_session_that_was_read_lately_is_not_read_again(reader, simulator):
    session = make_agent(simulator, watched=True)
    read_all(reader)
    read_all(reader)
    assert simulator.call_count("/messages") == 1
    AgentTask.objects.filter(session=session).update(answered_at=ago(11))
    read_all(reader)
    assert simulator.call_count("/messages") == 2


def test_sessions_that_are_over_or_gone_are_not_read(reader, simulator):
    make_agent(simulator, watched=True, state="completed")
    gone = make_agent(simulator, watched=True)
    RemoteSession.objects.filter(pk=gone.pk).update(failure="not_found")
    read_all(reader)
    assert simulator.call_count("/messages") == 0


def test_it_finds_a_question_and_its_answer_and_stores_no_text(reader, simulator):
    session = make_agent(simulator, watched=True, question="Which colour?")
    read_all(reader)
    task = AgentTask.objects.get(session=session)
    assert (task.execution_state, task.newest_id) == ("waiting_for_input", 1)
    assert task.waiting_since
    simulator.message(session.session_id, "USER", "Blue")
    AgentTask.objects.update(answered_at=ago(11))
    read_all(reader)
    task.refresh_from_db()
    assert (task.execution_state, task.newest_id, task.waiting_since) == ("running", 2, None)


@pytest.mark.parametrize("facts", [{"state": "terminated"}, {"failure": "not_found"}])
def test_a_wait_ends_with_its_session(reader, simulator, facts):
    session = make_agent(simulator, question="Which colour?")
    task = AgentTaskFactory(session=session, waiting_since=ago(60), answered_at=ago(60))
    RemoteSession.objects.filter(pk=session.pk).update(**facts)
    read_all(reader)
    task.refresh_from_db()
    assert task.waiting_since is None and simulator.call_count("/messages") == 0


def test_a_budget_that_is_spent_leaves_them_due(simulator):
    make_agent(simulator, watched=True)
    make_agent(simulator, watched=True)
    pacing = Pacing(0.001)
    reader = make_reader(pacing)
    read_all(reader)
    assert simulator.call_count("/messages") == 1
    assert not reader.is_idle()


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        ({"kind": "garbage"}, "unreadable"),
        ({"kind": "huge", "bytes": 9_000_000}, "too_large"),
        ({"kind": "status", "status": 404}, "not_found"),
    ],
)
def test_a_failure_is_kept_with_what_was_known_and_rests(reader, simulator, fault, failure):
    session = make_agent(simulator, watched=True, question="Which colour?")
    read_all(reader)
    AgentTask.objects.update(answered_at=ago(60))
    simulator.fault(match="GET */messages", **fault)
    read_all(reader)
    read_all(reader)
    task = AgentTask.objects.get(session=session)
    # Nobody can answer what the system no longer knows.
    assert (task.failure, bool(task.waiting_since)) == (failure, failure != "not_found")
    assert simulator.call_count("/messages") == 2


def test_asked_to_slow_down_the_whole_budget_rests(simulator):
    for _ in range(3):
        make_agent(simulator, watched=True)
    simulator.fault("status", match="GET */messages", status=429, times=0)
    pacing = Pacing(10_000)
    read_all(make_reader(pacing))
    assert simulator.call_count("/messages") == 1 and pacing.take(1) == 0


def test_readings_are_counted_as_polls(reader, simulator):
    make_agent(simulator, watched=True)
    read_all(reader)
    reader._feed.save()
    assert FeedStatus.objects.get(alias="agi").polls == 1


def test_those_that_were_never_read_come_first(simulator):
    AgentTaskFactory(
        session=make_agent(simulator, watched=True), waiting_since=ago(60), answered_at=ago(60)
    )
    never_read = make_agent(simulator, watched=True)
    read_all(make_reader(Pacing(0.001)))
    assert asked(simulator) == {never_read.session_id}


@pytest.mark.process
@pytest.mark.django_db(transaction=True)
def test_a_collector_reads_what_waits_and_reports_it(collectors):
    question = {"status": "waiting_for_input", "question": "Which colour?"}
    session_id = collectors.simulator.session("agi", **question)
    assert collectors.start("--once").wait() == 0
    (task,) = collectors.rows("SELECT * FROM remote_sessions_agenttask")
    assert (task["execution_state"], task["newest_id"]) == ("waiting_for_input", 1)
    (event,) = collectors.rows("SELECT * FROM audit_auditevent WHERE action = 'agent_waiting'")
    assert event["session_id"] == session_id and "colour" not in repr(event)
