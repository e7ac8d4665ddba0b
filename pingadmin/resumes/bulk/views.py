"""Bulk resume: selecting sessions, the preview, the start, and the page that follows it."""

import uuid

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.search_input import find_tickets
from pingadmin.resumes.bulk import worker
from pingadmin.resumes.bulk.forms import BulkForm
from pingadmin.resumes.bulk.lifecycle import (
    BulkRequest,
    BulkResumeRunning,
    request_stop,
    start_bulk_resume,
)
from pingadmin.resumes.bulk.looking_up import look_up_next, read_look_ups
from pingadmin.resumes.bulk.preview import (
    BulkPreview,
    form_version,
    keep_ticks,
    preview_selection,
)
from pingadmin.resumes.bulk.progress import load_progress
from pingadmin.resumes.bulk.selection import (
    InvalidSelection,
    SelectedSession,
    Selection,
    read_selection,
    read_session_name,
)
from pingadmin.resumes.form_token import FormToken, StaleFormToken, read_form_token
from pingadmin.resumes.models import BulkResume
from pingadmin.web.requests import PanelRequest

RECENT_COUNT = 10
# Without JavaScript, a page looks up as many as begin in this time.
LOOK_UP_SECONDS = 8

requires_resume = permission_required("resumes.resume", raise_exception=True)
requires_look_up = permission_required("remote_sessions.look_up", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@requires_resume
def select(request: PanelRequest) -> HttpResponse:
    """The box for ids; with a selection posted, the preview of it. Nothing is sent here."""
    if request.method != "POST":
        return _render_selection(request)
    text = request.POST.get("ids", "")
    try:
        selection = read_selection(request.POST.getlist("session"), text)
    except InvalidSelection as problem:
        return _render_selection(request, status=400, problem=problem, ids=text)
    tickets = find_tickets(text) or [request.POST.get("ticket", "")[:64]]
    initial = {"ticket": tickets[0] if len(tickets) == 1 else ""}
    preview = preview_selection(selection, person=request.user, initial=initial)
    return _render_preview(request, preview)


@require_POST
@requires_resume
def look_up(request: PanelRequest) -> HttpResponse:
    """Looks up the next pasted sessions of a preview, and shows it again: the table for htmx."""
    try:
        selection = read_selection(
            request.POST.getlist("session"), guesses=request.POST.getlist("guess")
        )
    except InvalidSelection as problem:
        return _render_selection(request, status=400, problem=problem)
    before = read_look_ups(request.POST)
    look_ups = look_up_next(
        selection.sessions,
        before,
        by=Actor.of(request),
        seconds=0 if request.htmx else LOOK_UP_SECONDS,
    )
    preview = preview_selection(
        selection,
        person=request.user,
        form=BulkForm(initial=request.POST.dict()),
        look_ups=look_ups,
        retry_of=request.POST.get("retry_of", ""),
    )
    preview = keep_ticks(preview, before=before, ticked=set(request.POST.getlist("item")))
    if request.htmx:
        return render(request, "resumes/bulk/_table.html", {"preview": preview})
    return _render_preview(request, preview)


@require_POST
@requires_resume
def start(request: PanelRequest) -> HttpResponse:
    """Starts with the ticked sessions, once for each form, and redirects to its page."""
    try:
        selection = read_selection(
            request.POST.getlist("session"), guesses=request.POST.getlist("guess")
        )
        ticked = [read_session_name(name) for name in dict.fromkeys(request.POST.getlist("item"))]
    except InvalidSelection as problem:
        return _render_selection(request, status=400, problem=problem)
    form = BulkForm(request.POST)
    if not form.is_valid():
        return _refuse(request, selection, form, 400, "Nothing was sent. Fix the marked field.")
    if not 0 < len(ticked) <= settings.BULK_MOST:
        problem_text = f"Nothing was sent. Select 1 to {settings.BULK_MOST} sessions."
        return _refuse(request, selection, form, 400, problem_text)
    by = Actor.of(request)
    try:
        bulk, is_new = start_bulk_resume(_read_request(request, ticked, form, by), by=by)
    except (StaleFormToken, BulkResumeRunning, DatabaseError) as error:
        return _refuse_start(request, selection, form, error)
    if is_new:
        worker.start_in_thread(bulk, by=by)
    return redirect(bulk)


@require_safe
@requires_look_up
def show_progress(request: PanelRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """How far it is, and each outcome."""
    progress = load_progress(get_object_or_404(BulkResume, pk=bulk_id))
    return render(request, "resumes/bulk/progress.html", {"progress": progress})


@require_safe
@requires_look_up
def show_progress_now(request: PanelRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """The part of that page that changes; 304 while it is as in the version that `seen` names."""
    progress = load_progress(get_object_or_404(BulkResume, pk=bulk_id))
    if request.GET.get("seen") == progress.version:
        return HttpResponse(status=304)
    return render(request, "resumes/bulk/_progress.html", {"progress": progress})


@require_POST
@requires_resume
def stop(request: PanelRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """Sends nothing more after the item that is under way."""
    bulk = get_object_or_404(BulkResume, pk=bulk_id)
    request_stop(bulk, by=Actor.of(request))
    if not request.htmx:
        return redirect(bulk)
    bulk.refresh_from_db()
    return render(request, "resumes/bulk/_progress.html", {"progress": load_progress(bulk)})


@require_POST
@requires_resume
def retry(request: PanelRequest, bulk_id: uuid.UUID) -> HttpResponse:
    """A new preview of exactly the sessions for which nothing was sent."""
    bulk = get_object_or_404(BulkResume, pk=bulk_id)
    unsent = load_progress(bulk).unsent
    if not unsent:
        return redirect(bulk)
    preview = preview_selection(
        Selection(tuple(SelectedSession(item.alias, item.session_id) for item in unsent)),
        person=request.user,
        retry_of=str(bulk.pk),
        initial={"reason": bulk.reason, "ticket": bulk.ticket},
    )
    return _render_preview(request, preview)


def _read_request(
    request: PanelRequest, ticked: list[SelectedSession], form: BulkForm, by: Actor
) -> BulkRequest:
    """What a valid form asks for. Raises StaleFormToken."""
    given = form.cleaned_data
    return BulkRequest(
        items=[(selected, _read_form_token(request, selected, by)) for selected in ticked],
        reason=given["reason"],
        ticket=given["ticket"],
        # A script sends no token, and then each of its requests is a bulk resume of its own.
        token=given["token"] or uuid.uuid4(),
        retry_of=BulkResume.objects.filter(pk=given["retry_of"]).first(),
    )


def _read_form_token(request: PanelRequest, selected: SelectedSession, by: Actor) -> FormToken:
    # Version 0.2.0 called the field `press:…`: a preview that stays open in an upgrade still works.
    value = request.POST.get(f"form_token:{selected.name}") or request.POST.get(
        f"press:{selected.name}", ""
    )
    return read_form_token(
        value, alias=selected.alias, session_id=selected.session_id, person_id=by.id
    )


def _refuse_start(
    request: PanelRequest, selection: Selection, form: BulkForm, error: Exception
) -> HttpResponse:
    if isinstance(error, StaleFormToken):
        problem = (
            "Nothing was sent: this preview was used before, or is too old. "
            "Check it again, then try again."
        )
        return _refuse(request, selection, form, 409, problem)
    if isinstance(error, BulkResumeRunning):
        problem = (
            "Nothing was sent: your last bulk resume is still running. "
            "Wait until it ends, or stop it."
        )
        return _refuse(request, selection, form, 409, problem, running=error.bulk)
    problem = "Nothing was sent: the audit log can’t be written. Tell whoever runs this panel."
    return _refuse(request, selection, form, 503, problem)


def _refuse(
    request: PanelRequest,
    selection: Selection,
    form: BulkForm,
    status: int,
    problem: str,
    running: BulkResume | None = None,
) -> HttpResponse:
    """The preview again, with what was ticked and typed. running: the bulk resume to wait for."""
    preview = preview_selection(
        selection,
        person=request.user,
        form=form,
        ticked=set(request.POST.getlist("item")),
        look_ups=read_look_ups(request.POST),
        retry_of=request.POST.get("retry_of", ""),
    )
    return _render_preview(request, preview, status=status, problem=problem, running=running)


def _render_selection(
    request: PanelRequest,
    *,
    status: int = 200,
    problem: InvalidSelection | None = None,
    ids: str = "",
) -> HttpResponse:
    recent = list(BulkResume.objects.of_person(str(request.user.pk)).newest_first()[:RECENT_COUNT])
    context = {
        "problem": problem,
        "ids": ids,
        "recent": [load_progress(bulk) for bulk in recent],
        "max_sessions": settings.BULK_MOST,
        "form_version": form_version(recent[0] if recent else None),
    }
    return render(request, "resumes/bulk/select.html", context, status=status)


def _render_preview(
    request: PanelRequest,
    preview: BulkPreview,
    *,
    status: int = 200,
    problem: str = "",
    running: BulkResume | None = None,
) -> HttpResponse:
    context = {"preview": preview, "problem": problem, "running": running}
    return render(request, "resumes/bulk/preview.html", context, status=status)
