"""The buttons that act on a session: resume it, pause it, and close an unknown outcome."""

from collections.abc import Callable
from uuid import UUID

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import PAUSE, RESUME, Action
from pingadmin.resumes.attempts import SessionHeld, close_unknown
from pingadmin.resumes.form_token import StalePress, read_press
from pingadmin.resumes.forms import CloseForm, ResumeForm
from pingadmin.resumes.limits import record_limit
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.panel import panel_for
from pingadmin.resumes.resume import NothingSent, Outcome, pause, resume
from pingadmin.session_page.page import RefusedClosure, build_page
from pingadmin.session_page.responses import show
from pingadmin.web.requests import PanelRequest

NOT_RECORDED = (
    "The outcome below is known but couldn’t be written to the database. It is kept in a file and "
    "will be added later. Until then, nothing can be resumed or paused: tell whoever runs this panel."
)
_CALLS: dict[Action, Callable[..., Outcome]] = {RESUME: resume, PAUSE: pause}


class _Refused(Exception):
    """Nothing was sent. The sentence says why; a form that the person should get back is kept."""

    def __init__(self, status: int, why: str, *, keeps_form: bool = True):
        super().__init__(why)
        self.status = status
        self.sentence = f"Nothing was sent: {why}"
        self.keeps_form = keeps_form


@require_POST
@permission_required("resumes.resume", raise_exception=True)
def resume_session(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Resume a session once. Answers with the session and exactly one outcome, or why nothing was sent."""
    return _answer(request, alias, session_id, RESUME)


@require_POST
@permission_required("resumes.pause", raise_exception=True)
def pause_session(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Pause a session once. Answers as a resume does."""
    return _answer(request, alias, session_id, PAUSE)


@require_POST
@permission_required("resumes.resume", raise_exception=True)
def close(request: PanelRequest, alias: str, session_id: str, attempt_id: UUID) -> HttpResponse:
    """Close an unknown outcome, with the reason that a person gives."""
    attempt = get_object_or_404(
        Attempt.objects.select_related("session"),
        pk=attempt_id,
        session__alias=alias,
        session__session_id=session_id,
    )
    form = CloseForm(request.POST)
    if not form.is_valid():
        refused = RefusedClosure(attempt.pk, form)
        page = build_page(attempt.session, request.user, refused_closure=refused)
        return show(request, page, status=400)
    close_unknown(attempt, note=form.cleaned_data["note"], by=Actor.of(request))
    return _show_outcome(request, attempt.session)


def _answer(request: PanelRequest, alias: str, session_id: str, action: Action) -> HttpResponse:
    form = ResumeForm(request.POST)
    try:
        outcome = _act(request, alias, session_id, action, form)
    except _Refused as refused:
        return _show_refused(request, alias, session_id, refused, (action, form))
    session = outcome.attempt.session
    if outcome.recorded:
        return _show_outcome(request, session)
    panel = panel_for(session, request.user, problem=NOT_RECORDED, unrecorded=outcome.attempt)
    return show(request, build_page(session, request.user, resume_panel=panel))


def _act(
    request: PanelRequest, alias: str, session_id: str, action: Action, form: ResumeForm
) -> Outcome:
    """Make the one call. Raises _Refused where nothing was sent."""
    if alias not in upstream.aliases():
        raise _Refused(409, "the account is not set.", keeps_form=False)
    if not form.is_valid():
        raise _Refused(400, "fix the marked field.")
    by = Actor.of(request)
    given = form.cleaned_data
    try:
        press = read_press(
            given["press"], alias=alias, session_id=session_id, person_id=by.id, action=action
        )
        outcome = _CALLS[action](
            alias=alias,
            session_id=session_id,
            reason=given["reason"],
            ticket=given["ticket"],
            press=press,
            by=by,
        )
    except StalePress:
        raise _Refused(409, "this form is out of date or not yours. Click again.") from None
    except SessionHeld as held:
        raise _Refused(409, _why_held(held.attempt)) from None
    except LimitReached as reached:
        record_limit(alias, session_id, reached, by=by, action=action)
        why = f"the limit is {reached.limit}. Try again in {reached.retry_after} s."
        raise _Refused(429, why) from None
    except NothingSent as problem:
        why = f"the audit log can’t be written ({problem}). Tell whoever runs this panel."
        raise _Refused(503, why) from problem
    if outcome.attempt.is_open and outcome.recorded:
        # The first click of this very form is still waiting for its answer.
        raise _Refused(409, _why_held(outcome.attempt), keeps_form=False)
    return outcome


def _why_held(attempt: Attempt) -> str:
    if attempt.is_open:
        doing = f"{attempt.actor_name} is already {attempt.kind.doing} this session"
        return f"{doing}. The outcome will show here."
    return (
        f"the outcome of the last {attempt.action} is unknown, and nobody has been able to look "
        "at the session since."
    )


def _show_outcome(request: PanelRequest, session: RemoteSession) -> HttpResponse:
    if not request.htmx:
        return redirect(f"{session.get_absolute_url()}#outcome")
    session.refresh_from_db()
    return show(request, build_page(session, request.user, focuses_outcome=True))


def _show_refused(
    request: PanelRequest,
    alias: str,
    session_id: str,
    refused: _Refused,
    given: tuple[Action, ResumeForm],
) -> HttpResponse:
    session = RemoteSession.objects.filter(alias=alias, session_id=session_id).first()
    # Nothing is known yet of a session whose very first action was refused.
    session = session or RemoteSession(alias=alias, session_id=session_id)
    panel = panel_for(
        session,
        request.user,
        pressed=given if refused.keeps_form else None,
        problem=refused.sentence,
    )
    return show(
        request, build_page(session, request.user, resume_panel=panel), status=refused.status
    )
