"""Answer an agent: a message, and the resume or cancellation that follows it."""

from dataclasses import replace

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.views.decorators.http import require_POST

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.answering.chains import (
    AnswerRequest,
    AnswerStep,
    LookUpLimitReached,
    QuestionChanged,
    answer_agent,
)
from pingadmin.resumes.answering.forms import AnswerForm, AnswerKind
from pingadmin.resumes.answering.panel import build_answer_panel, may_take, permitted_kinds
from pingadmin.resumes.attempts import AttemptBlocked, AttemptRequest
from pingadmin.resumes.form_token import StaleFormToken, read_form_token
from pingadmin.resumes.limits import record_limit
from pingadmin.resumes.outcome_sentences import STALE_FORM
from pingadmin.resumes.panel import build_panel
from pingadmin.resumes.resume import AuditLogUnavailable
from pingadmin.session_page.action_views import Refused, describe_blocking, show_unrecorded
from pingadmin.session_page.page import build_page
from pingadmin.session_page.responses import find_session, show
from pingadmin.upstream.errors import FAILURES, UpstreamError
from pingadmin.upstream.records import ConversationMessage
from pingadmin.web.requests import PanelRequest

ASKS = "the agent asks this. Read it, then send again:"
ASKED_NEWER = "the agent has asked something newer meanwhile. Read it, then send again:"
NO_QUESTION = "the question that this answers doesn’t wait any more. Look at the session first."


@require_POST
def answer(request: PanelRequest, alias: str, session_id: str) -> HttpResponse:
    """Answer an agent once. Shows what became of each step, or why nothing was sent."""
    if not permitted_kinds(request.user):
        raise PermissionDenied
    session = find_session(alias, session_id)
    form = AnswerForm(request.POST)
    try:
        steps = _answer(request, session, form)
    except QuestionChanged as changed:
        return _show_changed(request, session, form, changed.newest)
    except Refused as refused:
        kept = form if refused.keeps_form else None
        return _show(request, session, form=kept, problem=refused.sentence, status=refused.status)
    for step in steps:
        if step.outcome and not step.outcome.is_recorded:
            return show_unrecorded(request, session, step.outcome)
    return _show(request, session, steps=steps)


def _answer(request: PanelRequest, session: RemoteSession, form: AnswerForm) -> list[AnswerStep]:
    """Raises Refused, QuestionChanged and PermissionDenied, with nothing sent."""
    if session.alias not in upstream.aliases():
        raise Refused(409, "this account is no longer configured.", keeps_form=False)
    if not upstream.can_converse(session.alias):
        raise Refused(409, "this account’s sessions can’t be spoken to.", keeps_form=False)
    if not form.is_valid():
        raise Refused(400, "fix the marked field.")
    asked = _read_request(request, session, form)
    if not may_take(request.user, asked.kind, asked.text):
        raise PermissionDenied
    steps = _take_steps(asked)
    for step in steps:
        if step.outcome and step.outcome.is_recorded and step.outcome.attempt.is_open:
            # The first click of this very form is still waiting for its answer.
            raise Refused(409, describe_blocking(step.outcome.attempt), keeps_form=False)
    return steps


def _take_steps(asked: AnswerRequest) -> list[AnswerStep]:
    """Raises Refused and QuestionChanged, with nothing sent."""
    first = asked.first
    try:
        return answer_agent(asked)
    except AttemptBlocked as blocked:
        raise Refused(409, describe_blocking(blocked.blocking)) from None
    except LimitReached as reached:
        if not isinstance(reached, LookUpLimitReached):
            action = asked.actions[0]
            record_limit(first.alias, first.session_id, reached, by=first.by, action=action)
        why = f"the limit is {reached.limit}. Try again in {reached.retry_after} s."
        raise Refused(429, why) from None
    except UpstreamError as error:
        why = f"{upstream.get_label(first.alias)} {FAILURES[error.kind]}"
        raise Refused(409, f"the conversation couldn’t be read ({why}). Try again.") from None
    except AuditLogUnavailable as problem:
        why = f"the audit log can’t be written ({problem}). Tell whoever runs this panel."
        raise Refused(503, why) from problem


def _read_request(request: PanelRequest, session: RemoteSession, form: AnswerForm) -> AnswerRequest:
    """What a valid form asks for. Raises Refused."""
    given, by = form.cleaned_data, Actor.of(request)
    try:
        form_token = read_form_token(
            given["form_token"],
            alias=session.alias,
            session_id=session.session_id,
            person_id=by.id,
            action=Action.MESSAGE,
        )
    except StaleFormToken:
        raise Refused(409, STALE_FORM) from None
    first = AttemptRequest(
        session.alias,
        session.session_id,
        given["reason"],
        given["ticket"],
        form_token=form_token,
        by=by,
        asked_at=request.began_at,
    )
    return AnswerRequest(AnswerKind(given["do"]), given["message"], given["question"], first)


def _show_changed(
    request: PanelRequest,
    session: RemoteSession,
    form: AnswerForm,
    newest: ConversationMessage | None,
) -> HttpResponse:
    why = ASKED_NEWER if form.cleaned_data["question"] is not None else ASKS
    if newest is None:
        why, form.cleaned_data["question"] = NO_QUESTION, None
    problem = f"Nothing was sent: {why}"
    return _show(request, session, form=form, problem=problem, newest=newest, status=409)


def _show(
    request: PanelRequest,
    session: RemoteSession,
    *,
    form: AnswerForm | None = None,
    problem: str = "",
    newest: ConversationMessage | None = None,
    steps: list[AnswerStep] | None = None,
    status: int = 200,
) -> HttpResponse:
    session.refresh_from_db()
    resume_panel = build_panel(session, request.user)
    panel = build_answer_panel(
        session,
        request.user,
        resume_panel,
        submitted=form,
        problem=problem,
        newest=newest,
        steps=steps,
    )
    page = build_page(session, request.user, resume_panel=resume_panel)
    # An account that lost its place in the settings has no such panel.
    if panel is None:
        resume_panel = replace(resume_panel, problem=problem)
    page = replace(page, answer_panel=panel, resume_panel=resume_panel, focuses_outcome=bool(steps))
    return show(request, page, status=status)
