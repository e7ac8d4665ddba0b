"""What an upstream answered, checked and cleaned. Frozen: nobody changes an answer afterwards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Result = Literal["ok", "already", "rejected", "not_sent", "unknown"]
LimitKind = Literal["global", "client", "session"]


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session as an upstream described it.

    state: the upstream's own word; is_known_state: whether its documentation has that word.
    client_name: the client id (Ping) or agent name (AGI). paused: None where the answer does not
    say. Counts are in bytes, duration in seconds, None where not reported. answered_at: our clock,
    UTC, when the answer was whole. skew_seconds: its Date header minus our clock.
    """

    session_id: str
    state: str
    is_known_state: bool
    client_name: str
    paused: bool | None
    answered_at: datetime
    duration_seconds: int | None = None
    uploaded_bytes: int | None = None
    downloaded_bytes: int | None = None
    created_at: datetime | None = None
    skew_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """One event of an event stream.

    kind: the upstream's own word for what happened. state: the state that follows from it, in the
    words of a look-up. client_name, counts and duration as in SessionRecord. sequence: its number
    on the stream, None where the stream does not number its events. received_at: our clock, UTC,
    when its bytes arrived; events carry no time of their own.
    """

    session_id: str
    kind: str
    state: str
    client_name: str
    sequence: int | None
    duration_seconds: int | None
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """What an event stream delivered since the last batch, in its order; may be nothing.

    unreadable: how many events did not fit the documentation. dropped: how many were longer than
    accepted, or not in UTF-8. unknown_types: how many had a type that the documentation does not
    have. last_event_id: the newest id that the stream gave, or the one that it was asked to
    continue after. has_bytes: whether anything arrived, if only a comment. received_at: our clock,
    UTC, when the last of it arrived.
    """

    events: list[SessionEvent]
    unreadable: int
    dropped: int
    unknown_types: int
    last_event_id: str
    has_bytes: bool
    received_at: datetime


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """How one call that changes something ended: resume, pause, a message, a cancellation.

    There is one for every exit; the calls raise nothing.

    result: ok = the upstream said so, whole and about this session; already = there was nothing to
    do; rejected = it clearly said no; not_sent = no byte left us; unknown = bytes went out and no
    trustworthy answer came. failure: how it failed (a key of FAILURES), empty for ok and already.
    paused: what the answer states about "paused", None where it does not.
    """

    result: Result
    answered_at: datetime
    elapsed_ms: int
    failure: str = ""
    status: int | None = None
    code: str = ""
    message: str = ""
    retry_after: int | None = None
    paused: bool | None = None


@dataclass(frozen=True, slots=True)
class ConversationMessage:
    """One message of a conversation with an agent.

    id: rises with every message of a session. kind: the upstream's own word, THOUGHT, QUESTION,
    USER, DONE, ERROR, LOG or one that its documentation does not have. text: plain text with line
    feeds, at most 10,000 characters; content that is no text, as JSON. sent_at: UTC, None where
    the upstream gave no time or one that names no moment. is_growing: whether more of it may come.
    """

    id: int
    kind: str
    text: str
    sent_at: datetime | None
    is_growing: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said in a session, oldest first, and the state of its task.

    execution_state: the upstream's own word for the task: running, waiting_for_input, finished,
    error, or one that its documentation does not have. was_cut: whether older messages were left
    out because there were too many. unreadable: how many entries could not be read; above 0 the
    conversation is not complete. has_agent: whether an agent is connected, None where not said.
    answered_at: our clock, UTC.
    """

    execution_state: str
    messages: tuple[ConversationMessage, ...]
    answered_at: datetime
    was_cut: bool = False
    unreadable: int = 0
    has_agent: bool | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether the upstream says that the task waits for somebody."""
        return self.execution_state == "waiting_for_input"

    @property
    def newest_question(self) -> ConversationMessage | None:
        """The newest question that nobody has answered, of the messages here.

        None too where the task has ended since: such a question waits no more.
        """
        for message in reversed(self.messages):
            if message.kind in ("USER", "DONE", "ERROR"):
                return None
            if message.kind == "QUESTION":
                return message
        return None

    @property
    def newest_id(self) -> int:
        """The id to ask for later messages with, 0 where there are none."""
        return self.messages[-1].id if self.messages else 0


@dataclass(frozen=True, slots=True)
class SessionList:
    """The sessions that an upstream lists (only where it can list), in the order it gave.

    unreadable: how many entries could not be read; above 0 the list is not complete.
    """

    sessions: tuple[SessionRecord, ...]
    answered_at: datetime
    unreadable: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upstream allows: globally, to each client, or to each session.

    Sizes are in bytes, speeds in bytes a second, None where there is no such limit. max_sessions
    and max_reconnections: of a client. updated_at: when they were last changed, by the upstream's
    clock. answered_at: our clock, UTC.
    """

    answered_at: datetime
    updated_at: datetime | None = None
    downloaded_bytes: int | None = None
    uploaded_bytes: int | None = None
    download_speed: int | None = None
    upload_speed: int | None = None
    max_sessions: int | None = None
    max_reconnections: int | None = None
