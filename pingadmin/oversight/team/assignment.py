"""Whose a session is: taking, assigning, releasing and handing over.

None of these may undo a colleague's change that its form did not show: a form carries the version
of the assignment that it was drawn from, and is refused once that has changed.
"""

import uuid

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import transaction
from django.db.models import QuerySet

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import activity
from pingadmin.remote_sessions.models import RemoteSession

PERMISSION = "oversight.take_part"


class AssignmentConflict(Exception):
    """Somebody changed the assignment after the form was drawn. `entry` says who, what and when."""

    def __init__(self, entry: TeamEntry) -> None:
        self.entry = entry
        super().__init__(str(entry))


def assignable_people() -> QuerySet[AbstractUser]:
    """Whom a session can be assigned to: everybody who may take part and can sign in, by name."""
    people = get_user_model().objects.with_perm(PERMISSION, include_superusers=False)
    return people.only("username", "first_name", "last_name").order_by("username")


def assignment_version(state: TeamState | None) -> str:
    """What a form remembers of the assignment it shows; changes with every change of it."""
    return state.assigned_at.isoformat() if state and state.assigned_at else ""


@transaction.atomic
def assign(
    *,
    session: RemoteSession,
    to: AbstractUser | None,
    by: Actor,
    expected_version: str | None = None,
    form_id: uuid.UUID | None = None,
) -> None:
    """Assign the session to a person, or release it (None). A handover ends with it.

    expected_version: assignment_version() of the page; None where there was no page.
    Raises AssignmentConflict.
    """
    state = activity.lock_team_state(session)
    token = activity.entry_token(form_id, session.pk, by.id, "assign", to and to.pk)
    if activity.is_recorded(token):
        return
    _refuse_if_changed(state, expected_version)
    if state.assigned_to_id != (to and to.pk) or state.handover_id:
        entry = activity.add_entry(session, TeamEntry.Kind.ASSIGN, by=by, to=to, token=token)
        _save_assignment(state, to, entry, handover=None)


@transaction.atomic
def hand_over(
    *,
    session: RemoteSession,
    to: AbstractUser,
    summary: str,
    by: Actor,
    expected_version: str | None = None,
    form_id: uuid.UUID | None = None,
) -> None:
    """Assign the session to a person, with a summary that stays on its page until they take it up.

    Raises AssignmentConflict.
    """
    state = activity.lock_team_state(session)
    token = activity.entry_token(form_id, session.pk, by.id, "handover", to.pk, summary)
    if activity.is_recorded(token):
        return
    _refuse_if_changed(state, expected_version)
    entry = activity.add_entry(
        session, TeamEntry.Kind.HANDOVER, by=by, to=to, text=summary, token=token
    )
    _save_assignment(state, to, entry, handover=entry)


def _refuse_if_changed(state: TeamState, expected_version: str | None) -> None:
    if expected_version is None or expected_version == assignment_version(state):
        return
    changes = TeamEntry.objects.filter(
        session_id=state.pk, kind__in=[TeamEntry.Kind.ASSIGN, TeamEntry.Kind.HANDOVER]
    )
    newest = changes.newest_first().first()
    # A version that no page of ours showed is no conflict where nothing was ever assigned.
    if newest:
        raise AssignmentConflict(newest)


def _save_assignment(
    state: TeamState, to: AbstractUser | None, entry: TeamEntry, *, handover: TeamEntry | None
) -> None:
    state.assigned_to_id = to.pk if to else None
    state.assigned_at, state.handover = entry.at, handover
    state.save(update_fields=["assigned_to", "assigned_at", "handover"])
