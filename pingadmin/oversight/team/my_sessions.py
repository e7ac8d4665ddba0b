"""A person's own sessions, and handing several of them over at once at the end of a shift."""

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamState
from pingadmin.oversight.team import assignment
from pingadmin.oversight.team.forms import HandoverForm
from pingadmin.remote_sessions.display.card import SessionCard, build_card
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import ScheduledResume
from pingadmin.web.requests import PanelRequest

MAX_SESSIONS = 200


@dataclass(frozen=True)
class AssignedSession:
    """One of a person's sessions, as the page shows it.

    choice: the value of its check box, "<pk> <version of the assignment that the page shows>".
    """

    state: TeamState
    card: SessionCard
    choice: str
    is_chosen: bool


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(assignment.PERMISSION, raise_exception=True)
def handover(request: PanelRequest) -> HttpResponse:
    """The sessions assigned to me; on POST, hands over those that are chosen."""
    if request.method != "POST":
        return _render(request, HandoverForm(person=request.user))
    form = HandoverForm(request.POST, person=request.user)
    chosen = request.POST.getlist("session")[:MAX_SESSIONS]
    if not chosen:
        form.add_error(None, "Nothing was handed over. Choose at least one session.")
    if not form.is_valid():
        return _render(request, form, status=400, chosen=chosen)
    count, conflicts = _hand_over_each(chosen, form.cleaned_data, by=Actor.of(request))
    if count:
        name, plural = form.cleaned_data["to"].display_name, "" if count == 1 else "s"
        messages.success(request, f"Handed over to {name}: {count} session{plural}.")
    if conflicts:
        names = ", ".join(conflicts)
        form.add_error(None, f"Not handed over, because the assignment has changed: {names}.")
        return _render(request, form, status=409)
    return redirect("oversight:handover")


def _hand_over_each(
    chosen: list[str], cleaned: dict[str, Any], *, by: Actor
) -> tuple[int, list[str]]:
    """Hand over each in a transaction of its own: how many were, and the ids that conflicted."""
    versions = {}
    for choice in chosen:
        pk, _, version = choice.partition(" ")
        # Eighteen digits fit into the database's integers; nothing that we wrote has more.
        if pk.isdecimal() and len(pk) <= 18:
            versions[int(pk)] = version
    count, conflicts = 0, []
    for session in RemoteSession.objects.filter(pk__in=versions).order_by("pk"):
        try:
            assignment.hand_over(
                session=session,
                to=cleaned["to"],
                summary=cleaned["summary"],
                expected_version=versions[session.pk],
                form_id=cleaned["form"],
                by=by,
            )
            count += 1
        except assignment.AssignmentConflict:
            conflicts.append(session.session_id)
    return count, conflicts


def _render(
    request: PanelRequest, form: HandoverForm, *, status: int = 200, chosen: Collection[str] = ()
) -> HttpResponse:
    states = TeamState.objects.assigned_to(request.user).select_related("session", "handover")
    first = list(states[: MAX_SESSIONS + 1])
    sessions = [_assigned_session(state, chosen) for state in first[:MAX_SESSIONS]]
    choices = repr([session.choice for session in sessions])
    context = {
        "assigned_sessions": sessions,
        "scheduled_resumes": ScheduledResume.objects.pending()
        .select_related("session")
        .soonest_first()[:MAX_SESSIONS],
        "is_cut": len(first) > MAX_SESSIONS,
        "max_sessions": MAX_SESSIONS,
        "form": form,
        "people": form.people,
        "form_id": form["form"].value() or uuid.uuid4(),
        # What was typed is kept for this list alone: once some of it is handed over, the next
        # summary starts empty.
        "version": hashlib.sha256(choices.encode()).hexdigest()[:8],
    }
    return render(request, "oversight/team/handover.html", context, status=status)


def _assigned_session(state: TeamState, chosen: Collection[str]) -> AssignedSession:
    choice = f"{state.pk} {assignment.assignment_version(state)}"
    return AssignedSession(
        state=state, card=build_card(state.session), choice=choice, is_chosen=choice in chosen
    )
