"""What is assigned to a person, and handing several of them over at once at the end of a shift."""

import hashlib
import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamState
from pingadmin.oversight.team import assignment
from pingadmin.oversight.team.forms import HandoverForm
from pingadmin.remote_sessions.display.card import Card, card_for
from pingadmin.remote_sessions.models import RemoteSession

MOST = 200


@dataclass(frozen=True)
class Mine:
    """One session of a person's, as the page shows it. choice: what its box sends, the assignment seen included."""

    state: TeamState
    card: Card
    choice: str
    is_chosen: bool


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required(assignment.PERMISSION, raise_exception=True)
def handover(request: HttpRequest) -> HttpResponse:
    """My sessions; handing over those that were chosen, each one by itself."""
    if request.method != "POST":
        return _show(request, HandoverForm(person=request.user))
    form, chosen = (
        HandoverForm(request.POST, person=request.user),
        request.POST.getlist("session")[:MOST],
    )
    if not chosen:
        form.add_error(None, "Nothing was handed over: choose at least one session.")
    if not form.is_valid():
        return _show(request, form, 400, chosen)
    done, refused = _hand_over(chosen, form.cleaned_data, by=Actor.of(request))
    if done:
        to = form.cleaned_data["to"].display_name
        messages.success(request, f"Handed over to {to}: {done} session{'' if done == 1 else 's'}.")
    if refused:
        form.add_error(
            None, f"Not handed over, since somebody changed whose they are: {', '.join(refused)}."
        )
        return _show(request, form, 409)
    return redirect("oversight:handover")


def _hand_over(chosen: list[str], given: dict, *, by: Actor) -> tuple[int, list[str]]:
    """Each in a transaction of its own. How many were handed over, and the ids of those that are not as seen."""
    seen = {
        pk: stamp for pk, _, stamp in (choice.partition(" ") for choice in chosen) if pk.isdecimal()
    }
    sessions = RemoteSession.objects.filter(
        pk__in=[int(pk) for pk in seen if len(pk) < 19]
    ).order_by("pk")
    done, refused = 0, []
    for session in sessions:
        try:
            assignment.hand_over(
                session=session,
                to=given["to"],
                summary=given["summary"],
                seen=seen[str(session.pk)],
                form=given["form"],
                by=by,
            )
            done += 1
        except assignment.AssignedMeanwhile:
            refused.append(session.session_id)
    return done, refused


def _show(
    request: HttpRequest, form: HandoverForm, status: int = 200, chosen: list[str] = ()
) -> HttpResponse:
    states = list(assignment.assigned_to(request.user)[: MOST + 1])
    mine = [_mine(state, chosen) for state in states[:MOST]]
    context = {
        "mine": mine,
        "is_cut": len(states) > MOST,
        "most": MOST,
        "form": form,
        "number": form["form"].value() or uuid.uuid4(),
        "people": form.fields["to"].queryset,
        # What was typed is kept for this list: once some of it is handed over, the next summary starts afresh.
        "version": hashlib.sha256(repr([each.choice for each in mine]).encode()).hexdigest()[:8],
    }
    return render(request, "oversight/handover.html", context, status=status)


def _mine(state: TeamState, chosen: list[str]) -> Mine:
    choice = f"{state.pk} {assignment.stamp(state)}"
    return Mine(
        state=state, card=card_for(state.session), choice=choice, is_chosen=choice in chosen
    )
