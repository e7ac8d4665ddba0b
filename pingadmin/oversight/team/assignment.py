"""Whose a session is: taking, giving, releasing and handing over, none of which may undo another unseen."""

import uuid

from django.contrib.auth import get_user_model
from django.db import transaction

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import activity
from pingadmin.remote_sessions.models import RemoteSession

PERMISSION = "oversight.take_part"


class AssignedMeanwhile(Exception):
    """Somebody changed whose it is since the form was drawn. `entry` says who, what and when."""

    def __init__(self, entry: TeamEntry):
        self.entry = entry
        super().__init__(str(entry))


def people():
    """Whom a session can be given to: who may take part and can sign in."""
    found = get_user_model().objects.with_perm(PERMISSION, include_superusers=False)
    return found.only("username", "first_name", "last_name").order_by("username")


def stamp(state: TeamState | None) -> str:
    """What a form remembers of the assignment that it was drawn from; changes with every change of it."""
    return state.assigned_at.isoformat() if state and state.assigned_at else ""


@transaction.atomic
def assign(
    *, session: RemoteSession, to, by: Actor, seen: str | None = None, form: uuid.UUID | None = None
) -> None:
    """Give the session to a user, or to nobody (None). seen: stamp() of the page; None where there was no page.

    Whom it was handed over to takes it up by taking it. Raises AssignedMeanwhile.
    """
    state = activity.locked_state(session)
    token = activity.token_of(form, session.pk, by.id, "assign", to and to.pk)
    if activity.is_there(token):
        return
    _refuse_if_changed(state, seen)
    if state.assigned_to != to or state.handover_id:
        _set(state, to, activity.add(session, "assign", by=by, to=to, token=token), handover=None)


@transaction.atomic
def hand_over(
    *,
    session: RemoteSession,
    to,
    summary: str,
    by: Actor,
    seen: str | None = None,
    form: uuid.UUID | None = None,
) -> None:
    """Give the session to a user with what they must know, which stands on its page until they take it up.

    Raises AssignedMeanwhile.
    """
    state = activity.locked_state(session)
    token = activity.token_of(form, session.pk, by.id, "handover", to.pk, summary)
    if activity.is_there(token):
        return
    _refuse_if_changed(state, seen)
    entry = activity.add(session, "handover", by=by, to=to, text=summary, token=token)
    _set(state, to, entry, handover=entry)


def assigned_to(person):
    """What is this person's, the longest first."""
    mine = TeamState.objects.filter(assigned_to=person)
    return mine.select_related("session", "handover").order_by("assigned_at", "pk")


def _refuse_if_changed(state: TeamState, seen: str | None) -> None:
    if seen is not None and seen != stamp(state):
        changes = TeamEntry.objects.filter(session_id=state.pk, kind__in=["assign", "handover"])
        raise AssignedMeanwhile(changes.order_by("-id").first())


def _set(state: TeamState, to, entry: TeamEntry, *, handover: TeamEntry | None) -> None:
    state.assigned_to, state.assigned_at, state.handover = to, entry.at, handover
    state.save(update_fields=["assigned_to", "assigned_at", "handover"])
