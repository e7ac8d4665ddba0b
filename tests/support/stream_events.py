"""What the tests of the collector share: events as the upstream package gives them."""

from datetime import UTC, datetime, timedelta

from pingadmin.upstream.records import SessionEvent

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)
STATES = {
    "session_start": "connected",
    "session_heartbeat": "connected",
    "session_end": "disconnected",
}


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def event(
    sequence=None,
    *,
    session="ses_1",
    kind="session_heartbeat",
    at=0.0,
    duration=None,
    up=None,
    down=None,
):
    """One event, received `at` seconds after NOW."""
    return SessionEvent(
        session, kind, STATES[kind], "client-1", sequence, duration, up, down, after(at)
    )
