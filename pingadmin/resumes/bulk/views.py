"""Bulk resume: choosing, the preview, the start, and the page that follows it to its end."""

import uuid

from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pingadmin.audit.record.actors import Actor
from pingadmin.resumes.bulk import lifecycle as bulks
from pingadmin.resumes.bulk import worker
from pingadmin.resumes.bulk.forms import BulkForm
from pingadmin.resumes.bulk.preview import preview, recent, version_of
from pingadmin.resumes.bulk.progress import progress
from pingadmin.resumes.bulk.selection import MOST, Choice, Named, NotChosen, read_choice, read_name
from pingadmin.resumes.form_token import StalePress, read_press
from pingadmin.resumes.models import BulkResume

may_resume = permission_required("resumes.resume", raise_exception=True)


@require_http_methods(["GET", "HEAD", "POST"])
@may_resume
def choose(request: HttpRequest) -> HttpResponse:
    """The box for ids; with a choice posted, the preview of it. Nothing is sent here."""
    if request.method != "POST":
        return _show_box(request)
    try:
        choice = read_choice(request.POST.getlist("session"), request.POST.get("ids", ""))
    except NotChosen as problem:
        return _show_box(request, status=400, problem=problem, ids=request.POST.get("ids", ""))
    return _show_preview(request, choice)


@require_POST
@may_resume
def start(request: HttpRequest) -> HttpResponse:
    """Begin with the ticked sessions, once for each form, and follow it on a page of its own."""
    try:
        choice = read_choice(request.POST.getlist("session"), guesses=request.POST.getlist("guess"))
        ticked = [read_name(name) for name in dict.fromkeys(request.POST.getlist("item"))]
    except NotChosen as problem:
        return _show_box(request, status=400, problem=problem)
    form = BulkForm(request.POST)
    if not form.is_valid():
        return _refused(request, choice, form, 400, "Nothing was sent: mend what is marked below.")
    if not 0 < len(ticked) <= MOST:
        return _refused(request, choice, form, 400, f"Nothing was sent: tick 1 to {MOST} sessions.")
    by = Actor.of(request)
    try:
        bulk, is_new = bulks.start(
            items=[(named, _press_of(request, named, by)) for named in ticked],
            reason=form.cleaned_data["reason"],
            ticket=form.cleaned_data["ticket"],
            token=form.cleaned_data["token"] or uuid.uuid4(),
            retry_of=BulkResume.objects.filter(pk=form.cleaned_data["retry_of"]).first(),
            by=by,
        )
    except StalePress:
        problem = "Nothing was sent: this preview was used before, or is too old. Look at it again, then press again."
        return _refused(request, choice, form, 409, problem)
    except bulks.StillRunning as running:
        problem = "Nothing was sent: your last bulk resume is still under way. Wait for its end, or stop it."
        return _refused(request, choice, form, 409, problem, running=running.bulk)
    except DatabaseError:
        problem = "Nothing was sent: the audit log cannot be written. Tell whoever runs this panel."
        return _refused(request, choice, form, 503, problem)
    if is_new:
        worker.begin(bulk, by=by)
    return redirect("bulk:progress", bulk.pk)


@require_safe
@permission_required("remote_sessions.look_up", raise_exception=True)
def follow(request: HttpRequest, bulk_id) -> HttpResponse:
    """How far it is, and each outcome."""
    return _show_progress(request, bulk_id, "resumes/bulk_progress.html")


@require_safe
@permission_required("remote_sessions.look_up", raise_exception=True)
def now(request: HttpRequest, bulk_id) -> HttpResponse:
    """The moving part of that page; 304 while it is as it was when `seen` was drawn."""
    return _show_progress(
        request, bulk_id, "resumes/_bulk_progress.html", seen=request.GET.get("seen")
    )


@require_POST
@may_resume
def stop(request: HttpRequest, bulk_id) -> HttpResponse:
    """Send nothing further after the one that is under way."""
    bulks.stop(get_object_or_404(BulkResume, pk=bulk_id), by=Actor.of(request))
    if request.htmx:
        return _show_progress(request, bulk_id, "resumes/_bulk_progress.html")
    return redirect("bulk:progress", bulk_id)


@require_POST
@may_resume
def retry(request: HttpRequest, bulk_id) -> HttpResponse:
    """A new preview of exactly those of which nothing left us."""
    bulk = get_object_or_404(BulkResume, pk=bulk_id)
    unsent = progress(bulk).unsent
    if not unsent:
        return redirect("bulk:progress", bulk_id)
    choice = Choice(tuple(Named(item.alias, item.session_id) for item in unsent))
    return _show_preview(
        request, choice, retry_of=bulk.pk, initial={"reason": bulk.reason, "ticket": bulk.ticket}
    )


def _press_of(request: HttpRequest, named: Named, by: Actor):
    value = request.POST.get(f"press:{named.name}", "")
    return read_press(value, alias=named.alias, session_id=named.session_id, person_id=by.id)


def _refused(request, choice, form: BulkForm, status: int, problem: str, **more) -> HttpResponse:
    ticked, retry_of = set(request.POST.getlist("item")), request.POST.get("retry_of", "")
    asked = {"form": form, "ticked": ticked, "retry_of": retry_of}
    return _show_preview(request, choice, status=status, more={"problem": problem} | more, **asked)


def _show_box(request: HttpRequest, *, status: int = 200, **more) -> HttpResponse:
    last = recent(request.user)
    context = {
        "recent": [progress(bulk) for bulk in last],
        "most": MOST,
        "version": version_of(next(iter(last), None)),
    }
    return render(request, "resumes/bulk.html", context | more, status=status)


def _show_preview(
    request, choice: Choice, *, status: int = 200, more: dict | None = None, **asked
) -> HttpResponse:
    context = {"preview": preview(choice, person=request.user, **asked)}
    return render(request, "resumes/bulk_preview.html", context | (more or {}), status=status)


def _show_progress(
    request: HttpRequest, bulk_id, template: str, seen: str | None = None
) -> HttpResponse:
    shown = progress(get_object_or_404(BulkResume, pk=bulk_id))
    if seen == shown.version:
        return HttpResponse(status=304)
    return render(request, template, {"progress": shown})
