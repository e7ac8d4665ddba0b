"""Records single observations: what an upstream said about a session, or that asking it failed.

Together with observation_batches.py, which does it for many at once, this is the only writer of
RemoteSession and StatusSnapshot. session_state.py has the rules.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.observation_batches import apply_observations
from pingadmin.remote_sessions.recording.session_state import RACE, observation_from
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord


@transaction.atomic
def record_observation(*, alias: str, record: SessionRecord, source: str) -> RemoteSession:
    """Records one answer, and returns the session as it is known now."""
    _, states = apply_observations(alias, [observation_from(record)], source)
    return RemoteSession.objects.get(pk=states[record.session_id].id)


@transaction.atomic
def record_failure(*, session: RemoteSession, error: UpstreamError, source: str) -> RemoteSession:
    """Records that a look-up failed, and returns the session. Its last known state stays."""
    session = _lock_session(session.alias, session.session_id)
    now = timezone.now()
    newest = session.snapshots.newest_first().first()
    if newest and newest.failure == error.kind:
        newest.length = max(newest.length, now - newest.first_at)
        newest.observation_count += 1
        newest.save(update_fields=["length", "observation_count"])
    else:
        _add_snapshot(session, source=source, failure=error.kind, first_at=now)
    if session.failure != error.kind:
        session.failing_since = now
    session.failure = error.kind
    session.failure_status = error.status
    session.failure_message = error.message[:300]
    session.failed_at = now
    # Every writer moves it: the collector's cache and the live board look for nothing else.
    session.changed_at = timezone.now()
    session.save()
    return session


@transaction.atomic
def record_paused_report(
    *, session: RemoteSession, paused: bool, at: datetime, source: str
) -> StatusSnapshot:
    """Records a report about "paused" that came without the other facts: the answer to a resume."""
    session = _lock_session(session.alias, session.session_id)
    known_at, latest = session.paused_reported_at, timezone.now() + RACE
    # A time in the future was a wrong clock's, and does not make this report an older one.
    if session.paused_doubted_at and session.paused_doubted_at > latest:
        session.paused_doubted_at = at
    if known_at is None or at >= known_at or known_at > latest:
        session.paused_reported = paused
        session.paused_reported_at = at
        session.paused_reported_source = source
    session.changed_at = timezone.now()
    session.save()
    return _add_snapshot(session, source=source, paused=paused, first_at=at)


def mark_paused_doubtful(*, session: RemoteSession, at: datetime) -> None:
    """Records that a call was sent which may have changed "paused", with an unknown outcome."""
    RemoteSession.objects.filter(pk=session.pk).update(
        paused_doubted_at=at, paused_doubted_by="", changed_at=timezone.now()
    )


def mark_session_changed(session: RemoteSession) -> None:
    """Makes the live board show this session again, after a change that its row does not hold."""
    RemoteSession.objects.filter(pk=session.pk).update(changed_at=timezone.now())


def ensure_session(alias: str, session_id: str) -> RemoteSession:
    """Returns the row of a session; creates an empty one for a session we have never met."""
    return RemoteSession.objects.get_or_create(alias=alias, session_id=session_id)[0]


def _lock_session(alias: str, session_id: str) -> RemoteSession:
    # Most sessions have their row, and one query finds and locks it.
    rows = RemoteSession.objects.select_for_update()
    return rows.find(alias, session_id) or rows.get(pk=ensure_session(alias, session_id).pk)


def _add_snapshot(
    session: RemoteSession,
    *,
    source: str,
    first_at: datetime,
    failure: str = "",
    paused: bool | None = None,
) -> StatusSnapshot:
    """A snapshot without counters still holds their base, so that totals over it never fall."""
    return session.snapshots.create(
        source=source,
        first_at=first_at,
        failure=failure,
        paused=paused,
        uploaded_before_reset=session.uploaded_before_reset,
        downloaded_before_reset=session.downloaded_before_reset,
    )
