"""The team's one watch list: whoever adds a session to it adds it for everybody."""

from django.db import transaction
from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team import activity
from pingadmin.remote_sessions.models import RemoteSession


@transaction.atomic
def watch(*, session: RemoteSession, by: Actor) -> None:
    """Put the session on the list. One that is on it already stays as it is."""
    state = activity.lock_team_state(session)
    if state.watched_since:
        return
    state.watched_since, state.watched_by_name = timezone.now(), by.name
    state.save(update_fields=["watched_since", "watched_by_name"])
    activity.add_entry(session, TeamEntry.Kind.WATCH, by=by)


@transaction.atomic
def unwatch(*, session: RemoteSession, by: Actor) -> None:
    """Take the session off the list, for everybody."""
    state = activity.lock_team_state(session)
    if not state.watched_since:
        return
    state.watched_since, state.watched_by_name = None, ""
    state.save(update_fields=["watched_since", "watched_by_name"])
    activity.add_entry(session, TeamEntry.Kind.UNWATCH, by=by)
