"""Records what a reading of an agent's messages says of its task. Nothing that was said is stored.

reading.py claims `polled_at`, reports.py sets `reported_at`; all the rest is written here alone.
"""

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from pingadmin.remote_sessions.conversation.waiting import OVER_STATES
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from pingadmin.remote_sessions.recording.observations import mark_session_changed
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import Conversation

# After these kinds of messages no earlier question waits any more.
_ANSWERING_KINDS = {"USER", "DONE", "ERROR"}


@transaction.atomic
def record_conversation(session: RemoteSession, conversation: Conversation) -> AgentTask:
    """Records how the task stands. The conversation may hold later messages alone.

    Something older than what is known changes nothing.
    """
    task = _lock_task(session)
    if task.answered_at and task.answered_at > conversation.answered_at:
        return task
    was_waiting = task.waiting_since is not None
    is_answered = any(
        message.id > task.newest_id and message.kind in _ANSWERING_KINDS
        for message in conversation.messages
    )
    is_other_wait = _follow_messages(task, conversation)
    # A paused task is called waiting too; only an open question makes it wait for an answer. Of one
    # that isn't paused, what could not be read or was left out may be one.
    may_be_unseen = conversation.unreadable > 0 or (conversation.was_cut and not is_answered)
    has_question = (
        task.question_id is not None
        or (may_be_unseen and not (session.paused_reported or session.state == "paused"))
        # Later messages alone don't show an unseen one again.
        or (was_waiting and not is_answered)
    )
    if not (conversation.is_waiting and has_question):
        task.waiting_since = task.reported_at = None
    elif is_other_wait or not was_waiting:
        task.waiting_since, task.reported_at = conversation.answered_at, None
    task.execution_state = conversation.execution_state
    task.answered_at = conversation.answered_at
    task.failure, task.failed_at = "", None
    task.save()
    if was_waiting != (task.waiting_since is not None) or is_other_wait:
        mark_session_changed(session)
    return task


@transaction.atomic
def record_answered(session: RemoteSession) -> None:
    """Ends the wait for a question that we answered, or whose task we cancelled.

    The next reading would end it too; until then people would be told of a wait that is over.
    """
    task = _lock_task(session)
    was_waiting = task.waiting_since is not None
    task.question_id = task.waiting_since = task.reported_at = None
    task.save(update_fields=["question_id", "waiting_since", "reported_at"])
    if was_waiting:
        mark_session_changed(session)


@transaction.atomic
def record_reading_failure(session: RemoteSession, error: UpstreamError) -> AgentTask:
    """Records that the messages could not be read. What was known of the task stays.

    A session that the upstream no longer knows waits for nobody.
    """
    task = _lock_task(session)
    task.failure, task.failed_at = error.kind, timezone.now()
    if error.kind == "not_found" and task.waiting_since:
        task.waiting_since = task.reported_at = None
        mark_session_changed(session)
    task.save(update_fields=["failure", "failed_at", "waiting_since", "reported_at"])
    return task


def end_vain_waits(alias: str) -> None:
    """Ends the waits of an account's sessions that were seen over since, or are no longer known.

    Nobody reads their messages any more, so nothing else would end them.
    """
    is_over = Q(session__state__in=OVER_STATES, session__last_seen_at__gte=F("answered_at")) | Q(
        session__failure="not_found"
    )
    vain = AgentTask.objects.waiting().in_account(alias).filter(is_over)
    keys = list(vain.values_list("pk", flat=True))
    if keys:
        AgentTask.objects.filter(pk__in=keys).update(waiting_since=None, reported_at=None)


def _lock_task(session: RemoteSession) -> AgentTask:
    AgentTask.objects.get_or_create(session=session)
    return AgentTask.objects.select_for_update().get(session=session)


def _follow_messages(task: AgentTask, conversation: Conversation) -> bool:
    """Moves the ids on. Returns whether a question was answered and another one asked since."""
    was_answered = False
    for message in conversation.messages:
        if message.id <= task.newest_id:
            continue
        task.newest_id = message.id
        if message.kind in _ANSWERING_KINDS:
            was_answered, task.question_id = True, None
        elif message.kind == "QUESTION":
            task.question_id = message.id
    return was_answered and task.question_id is not None
