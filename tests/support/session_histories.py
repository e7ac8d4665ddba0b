"""Histories for tests: rows as the collector would have written them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan
from tests.factories import RemoteSessionFactory, StatusSnapshotFactory, WatchSpanFactory

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def create_session(alias: str = "ping", session_id: str = "ses_8f2c71d09a") -> RemoteSession:
    """A session first seen at START, or the one of that id that is there already."""
    existing = RemoteSession.objects.find(alias, session_id)
    return existing or RemoteSessionFactory(alias=alias, session_id=session_id, first_seen_at=at(0))


def add_snapshot(
    session: RemoteSession,
    begin: float,
    up: int | None = 0,
    down: int | None = 0,
    *,
    until: float | None = None,
    **facts: Any,
) -> StatusSnapshot:
    """Adds a run of equal observations; begin and until in seconds since START."""
    end = begin if until is None else until
    facts = {"source": "stream", "uploaded_bytes": up, "downloaded_bytes": down} | facts
    return StatusSnapshotFactory(session=session, first_at=at(begin), last_at=at(end), **facts)


def add_snapshots(
    session: RemoteSession, changes: Iterable[dict[str, Any]], source: str = "stream"
) -> None:
    """Adds very many snapshots in one statement, each with the values that `changes` gives it."""
    StatusSnapshot.objects.bulk_create(
        StatusSnapshotFactory.build(session=session, source=source, **values) for values in changes
    )


def add_failure(
    session: RemoteSession, begin: float, *, until: float | None = None, kind: str = "timed_out"
) -> StatusSnapshot:
    return add_snapshot(
        session, begin, None, None, until=until, state="", failure=kind, source="poll"
    )


def add_watch_span(begin: float, end: float | None, end_reason: str = "") -> WatchSpan:
    """A span of watching Ping's account in seconds since START; end None: until now."""
    until = timezone.now() if end is None else at(end)
    return WatchSpanFactory(from_at=at(begin), until_at=until, end_reason=end_reason)
