"""Sessions in every kind of trouble, and in none, as the board finds them in the database. Times are seconds ago."""

import itertools
from datetime import timedelta

from django.utils import timezone

from pingadmin.oversight.models import TeamState
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import Attempt

_numbers = itertools.count(1)


def known(
    session_id="",
    *,
    alias="ping",
    seen=5,
    state="connected",
    watched=False,
    assigned_to=None,
    **more,
):
    """A session that was seen so long ago."""
    session_id = session_id or f"ses_{next(_numbers):010x}"
    values = {
        "client_name": "client-1",
        "source": "look-up",
        "changed_at": ago(60),
        "last_seen_at": ago(seen),
    } | more
    session = RemoteSession.objects.create(
        alias=alias, session_id=session_id, state=state, **values
    )
    if watched or assigned_to:
        TeamState.objects.create(
            session=session, watched_since=ago(9) if watched else None, assigned_to=assigned_to
        )
    return session


def paused(session_id="", *, said=3, **more):
    """One whose pause its system stated so long ago."""
    more = {
        "paused_reported": True,
        "paused_reported_at": ago(said),
        "paused_reported_source": "resume",
    } | more
    return known(session_id, **more)


def failing(session_id="", *, failed=3, word="timed_out", **more):
    return known(session_id, failure=word, failed_at=ago(failed), failing_since=ago(failed), **more)


def unknown(session_id="", *, settled=False, ticket="", **more):
    """One with a resume of which nobody knows what it did."""
    session = known(session_id, **more)
    attempt(
        session,
        result="unknown",
        is_open=False,
        closed_at=ago(8),
        ticket=ticket,
        resolved_at=ago(1) if settled else None,
    )
    return session


def attempt(session, **more):
    import uuid

    values = {
        "actor_id": "1",
        "actor_name": "ana",
        "reason": "x",
        "opened_at": ago(9),
        "lease_until": ago(-60),
    }
    return Attempt.objects.create(
        session=session, token=uuid.uuid4(), intent_seq=1, **values | more
    )


def touched(session, **changes):
    """The session as a writer leaves it: changed, and changed now."""
    RemoteSession.objects.filter(pk=session.pk).update(**{"changed_at": timezone.now()} | changes)


def ago(seconds: float):
    return timezone.now() - timedelta(seconds=seconds)
