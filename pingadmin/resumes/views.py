"""The two buttons, the session as it is now (polled while an act is under way), and closing a question."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.display.page import page_context
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import PAUSE, RESUME, Action
from pingadmin.resumes.attempts import SessionHeld, close_unknown
from pingadmin.resumes.form_token import StalePress, read_press
from pingadmin.resumes.forms import CloseForm, ResumeForm
from pingadmin.resumes.limits import record_limit
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.resume import NothingSent, pause, resume

NOT_RECORDED = (
    "The outcome below is known but could not be written to the database. It is kept in a file and will be brought in. "
    "Until then nothing can be resumed or paused: tell whoever runs this panel."
)
_DO = {RESUME: resume, PAUSE: pause}


@require_POST
@permission_required("resumes.resume", raise_exception=True)
def resume_session(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Resume a session once; the answer is the session with exactly one outcome, or why nothing was sent."""
    return _press(request, alias, session_id, RESUME)


@require_POST
@permission_required("resumes.pause", raise_exception=True)
def pause_session(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """Pause a session once; answered as a resume is."""
    return _press(request, alias, session_id, PAUSE)


@require_safe
@permission_required("remote_sessions.look_up", raise_exception=True)
def session_now(request: HttpRequest, alias: str, session_id: str) -> HttpResponse:
    """The session's part of the page from our own database; nothing is asked upstream."""
    session = get_object_or_404(RemoteSession, alias=alias, session_id=session_id)
    return render(request, "remote_sessions/_session.html", page_context(session))


@require_POST
@permission_required("resumes.resume", raise_exception=True)
def close(request: HttpRequest, alias: str, session_id: str, attempt_id) -> HttpResponse:
    """A person closes an unknown outcome with a reason."""
    attempt = get_object_or_404(
        Attempt.objects.select_related("session"),
        pk=attempt_id,
        session__alias=alias,
        session__session_id=session_id,
    )
    form = CloseForm(request.POST)
    if not form.is_valid():
        return _show(request, attempt.session, 400, close_form=form, close_of=attempt.pk)
    close_unknown(attempt, note=form.cleaned_data["note"], by=Actor.of(request))
    return _done(request, attempt.session)


def _press(request: HttpRequest, alias: str, session_id: str, action: Action) -> HttpResponse:
    if alias not in upstream.aliases():
        return _refused(
            request, alias, session_id, 409, "This account is not set, so nothing was sent."
        )
    form = ResumeForm(request.POST)
    pressed = (action, form)
    if not form.is_valid():
        return _refused(
            request, alias, session_id, 400, "Nothing was sent: mend what is marked below.", pressed
        )
    by = Actor.of(request)
    try:
        press = read_press(
            form.cleaned_data["press"],
            alias=alias,
            session_id=session_id,
            person_id=by.id,
            action=action,
        )
        outcome = _DO[action](
            alias=alias,
            session_id=session_id,
            reason=form.cleaned_data["reason"],
            ticket=form.cleaned_data["ticket"],
            press=press,
            by=by,
        )
    except StalePress:
        sentence = "Nothing was sent: this form was not drawn for you here and now. Press again."
        return _refused(request, alias, session_id, 409, sentence, pressed)
    except SessionHeld as held:
        return _refused(request, alias, session_id, 409, _held_by(held.attempt), pressed)
    except LimitReached as reached:
        record_limit(alias, session_id, reached, by=by, action=action)
        sentence = f"Nothing was sent: {reached.limit} is the limit. Possible again in {reached.retry_after} s."
        return _refused(request, alias, session_id, 429, sentence, pressed)
    except NothingSent as problem:
        sentence = f"Nothing was sent: the audit log cannot be written ({problem}). Tell whoever runs this panel."
        return _refused(request, alias, session_id, 503, sentence, pressed)
    if outcome.attempt.is_open and outcome.recorded:
        return _refused(request, alias, session_id, 409, _held_by(outcome.attempt))
    return _after(request, outcome)


def _held_by(attempt: Attempt) -> str:
    if attempt.is_open:
        why = f"{attempt.actor_name} is {attempt.kind.doing} this session already. The outcome will show here."
    else:
        why = f"the outcome of the last {attempt.action} is unknown, and nobody could look at the session since."
    return f"Nothing was sent: {why}"


def _after(request: HttpRequest, outcome) -> HttpResponse:
    session = outcome.attempt.session
    if not outcome.recorded:
        return _show(request, session, 200, press_problem=NOT_RECORDED, unrecorded=outcome.attempt)
    return _done(request, session)


def _done(request: HttpRequest, session: RemoteSession) -> HttpResponse:
    if request.htmx:
        session.refresh_from_db()
        return _show(request, session, 200, was_pressed=True)
    return redirect(
        reverse("remote_sessions:session", args=[session.alias, session.session_id]) + "#outcome"
    )


def _refused(
    request, alias, session_id, status: int, problem: str, pressed: tuple | None = None
) -> HttpResponse:
    session = RemoteSession.objects.filter(alias=alias, session_id=session_id).first()
    session = session or RemoteSession(alias=alias, session_id=session_id)
    return _show(request, session, status, pressed=pressed, press_problem=problem)


def _show(request: HttpRequest, session: RemoteSession, status: int, **more) -> HttpResponse:
    template = "remote_sessions/_session.html" if request.htmx else "remote_sessions/session.html"
    return render(request, template, page_context(session) | more, status=status)
