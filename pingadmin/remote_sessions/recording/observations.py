"""Writes down what an upstream said about a session, or that it could not be asked.

Beside sighting_batches.py, which does it for many at once, the only writer of RemoteSession and StatusSnapshot. The
newest answer wins; a late one is kept as history and changes nothing that is known by now (knowledge.py has the rules).
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.observation_batches import take_all
from pingadmin.remote_sessions.recording.session_state import seen_of
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord


@transaction.atomic
def record_sighting(*, alias: str, record: SessionRecord, source: str) -> RemoteSession:
    """Keep one answer. Returns the session as now known."""
    _, known = take_all(alias, [seen_of(record)], source)
    return RemoteSession.objects.get(pk=known[record.session_id].id)


@transaction.atomic
def record_failure(*, session: RemoteSession, error: UpstreamError, source: str) -> RemoteSession:
    """Keep that asking about a known session failed; what was known before stays as it was, with its age."""
    session = _locked(session.alias, session.session_id)
    now = timezone.now()
    newest = session.snapshots.order_by("-first_at", "-id").first()
    if newest and newest.failure == error.kind:
        newest.lasted = max(newest.lasted, now - newest.first_at)
        newest.times += 1
        newest.save(update_fields=["lasted", "times"])
    else:
        session.snapshots.create(source=source, failure=error.kind, first_at=now, **_base(session))
    if session.failure != error.kind:
        session.failing_since = now
    session.failure = error.kind
    session.failure_status = error.status
    session.failure_message = error.message[:300]
    session.failed_at = now
    session.changed_at = timezone.now()
    session.save()
    return session


@transaction.atomic
def record_paused(
    *, session: RemoteSession, paused: bool, at: datetime, source: str
) -> StatusSnapshot:
    """Keep a statement about "paused" that came without the other facts (the answer to a resume)."""
    session = _locked(session.alias, session.session_id)
    _update_paused(session, paused, at, source)
    session.changed_at = timezone.now()
    session.save()
    return session.snapshots.create(source=source, paused=paused, first_at=at, **_base(session))


def doubt_paused(*, session: RemoteSession, at: datetime) -> None:
    """Keep that something was sent which may have changed "paused", with an outcome that is not known."""
    RemoteSession.objects.filter(pk=session.pk).update(
        paused_doubted_at=at, paused_doubted_by="", changed_at=timezone.now()
    )


def touch(session: RemoteSession) -> None:
    """Say that something changed which people see beside this session: the live board shows it at its next look."""
    RemoteSession.objects.filter(pk=session.pk).update(changed_at=timezone.now())


def ensure_session(alias: str, session_id: str) -> RemoteSession:
    """The row of a session, made empty where nothing is known of it yet."""
    return RemoteSession.objects.get_or_create(alias=alias, session_id=session_id)[0]


def _locked(alias: str, session_id: str) -> RemoteSession:
    rows = RemoteSession.objects.select_for_update()
    return rows.filter(alias=alias, session_id=session_id).first() or rows.get(
        pk=ensure_session(alias, session_id).pk
    )


def _base(session: RemoteSession) -> dict[str, int]:
    return {
        "uploaded_before": session.uploaded_before,
        "downloaded_before": session.downloaded_before,
    }


def _update_paused(session: RemoteSession, paused: bool, at: datetime, source: str) -> None:
    if session.paused_reported_at and at < session.paused_reported_at:
        return
    session.paused_reported = paused
    session.paused_reported_at = at
    session.paused_reported_source = source
