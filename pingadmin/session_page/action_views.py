"""The buttons that act on a session: resume it, pause it, and resolve an unknown outcome."""

import logging
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import permission_required
from django.db import DatabaseError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.attempts import (
    AttemptBlocked,
    AttemptRequest,
    is_checkable,
    resolve_unknown,
)
from pingadmin.resumes.form_token import StaleFormToken, read_form_token
from pingadmin.resumes.forms import ResolveForm, ResumeForm
from pingadmin.resumes.limits import record_limit
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.outcome_sentences import (
    NOT_KEPT,
    NOT_RECORDED,
    STALE_FORM,
    describe_block,
    describe_outcome,
)
from pingadmin.resumes.panel import build_panel
from pingadmin.resumes.resume import AttemptOutcome, AuditLogUnavailable, pause, resume
from pingadmin.session_page.page import RefusedResolution, build_page
from pingadmin.session_page.responses import show
from pingadmin.web.requests import PanelRequest

log = logging.getLogger(__name__)

_CALLS: dict[Action, Callable[[AttemptRequest], AttemptOutcome]] = {
    Action.RESUME: resume,
    Action.PAUSE: pause,
}


class Refused(Exception):  # noqa: N818 - an answer to a person, and no error
    """Nothing was sent. The sentence says why; a form that the person should get back is kept."""

    def __init__(self, status: int, why: str, *, keeps_form: bool = True) -> None:
        super().__init__(why)
        self.status = status
        self.sentence = f"Nothing was sent: {why}"
        self.keeps_form = keeps_form


@require_POST
@permission_required("resumes.resume", raise_exception=True)
def resume_session(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Resume a session once. Answers with one outcome, or why nothing was sent."""
    return _answer(request, alias, session_id, Action.RESUME)


@require_POST
@permission_required("resumes.pause", raise_exception=True)
def pause_session(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Pause a session once. Answers as a resume does."""
    return _answer(request, alias, session_id, Action.PAUSE)


@require_POST
@permission_required("resumes.resume", raise_exception=True)
def resolve_outcome(
    request: PanelRequest, alias: str, session_id: str, attempt_id: UUID
) -> HttpResponse:
    """Resolve an unknown outcome, with the reason that a person gives."""
    attempt = get_object_or_404(
        Attempt.objects.select_related("session"),
        pk=attempt_id,
        session__alias=alias,
        session__session_id=session_id,
    )
    form = ResolveForm(request.POST)
    if not form.is_valid():
        page = build_page(attempt.session, request.user)
        refused = RefusedResolution(attempt.pk, form)
        return show(request, replace(page, refused_resolution=refused), status=400)
    resolve_unknown(attempt, note=form.cleaned_data["note"], by=Actor.of(request))
    return _show_outcome(request, attempt.session)


def _answer(request: PanelRequest, alias: str, session_id: str, action: Action) -> HttpResponse:
    form = ResumeForm(request.POST)
    try:
        outcome = _act(request, alias, session_id, action, form)
    except Refused as refused:
        return _show_refused(request, alias, session_id, refused, (action, form))
    session = outcome.attempt.session
    if outcome.is_recorded:
        return _show_outcome(request, session)
    return show_unrecorded(request, session, outcome)


def _act(
    request: PanelRequest, alias: str, session_id: str, action: Action, form: ResumeForm
) -> AttemptOutcome:
    """Make the one call. Raises Refused where nothing was sent."""
    if alias not in upstream.aliases():
        raise Refused(409, "this account is no longer configured.", keeps_form=False)
    if not form.is_valid():
        raise Refused(400, "fix the marked field.")
    by = Actor.of(request)
    try:
        asked = _read_request(form, alias, session_id, action, by)
        outcome = _CALLS[action](replace(asked, asked_at=request.began_at))
    except StaleFormToken:
        raise Refused(409, STALE_FORM) from None
    except AttemptBlocked as blocked:
        raise Refused(409, describe_blocking(blocked.blocking)) from None
    except LimitReached as reached:
        record_limit(alias, session_id, reached, by=by, action=action)
        why = f"the limit is {reached.limit}. Try again in {reached.retry_after} s."
        raise Refused(429, why) from None
    except AuditLogUnavailable as problem:
        why = f"the audit log can’t be written ({problem}). Tell whoever runs this panel."
        raise Refused(503, why) from problem
    if outcome.attempt.is_open and outcome.is_recorded:
        # The first click of this very form is still waiting for its answer.
        raise Refused(409, describe_blocking(outcome.attempt), keeps_form=False)
    return outcome


def _read_request(
    form: ResumeForm, alias: str, session_id: str, action: Action, by: Actor
) -> AttemptRequest:
    """What a valid form asks for. Raises StaleFormToken."""
    given = form.cleaned_data
    form_token = read_form_token(
        given["form_token"], alias=alias, session_id=session_id, person_id=by.id, action=action
    )
    return AttemptRequest(
        alias, session_id, given["reason"], given["ticket"], form_token=form_token, by=by
    )


def describe_blocking(attempt: Attempt) -> str:
    """Why an attempt blocks the next one, as the rest of a sentence."""
    what_next = " The outcome will show here." if attempt.is_open else ""
    return f"{describe_block(attempt)}.{what_next}"


def _show_outcome(request: PanelRequest, session: RemoteSession) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{session.get_absolute_url()}#outcome")
    session.refresh_from_db()
    return show(request, replace(build_page(session, request.user), focuses_outcome=True))


def show_unrecorded(
    request: PanelRequest, session: RemoteSession, outcome: AttemptOutcome
) -> HttpResponse:
    """Show what is known all the same, though the database may be away for the page as well."""
    problem = NOT_RECORDED if outcome.is_kept else NOT_KEPT
    try:
        panel = build_panel(session, request.user, problem=problem, unrecorded=outcome.attempt)
        return show(request, build_page(session, request.user, resume_panel=panel))
    except DatabaseError:
        log.exception("the page of an outcome that is not recorded can't be made in full")
    sentence = describe_outcome(
        outcome.attempt,
        system=upstream.get_label(session.alias),
        reports_paused=is_checkable(outcome.attempt),
    )
    context = {
        "attempt": outcome.attempt,
        "sentence": sentence,
        "problem": problem,
        "static_url": settings.STATIC_URL,
        "request_id": request.request_id,
    }
    # Without the request, whose context asks the database who is signed in.
    return HttpResponse(render_to_string("session_page/unrecorded.html", context))


def _show_refused(
    request: PanelRequest,
    alias: str,
    session_id: str,
    refused: Refused,
    given: tuple[Action, ResumeForm],
) -> HttpResponse:
    session = RemoteSession.objects.find(alias, session_id)
    # Nothing is known yet of a session whose very first action was refused.
    session = session or RemoteSession(alias=alias, session_id=session_id)
    panel = build_panel(
        session,
        request.user,
        submitted=given if refused.keeps_form else None,
        problem=refused.sentence,
    )
    return show(
        request, build_page(session, request.user, resume_panel=panel), status=refused.status
    )
