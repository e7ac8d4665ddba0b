"""One message for each time that an agent begins to wait, and nothing of what it asks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.collector.maintenance import notify, report_agents
from pingadmin.notifications.make import make_new
from pingadmin.notifications.models import Notification
from pingadmin.notifications.wording import text_of
from pingadmin.remote_sessions.models import AgentTask
from tests.factories import AgentTaskFactory, RemoteSessionFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


@pytest.fixture(autouse=True)
def switched_on(webhook):
    webhook()
    make_new()


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)


def notify_all() -> None:
    report_agents()
    while notify():
        pass


def test_a_wait_is_reported_once(webhook):
    task = AgentTaskFactory(waiting_since=ago(30))
    notify_all()
    notify_all()
    message = Notification.objects.get()
    assert (message.reason, message.session_id) == ("waiting", task.session.session_id)
    text = text_of(message)
    assert text.startswith(f"*An agent waits for an answer*: agi {task.session.session_id}, seen ")
    assert text.endswith(f"https://panel.example/sessions/agi/{task.session.session_id}/")


def test_another_wait_of_the_same_agent_is_another_message():
    task = AgentTaskFactory(waiting_since=ago(30))
    notify_all()
    AgentTask.objects.update(waiting_since=ago(1), reported_at=None)
    notify_all()
    assert Notification.objects.filter(session_id=task.session.session_id).count() == 2


def test_whoever_found_it_first_reports_it_alone(monkeypatch):
    from pingadmin.remote_sessions.conversation import reports

    task = AgentTaskFactory(waiting_since=ago(30))
    reports._report(task)
    reports._report(task)
    assert AuditEvent.objects.filter(action="agent_waiting").count() == 1


def test_paused_sessions_and_old_reports_are_no_news():
    paused = RemoteSessionFactory(
        alias="agi", state="paused", paused_reported=True, paused_reported_at=ago(1)
    )
    AgentTaskFactory(session=paused, waiting_since=ago(30))
    AgentTaskFactory(waiting_since=ago(900), answered_at=ago(600))
    notify_all()
    assert not Notification.objects.exists()
