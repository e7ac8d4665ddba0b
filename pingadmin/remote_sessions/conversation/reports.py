"""Writes into the audit log that an agent began to wait, once for each wait.

The team's notifications are made from the log. It holds nothing of what the agent said.
"""

from django.db import transaction
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.conversation.waiting import judge_task
from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.models import AgentTask


def report_waits() -> None:
    """Reports every wait that is not reported yet. Any number of processes may do this at once."""
    unreported = AgentTask.objects.waiting().filter(reported_at=None)
    for task in unreported.select_related("session"):
        now = timezone.now()
        paused = build_card(task.session, now=now).paused
        verdict = judge_task(task.session, task, paused=paused, now=now)
        # A paused session is resumed first. If its agent still waits then, that is news.
        if verdict.is_waiting and not verdict.is_doubted:
            _report(task)


@transaction.atomic
def _report(task: AgentTask) -> None:
    # The row is the claim: whoever else found the same wait changes none.
    same_wait = AgentTask.objects.filter(
        pk=task.pk, waiting_since=task.waiting_since, reported_at=None
    )
    if task.waiting_since is None or not same_wait.update(reported_at=timezone.now()):
        return
    session = task.session
    trail.append(
        action="agent_waiting",
        phase="event",
        by=Actor.system("collector"),
        alias=session.alias,
        session_id=session.session_id,
        client=session.client_name,
        detail={"waiting_since": task.waiting_since.isoformat(timespec="seconds")},
    )
