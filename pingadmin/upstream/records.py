"""What an upstream said, already checked and cleaned. Frozen: nobody improves on an answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Result = Literal["ok", "already", "rejected", "not_sent", "unknown"]


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session as an upstream described it.

    state: the upstream's own word; state_is_known tells whether its documentation has that word.
    who: the client id (Ping) or agent name (AGI). paused: None where the answer does not say.
    Counts are in bytes, duration in seconds, None where not reported.
    answered_at: our clock, UTC, when the answer was whole. skew_seconds: its Date header minus our clock.
    """

    session_id: str
    state: str
    state_is_known: bool
    who: str
    paused: bool | None
    answered_at: datetime
    duration_seconds: int | None = None
    uploaded_bytes: int | None = None
    downloaded_bytes: int | None = None
    created_at: datetime | None = None
    skew_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ResumeAnswer:
    """How one resume call ended. Made for every exit; a resume never raises for the upstream's sake.

    result: ok = it said so, whole and about this session; already = it was not paused; rejected = it clearly
    said no; not_sent = no byte left us; unknown = bytes went out and no trustworthy answer came.
    word: the way it failed (a key of errors.WORDS), empty for ok and already.
    paused: what the answer states about "paused", None where it does not.
    """

    result: Result
    answered_at: datetime
    elapsed_ms: int
    word: str = ""
    status: int | None = None
    code: str = ""
    message: str = ""
    retry_after: int | None = None
    paused: bool | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """The sessions that an upstream lists (only where it can list), in the order it gave.

    unreadable: how many entries we could not read; above 0 the list is not the whole truth, and must say so.
    """

    sessions: tuple[SessionRecord, ...]
    answered_at: datetime
    unreadable: int = 0
