"""Writes down what an upstream said about a session, or that it could not be asked.

The only writer of RemoteSession and StatusSnapshot. The newest answer wins; a late one is kept as history
and changes nothing that is known by now.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord


@transaction.atomic
def record_sighting(*, alias: str, record: SessionRecord, source: str) -> tuple[RemoteSession, StatusSnapshot]:
    """Keep one answer. Returns the session as now known, and the snapshot that holds the answer."""
    session = _locked(alias, record.session_id)
    is_newest = session.seen_at is None or record.answered_at >= session.seen_at
    snapshot = _extend_or_add(
        session,
        is_newest=is_newest,
        at=record.answered_at,
        source=source,
        duration_seconds=record.duration_seconds,
        state=record.state,
        paused=record.paused,
        uploaded_bytes=record.uploaded_bytes,
        downloaded_bytes=record.downloaded_bytes,
    )
    if is_newest:
        _update_facts(session, record, source)
        _clear_failure(session)
    if record.paused is not None:
        _update_paused(session, record.paused, record.answered_at, source)
    session.first_seen_at = session.first_seen_at or record.answered_at
    session.changed_at = timezone.now()
    session.save()
    return session, snapshot


@transaction.atomic
def record_failure(*, session: RemoteSession, error: UpstreamError, source: str) -> RemoteSession:
    """Keep that asking about a known session failed; what was known before stays as it was, with its age."""
    session = _locked(session.alias, session.session_id)
    now = timezone.now()
    _extend_or_add(session, is_newest=True, at=now, source=source, failure=error.word)
    if session.failure != error.word:
        session.failing_since = now
    session.failure = error.word
    session.failure_status = error.status
    session.failure_message = error.message[:300]
    session.failed_at = now
    session.changed_at = timezone.now()
    session.save()
    return session


@transaction.atomic
def record_paused(*, session: RemoteSession, paused: bool, at: datetime, source: str) -> StatusSnapshot:
    """Keep a statement about "paused" that came without the other facts (the answer to a resume)."""
    session = _locked(session.alias, session.session_id)
    _update_paused(session, paused, at, source)
    session.changed_at = timezone.now()
    session.save()
    return StatusSnapshot.objects.create(session=session, source=source, paused=paused, first_at=at, last_at=at)


def doubt_paused(*, session: RemoteSession, at: datetime) -> None:
    """Keep that something was sent which may have changed "paused", with an outcome that is not known."""
    RemoteSession.objects.filter(pk=session.pk).update(paused_doubted_at=at, changed_at=timezone.now())


def touch(session: RemoteSession) -> None:
    """Say that something changed which people see beside this session: the live board shows it at its next look."""
    RemoteSession.objects.filter(pk=session.pk).update(changed_at=timezone.now())


def ensure_session(alias: str, session_id: str) -> RemoteSession:
    """The row of a session, made empty where nothing is known of it yet."""
    return RemoteSession.objects.get_or_create(alias=alias, session_id=session_id)[0]


def _locked(alias: str, session_id: str) -> RemoteSession:
    rows = RemoteSession.objects.select_for_update()
    return rows.filter(alias=alias, session_id=session_id).first() or rows.get(pk=ensure_session(alias, session_id).pk)


def _extend_or_add(session, *, is_newest, at, source, duration_seconds=None, **facts) -> StatusSnapshot:
    """Lengthen the newest snapshot where the answer is the same, else add one."""
    newest = session.snapshots.order_by("-id").first() if is_newest else None
    facts = {
        "failure": "",
        "state": "",
        "paused": None,
        "uploaded_bytes": None,
        "downloaded_bytes": None,
    } | facts
    if newest and all(getattr(newest, name) == value for name, value in facts.items()):
        newest.last_at = at
        newest.duration_seconds = duration_seconds
        newest.times += 1
        newest.save(update_fields=["last_at", "duration_seconds", "times"])
        return newest
    return StatusSnapshot.objects.create(
        session=session, source=source, duration_seconds=duration_seconds, first_at=at, last_at=at, **facts
    )


def _update_facts(session: RemoteSession, record: SessionRecord, source: str) -> None:
    session.state = record.state
    session.state_is_known = record.state_is_known
    session.who = record.who
    session.duration_seconds = record.duration_seconds
    session.uploaded_bytes = record.uploaded_bytes
    session.downloaded_bytes = record.downloaded_bytes
    session.created_upstream_at = record.created_at or session.created_upstream_at
    session.skew_seconds = record.skew_seconds
    session.source = source
    session.seen_at = record.answered_at


def _update_paused(session: RemoteSession, paused: bool, at: datetime, source: str) -> None:
    if session.paused_said_at and at < session.paused_said_at:
        return
    session.paused_said = paused
    session.paused_said_at = at
    session.paused_said_source = source


def _clear_failure(session: RemoteSession) -> None:
    session.failure = session.failure_message = ""
    session.failure_status = session.failing_since = session.failed_at = None
