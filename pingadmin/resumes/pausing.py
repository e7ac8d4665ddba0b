"""Who paused a session, where that is known: the newest statement is the answer to a pause that was pressed here."""

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import Attempt


def who_paused(session: RemoteSession) -> Attempt | None:
    """The accepted pause behind the session's newest statement, None where it may have been anybody's."""
    if not session.paused_reported or session.paused_reported_source != "pause":
        return None
    return session.attempts.filter(
        action="pause", result="ok", closed_at=session.paused_reported_at
    ).first()
