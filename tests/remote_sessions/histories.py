"""Histories for tests: rows as the collector would have written them."""

from datetime import UTC, datetime, timedelta

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.observations import ensure_session

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def session_seen(alias="ping", session_id="ses_8f2c71d09a") -> RemoteSession:
    session = ensure_session(alias, session_id)
    RemoteSession.objects.filter(pk=session.pk).update(
        state="connected", last_seen_at=at(0), first_seen_at=at(0)
    )
    return RemoteSession.objects.get(pk=session.pk)


def answer(session, begin, up=0, down=0, *, until=None, **facts) -> StatusSnapshot:
    """A stretch of equal answers; begin and until in seconds since BEGAN."""
    facts = {"source": "stream", "state": "connected"} | facts
    times = {"first_at": at(begin), "last_at": at(begin if until is None else until)}
    return StatusSnapshot.objects.create(
        session=session, uploaded_bytes=up, downloaded_bytes=down, **times, **facts
    )


def failure(session, begin, *, until=None, word="timed_out") -> StatusSnapshot:
    return answer(session, begin, None, None, until=until, state="", failure=word, source="poll")
