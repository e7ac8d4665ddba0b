"""Reads what was said in an agent's session, for somebody who looks at it now.

What was said is handed to the caller and stored nowhere; of the task, see recording.py.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from django.db.models import Q
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.conversation.recording import (
    record_conversation,
    record_reading_failure,
)
from pingadmin.remote_sessions.lookup.look_up import count_look_ups_of
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import Conversation

# Where no collector reads a session that is open on a page, the page's polls do it this often.
POLL_READS_AFTER = timedelta(seconds=30)
# All open pages of a session together have its messages read no more often than this.
POLL_READS_APART = timedelta(seconds=5)


@dataclass(frozen=True)
class Reading:
    """How one reading ended. conversation: None where it failed; error: why, None otherwise."""

    task: AgentTask
    conversation: Conversation | None = None
    error: UpstreamError | None = None

    @property
    def version(self) -> str:
        """What a poll compares; "" where a message is still growing, so that nothing equals it."""
        messages = self.conversation.messages if self.conversation else ()
        return "" if any(message.is_growing for message in messages) else task_version(self.task)


def task_version(task: AgentTask) -> str:
    """Changes with all that is known of a task, except its age."""
    content = (task.execution_state, task.newest_id, task.waiting_since, task.failure)
    return f"{crc32(repr(content).encode()):08x}"


def read_for_person(session: RemoteSession, *, by: Actor) -> Reading:
    """Reads a session that a person opened; counts as one of their look-ups.

    Raises LimitReached and UnknownAlias.
    """
    upstream.api_for(session.alias)
    count_look_ups_of(by, 1)
    return _read(session)


def read_for_poll(session: RemoteSession, *, have: str) -> Reading | None:
    """Reads for a page that stays open; None where nothing changed since the version that it has.

    As a rule our own database answers that, which the collector keeps current. Raises UnknownAlias.
    """
    now = timezone.now()
    task = AgentTask.objects.filter(session=session).first()
    if task:
        if task_version(task) == have and _newest_attempt(task) > now - POLL_READS_AFTER:
            return None
        may_read = Q(polled_at=None) | Q(polled_at__lte=now - POLL_READS_APART)
        if not AgentTask.objects.filter(may_read, pk=task.pk).update(polled_at=now):
            return None
    reading = _read(session)
    return None if reading.version == have else reading


def _newest_attempt(task: AgentTask) -> datetime:
    moments = [moment for moment in (task.answered_at, task.failed_at) if moment]
    return max(moments, default=datetime.min.replace(tzinfo=timezone.get_default_timezone()))


def _read(session: RemoteSession) -> Reading:
    try:
        conversation = upstream.api_for(session.alias).read_conversation(session.session_id)
    except UpstreamError as error:
        return Reading(record_reading_failure(session, error), error=error)
    return Reading(record_conversation(session, conversation), conversation)
