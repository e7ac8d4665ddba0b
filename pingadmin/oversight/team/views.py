"""The team at a session: what the open page asks for by itself, and watching, assigning, noting."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team import assignment, notes, presence, watching
from pingadmin.oversight.team.forms import AssignForm, NoteForm
from pingadmin.oversight.team.panel import load_team
from pingadmin.remote_sessions.display.card import card_for
from pingadmin.remote_sessions.display.page import page_context
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.panel import panel_for
from pingadmin.web.wording import age, visible

NOTES_ON_A_PAGE = 100
may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)
may_take_part = permission_required(assignment.PERMISSION, raise_exception=True)


@require_safe
@may_look_up
def team_now(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Keeps this person's presence, and gives what changed since `have`; nothing where nothing did.

    The resume panel comes along where it is not as it was `drawn`.
    """
    session = _session(alias, session_id)
    presence.renew_presence(session=session, person=request.user)
    team = load_team(session, request.user)
    if request.GET.get("have") == team.version:
        return HttpResponse(status=204)
    panel = panel_for(session, request.user)
    context = {
        "session": session,
        "team": team,
        "card": card_for(session),
        "panel": panel if request.GET.get("drawn") != panel.stamp else None,
        "address": _address(session),
    }
    return render(request, "oversight/_team_now.html", context)


@require_safe
@may_look_up
def all_notes(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Everything that the team said and did about a session, newest first, a page of it from `before` on."""
    session = _session(alias, session_id)
    entries = session.team_entries.newest_first()
    before = request.GET.get("before", "")
    if before.isdecimal():
        entries = entries.filter(pk__lt=min(int(before), 2**62))
    shown = list(entries[: NOTES_ON_A_PAGE + 1])
    context = {
        "session": session,
        "address": _address(session),
        "entries": shown[:NOTES_ON_A_PAGE],
        "older": shown[NOTES_ON_A_PAGE - 1].pk if len(shown) > NOTES_ON_A_PAGE else None,
    }
    return render(request, "oversight/notes.html", context)


@require_POST
@may_take_part
def watch(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Put a session on the team's list, or take it off: `watch` says which, so that a second press does nothing."""
    act = {"yes": watching.watch, "no": watching.unwatch}.get(request.POST.get("watch"))
    if act is None:
        raise BadRequest
    session = _session(alias, session_id)
    act(session=session, by=Actor.of(request))
    return _done(request, session)


@require_POST
@may_take_part
def assign(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Take, release, assign or hand over."""
    session = _session(alias, session_id)
    form = AssignForm(request.POST, person=request.user)
    if not form.is_valid():
        return _show(
            request,
            session,
            400,
            assign_form=form,
            problem="Nothing was changed. Fix the marked field.",
        )
    given = form.cleaned_data
    common = {
        "session": session,
        "expected_version": given["seen"],
        "form_id": given["form"],
        "by": Actor.of(request),
    }
    try:
        if given["act"] == "handover":
            assignment.hand_over(to=given["to"], summary=given["summary"], **common)
        else:
            to = {"take": request.user, "release": None, "assign": given["to"]}[given["act"]]
            assignment.assign(to=to, **common)
    except assignment.AssignmentConflict as conflict:
        return _show(
            request, session, 409, assign_form=form, problem=explain_conflict(conflict.entry)
        )
    return _done(request, session)


@require_POST
@may_take_part
def write_note(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Add a note."""
    session = _session(alias, session_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show(request, session, 400, note_form=form)
    notes.write_note(
        session=session,
        text=form.cleaned_data["text"],
        form_id=form.cleaned_data["form"],
        by=Actor.of(request),
    )
    return _done(request, session)


def explain_conflict(entry: TeamEntry) -> str:
    """Why an assignment was refused: who was faster, and how long ago."""
    ago = age((timezone.now() - entry.at).total_seconds())
    return f"Nothing was changed: {visible(entry)} {ago}. Try again if you still want to."


def _session(alias: str, session_id: str) -> RemoteSession:
    return get_object_or_404(RemoteSession, alias=alias, session_id=session_id)


def _address(session: RemoteSession) -> str:
    return reverse("remote_sessions:session", args=[session.alias, session.session_id])


def _done(request: HttpRequest, session: RemoteSession) -> HttpResponse:
    return _show(request, session, 200) if request.htmx else redirect(_address(session) + "#team")


def _show(request: HttpRequest, session: RemoteSession, status: int, **team) -> HttpResponse:
    template = "oversight/_acted.html" if request.htmx else "remote_sessions/session.html"
    context = page_context(session) | {"team": load_team(session, request.user, **team)}
    return render(request, template, context, status=status)
