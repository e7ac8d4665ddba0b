"""What a session's page shows of a reading: the task's state, its question and the last steps."""

from dataclasses import dataclass

from django.utils import timezone

from pingadmin.remote_sessions.conversation.reading import Reading
from pingadmin.remote_sessions.conversation.waiting import WAITING_STATE, judge_task
from pingadmin.remote_sessions.display.card import (
    STATE_TONES,
    SessionCard,
    build_card,
    format_state,
)
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.errors import FAILURES
from pingadmin.upstream.records import ConversationMessage

STEPS = 10
EXECUTION_STATES = {"running", WAITING_STATE, "finished", "error"}
_KIND_LABELS = {
    "THOUGHT": "Thought",
    "QUESTION": "Question",
    "USER": "Message to the agent",
    "DONE": "Result",
    "ERROR": "Error",
    "LOG": "Log",
}


@dataclass(frozen=True)
class ConversationPanel:
    """One reading, ready to be shown. Everything that was said is somebody else's text.

    is_paused: whether the session must be resumed before anything continues.
    """

    card: SessionCard
    reading: Reading
    is_waiting: bool
    is_paused: bool

    @property
    def session(self) -> RemoteSession:
        return self.card.session

    @property
    def state(self) -> str:
        return self.reading.task.execution_state

    @property
    def is_known_state(self) -> bool:
        return self.state in EXECUTION_STATES

    @property
    def state_label(self) -> str:
        """The task's state with a capital, or exactly as the upstream wrote it if undocumented."""
        return format_state(self.state) if self.is_known_state else self.state

    @property
    def tone(self) -> str:
        """The colour of the task's state; that of doubt where it could not be read now."""
        if self.reading.error:
            return "failed"
        return STATE_TONES[self.state] if self.is_known_state else "unknown"

    @property
    def failure_sentence(self) -> str:
        """Why nothing could be read, as the second half of a sentence; "" where it could."""
        error = self.reading.error
        return FAILURES.get(error.kind, "couldn’t be asked") if error else ""

    @property
    def question(self) -> "QuotedMessage | None":
        conversation = self.reading.conversation
        message = conversation.newest_question if conversation else None
        return QuotedMessage(message) if message else None

    @property
    def steps(self) -> "list[QuotedMessage]":
        """The last messages, newest first."""
        messages = self.reading.conversation.messages if self.reading.conversation else ()
        return [QuotedMessage(message) for message in reversed(messages[-STEPS:])]

    @property
    def hidden_count(self) -> int:
        """How many messages were read and are not among the steps."""
        messages = self.reading.conversation.messages if self.reading.conversation else ()
        return max(0, len(messages) - STEPS)


@dataclass(frozen=True)
class QuotedMessage:
    """A message as it is quoted: its kind in our words where we have some, its text by lines."""

    message: ConversationMessage

    @property
    def kind_label(self) -> str:
        return _KIND_LABELS.get(self.message.kind, self.message.kind)

    @property
    def lines(self) -> list[str]:
        return self.message.text.split("\n")


def build_conversation_panel(session: RemoteSession, reading: Reading) -> ConversationPanel:
    """The panel for a reading that was made just now. Makes no query."""
    now = timezone.now()
    card = build_card(session, now=now)
    verdict = judge_task(session, reading.task, paused=card.paused, now=now)
    is_paused = card.paused.value == "yes" or session.state == "paused"
    return ConversationPanel(card, reading, verdict.is_waiting, is_paused)
