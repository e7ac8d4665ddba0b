"""Resume a session later: write the intent down with its time, or cancel it."""

from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import StaleFormToken, read_form_token
from pingadmin.resumes.models import ScheduledResume
from pingadmin.resumes.outcome_sentences import STALE_FORM
from pingadmin.resumes.panel import build_panel
from pingadmin.resumes.scheduled.forms import ScheduleForm
from pingadmin.resumes.scheduled.lifecycle import (
    AlreadyScheduled,
    ScheduleRequest,
    cancel,
    schedule_resume,
)
from pingadmin.session_page.page import build_page
from pingadmin.session_page.responses import find_session, show
from pingadmin.web import wording
from pingadmin.web.requests import PanelRequest

may_resume = permission_required("resumes.resume", raise_exception=True)


@require_POST
@may_resume
def schedule(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Schedule a resume of a session. Sends nothing."""
    session = find_session(alias, session_id)
    form = ScheduleForm(request.POST)
    if alias not in upstream.aliases():
        return _show_refused(request, session, None, 409, "this account is no longer configured.")
    if not form.is_valid():
        return _show_refused(request, session, form, 400, "fix the marked field.")
    try:
        schedule_resume(_read_request(request, session, form))
    except StaleFormToken:
        return _show_refused(request, session, form, 409, STALE_FORM)
    except AlreadyScheduled as already:
        return _show_refused(request, session, form, 409, _describe(already.pending))
    except DatabaseError:
        why = "the audit log can’t be written. Tell whoever runs this panel."
        return _show_refused(request, session, form, 503, why)
    return _show_done(request, session)


@require_POST
@may_resume
def cancel_schedule(
    request: PanelRequest, alias: str, session_id: str, scheduled_id: UUID
) -> HttpResponse:
    """Cancel a scheduled resume, whoever scheduled it."""
    scheduled = get_object_or_404(
        ScheduledResume.objects.select_related("session"),
        pk=scheduled_id,
        session__alias=alias,
        session__session_id=session_id,
    )
    if not cancel(scheduled, by=Actor.of(request)):
        problem = "Nothing was cancelled: the scheduled resume has been sent or has ended before."
        panel = build_panel(scheduled.session, request.user, problem=problem)
        page = build_page(scheduled.session, request.user, resume_panel=panel)
        return show(request, page, status=409)
    return _show_done(request, scheduled.session)


def _read_request(
    request: PanelRequest, session: RemoteSession, form: ScheduleForm
) -> ScheduleRequest:
    """What a valid form asks for. Raises StaleFormToken."""
    given, by = form.cleaned_data, Actor.of(request)
    form_token = read_form_token(
        given["form_token"],
        alias=session.alias,
        session_id=session.session_id,
        person_id=by.id,
        action=Action.RESUME,
    )
    return ScheduleRequest(
        session, given["due_at"], given["reason"], given["ticket"], form_token=form_token, by=by
    )


def _describe(pending: ScheduledResume) -> str:
    zone = timezone.get_current_timezone()
    due = wording.moment(pending.due_at, now=timezone.now(), zone=zone)
    return f"{pending.actor_name} has scheduled a resume for {due} already. Cancel that one first."


def _show_refused(
    request: PanelRequest, session: RemoteSession, form: ScheduleForm | None, status: int, why: str
) -> HttpResponse:
    panel = build_panel(
        session,
        request.user,
        submitted=(Action.RESUME, form) if form else None,
        problem=f"Nothing was scheduled: {why}",
    )
    return show(request, build_page(session, request.user, resume_panel=panel), status=status)


def _show_done(request: PanelRequest, session: RemoteSession) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{session.get_absolute_url()}#resume")
    session.refresh_from_db()
    return show(request, build_page(session, request.user))
