"""Sessions in every kind of trouble, and in none. All times are seconds ago."""

from datetime import datetime, timedelta

from django.utils import timezone

from pingadmin.accounts.models import User
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import Attempt
from tests.factories import AttemptFactory, RemoteSessionFactory, TeamStateFactory


def make_session(
    session_id: str = "",
    *,
    seen: float = 5,
    watched: bool = False,
    assigned_to: User | None = None,
    **fields,
) -> RemoteSession:
    """A session that was last seen so long ago."""
    fields = {"changed_at": ago(60), "last_seen_at": ago(seen)} | fields
    if session_id:
        fields["session_id"] = session_id
    session = RemoteSessionFactory(**fields)
    if watched or assigned_to:
        TeamStateFactory(
            session=session, watched_since=ago(9) if watched else None, assigned_to=assigned_to
        )
    return session


def make_paused(session_id: str = "", *, reported: float = 3, **fields) -> RemoteSession:
    """One whose system reported it as paused so long ago."""
    report = {
        "paused_reported": True,
        "paused_reported_at": ago(reported),
        "paused_reported_source": "resume",
    }
    return make_session(session_id, **report | fields)


def make_failing(
    session_id: str = "", *, failed: float = 3, failure: str = "timed_out", **fields
) -> RemoteSession:
    """One whose look-ups have failed for so long."""
    return make_session(
        session_id, failure=failure, failed_at=ago(failed), failing_since=ago(failed), **fields
    )


def make_unresolved(
    session_id: str = "", *, is_resolved: bool = False, ticket: str = "", **fields
) -> RemoteSession:
    """One with a resume whose outcome nobody knows, unless it is resolved since."""
    session = make_session(session_id, **fields)
    resolved_at = ago(1) if is_resolved else None
    make_attempt(session, result="unknown", ticket=ticket, resolved_at=resolved_at)
    return session


def make_attempt(session: RemoteSession, **fields) -> Attempt:
    return AttemptFactory(session=session, **fields)


def change(session: RemoteSession, **fields) -> None:
    """Change the session as a writer does, now."""
    fields = {"changed_at": timezone.now()} | fields
    RemoteSession.objects.filter(pk=session.pk).update(**fields)


def ago(seconds: float) -> datetime:
    return timezone.now() - timedelta(seconds=seconds)
