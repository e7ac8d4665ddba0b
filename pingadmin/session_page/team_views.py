"""The team on a session's page: the open page's poll, and watching, assigning and noting."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from pingadmin.audit.record.actors import Actor
from pingadmin.oversight.team import assignment, notes, presence, watching
from pingadmin.oversight.team.forms import AssignAction, AssignForm, NoteForm
from pingadmin.oversight.team.panel import SessionTeam, load_team
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.session_page.page import build_page, build_update
from pingadmin.session_page.responses import PART_WITH_BAR, find_session, show
from pingadmin.web.requests import PanelRequest
from pingadmin.web.wording import age, visible

may_look_up = permission_required("remote_sessions.look_up", raise_exception=True)
may_take_part = permission_required(assignment.PERMISSION, raise_exception=True)


@require_safe
@may_look_up
def poll(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Renew this person's presence and give what changed since `have`; 204 where nothing did.

    `drawn` is the version of the resume panel on the page, which is replaced only if it changed.
    """
    session = find_session(alias, session_id)
    presence.renew_presence(session=session, person=request.user)
    team = load_team(session, request.user)
    if request.GET.get("have") == team.version:
        return HttpResponse(status=204)
    shown_panel = request.GET.get("drawn", "")
    update = build_update(session, team, request.user, shown_panel=shown_panel)
    return render(request, "session_page/_update.html", {"page": update})


@require_POST
@may_take_part
def watch(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Put a session on the team's watch list or take it off. The form says which, so that a second
    click changes nothing."""
    change = {"yes": watching.watch, "no": watching.unwatch}.get(request.POST.get("watch", ""))
    if change is None:
        raise BadRequest
    session = find_session(alias, session_id)
    change(session=session, by=Actor.of(request))
    return _show_done(request, session)


@require_POST
@may_take_part
def assign(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Take, release, assign or hand over the session."""
    session = find_session(alias, session_id)
    form = AssignForm(request.POST, person=request.user)
    if not form.is_valid():
        problem = "Nothing was changed: fix the marked field."
        team = load_team(session, request.user, assign_form=form, problem=problem)
        return _show_refused(request, team, 400)
    try:
        _assign(request, session, form)
    except assignment.AssignmentConflict as conflict:
        entry = conflict.entry
        ago = age((timezone.now() - entry.at).total_seconds())
        problem = f"Nothing was changed: {visible(entry)} {ago}. Try again if you still want to."
        team = load_team(session, request.user, assign_form=form, problem=problem)
        return _show_refused(request, team, 409)
    return _show_done(request, session)


@require_POST
@may_take_part
def add_note(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Add a note."""
    session = find_session(alias, session_id)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _show_refused(request, load_team(session, request.user, note_form=form), 400)
    given = form.cleaned_data
    notes.write_note(
        session=session, text=given["text"], form_id=given["form"], by=Actor.of(request)
    )
    return _show_done(request, session)


def _assign(request: PanelRequest, session: RemoteSession, form: AssignForm) -> None:
    given, by = form.cleaned_data, Actor.of(request)
    if given["act"] == AssignAction.HANDOVER:
        assignment.hand_over(
            session=session,
            to=given["to"],
            summary=given["summary"],
            expected_version=given["seen"],
            form_id=given["form"],
            by=by,
        )
        return
    new_owners = {
        AssignAction.TAKE: request.user,
        AssignAction.RELEASE: None,
        AssignAction.ASSIGN: given["to"],
    }
    new_owner = new_owners[AssignAction(given["act"])]
    assignment.assign(
        session=session, to=new_owner, expected_version=given["seen"], form_id=given["form"], by=by
    )


def _show_done(request: PanelRequest, session: RemoteSession) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{session.get_absolute_url()}#team")
    return show(request, build_page(session, request.user), part=PART_WITH_BAR)


def _show_refused(request: PanelRequest, team: SessionTeam, status: int) -> HttpResponse:
    page = build_page(team.session, request.user, team=team)
    return show(request, page, status=status, part=PART_WITH_BAR)
