"""What may be said about "paused", and with which certainty. Pure.

Ping's status does not show it; only the answers to pause and resume do. AGI shows it in every look-up. So "paused"
is a statement with a source and a time; it is doubted when it is old, when asking fails since, when a
resume or pause was sent whose outcome is not known, and when the event stream told of what may come of one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from pingadmin.remote_sessions.models import RemoteSession

# What may have changed it since: something that was sent, or what the event stream told of.
DOUBTED_BY = {
    "": "a resume or pause was sent since, and its outcome is not known",
    "session_start": "the event stream told of a start since, so it may have been resumed",
    "session_end": "the event stream told of an end since, so it may have been paused",
}


@dataclass(frozen=True)
class PausedVerdict:
    """value: what may be shown as known. grade: how it is known. said, said_at, source: the statement behind it,
    if any. doubt: why a statement is no longer taken as a fact, as half a sentence."""

    value: Literal["yes", "no", "unknown"]
    grade: Literal["stated", "unknown"]
    said: bool | None = None
    said_at: datetime | None = None
    source: str = ""
    doubt: str = ""


def paused_verdict(
    session: RemoteSession, *, now: datetime, status_shows_paused: bool
) -> PausedVerdict:
    """Judge the newest statement about "paused" of a session.

    status_shows_paused: whether each look-up at this system answers the question (AGI yes, Ping no).
    """
    if session.paused_reported is None:
        return PausedVerdict("unknown", "unknown")
    statement = {
        "said": session.paused_reported,
        "said_at": session.paused_reported_at,
        "source": session.get_paused_reported_source_display(),
    }
    doubt = _doubt(session, now=now, status_shows_paused=status_shows_paused)
    if doubt:
        return PausedVerdict("unknown", "unknown", doubt=doubt, **statement)
    return PausedVerdict("yes" if session.paused_reported else "no", "stated", **statement)


def _doubt(session: RemoteSession, *, now: datetime, status_shows_paused: bool) -> str:
    age = now - session.paused_reported_at
    if (
        status_shows_paused
        and session.last_seen_at
        and session.last_seen_at > session.paused_reported_at
    ):
        return "the newest answer did not say"
    if session.paused_doubted_at and session.paused_doubted_at > session.paused_reported_at:
        return DOUBTED_BY.get(session.paused_doubted_by, DOUBTED_BY[""])
    if session.failure and session.failed_at > session.paused_reported_at:
        return "asking has failed since"
    if age > timedelta(seconds=settings.PAUSED_STATEMENT_SECONDS):
        return "that is too long ago to rely on"
    return ""
