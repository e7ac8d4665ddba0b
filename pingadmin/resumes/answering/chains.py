"""Answers an agent: a message, a resume, a cancellation, one after another.

Each step is an attempt of its own. The next one begins only when the one before it ended `ok`, and
none is ever sent twice.
"""

import logging
import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DatabaseError, transaction
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record import trail
from pingadmin.remote_sessions.conversation.recording import record_answered
from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.display.paused import PausedValue
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.lookup.look_up import count_look_ups_of
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.answering.forms import AnswerKind
from pingadmin.resumes.attempts import AttemptBlocked, AttemptRequest, MessageContent
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.limits import describe_reached_limit, record_limit
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.outcome_sentences import describe_block
from pingadmin.resumes.results import NO_OUTCOME_YET, Result, label_for
from pingadmin.resumes.resume import (
    AttemptOutcome,
    AuditLogUnavailable,
    cancel_task,
    resume,
    send_message,
)
from pingadmin.upstream.records import Conversation, ConversationMessage

log = logging.getLogger(__name__)

APPROVAL = "Approved. Please continue."
NOT_RECORDED = "as far as is recorded now"
STOPPED = "the steps stopped before it"
NOT_PAUSED = "the session isn’t paused"

PERMISSIONS = {
    Action.MESSAGE: "resumes.answer",
    Action.RESUME: "resumes.resume",
    Action.CANCEL: "resumes.cancel",
}
_FOLLOWING = {
    AnswerKind.APPROVE: [Action.RESUME],
    AnswerKind.INSTRUCT: [Action.RESUME],
    AnswerKind.DECLINE: [Action.CANCEL],
}
_LABELS = {
    Action.MESSAGE: "Message",
    Action.RESUME: "Resume",
    Action.CANCEL: "Cancellation of the task",
}


class QuestionChanged(Exception):  # noqa: N818 - what the agent did, and no error
    """The newest question is not the one that the form answers; None where none waits any more."""

    def __init__(self, newest: ConversationMessage | None):
        super().__init__(str(newest))
        self.newest = newest


class LookUpLimitReached(LimitReached):
    """The limit on look-ups, of which reading a conversation is one; it is in the audit log."""


@dataclass(frozen=True)
class AnswerRequest:
    """What a person answers, and why.

    text: the message, "" for none. question_id: the question that it answers, None for none.
    first: the request for the attempts, without a message; its form token is the form's.
    """

    kind: AnswerKind
    text: str
    question_id: int | None
    first: AttemptRequest

    @property
    def actions(self) -> list[Action]:
        """The steps, in their order."""
        return steps_of(self.kind, self.text)

    @property
    def message(self) -> str:
        return self.text or (APPROVAL if self.kind == AnswerKind.APPROVE else "")

    def token_for(self, action: Action) -> uuid.UUID:
        """A step's own token: the same for whoever sends the same form again."""
        return uuid.uuid5(self.first.form_token.token, action.value)


@dataclass(frozen=True)
class AnswerStep:
    """One step: what became of it. why_not: half a sentence on why there is no attempt."""

    action: Action
    outcome: AttemptOutcome | None = None
    why_not: str = ""

    @property
    def attempt(self) -> Attempt | None:
        return self.outcome.attempt if self.outcome else None

    @property
    def is_ok(self) -> bool:
        """Whether the next step may begin. One that isn't recorded stops too."""
        return bool(
            self.outcome
            and self.outcome.is_recorded
            and self.outcome.is_new
            and self.outcome.attempt.result == Result.OK
        )

    @property
    def sentence(self) -> str:
        """`Message: confirmed.`"""
        label = _LABELS[self.action]
        attempt = self.attempt
        if attempt is None:
            return f"{label}: not sent, {self.why_not}."
        if attempt.is_open:
            return f"{label}: {NO_OUTCOME_YET.text.lower()}."
        return (
            f"{label}: {label_for(attempt.action, attempt.result, attempt.verified).text.lower()}."
        )


def steps_of(kind: AnswerKind, text: str) -> list[Action]:
    """The actions of an answer with this text. To decline, a message is not needed."""
    has_message = text or kind != AnswerKind.DECLINE
    return [*([Action.MESSAGE] if has_message else []), *_FOLLOWING.get(kind, [])]


def answer_agent(request: AnswerRequest) -> list[AnswerStep]:
    """Takes the steps of an answer until one doesn't end `ok`; says what became of each.

    A form that was sent before sends nothing and gives what became of it. Raises, with nothing
    sent: QuestionChanged; UpstreamError where the conversation can't be read; and what the first
    step raises: AttemptBlocked, LimitReached (LookUpLimitReached of the reading before it),
    UnknownAlias, AuditLogUnavailable.
    """
    if repeated := load_steps(request):
        return repeated
    conversation = _read_conversation(request)
    begun_at = timezone.now()
    first, *following = request.actions
    steps = [AnswerStep(first, _take(first, request, conversation))]
    for action in following:
        steps.append(_take_next(action, steps[-1], request, conversation, begun_at))
    # The same form was faster by less than a reading of the conversation.
    if any(step.outcome and not step.outcome.is_new for step in steps):
        return load_steps(request)
    for step in steps:
        if step.attempt is None:
            _record_left_out(step, request)
    return steps


def load_steps(request: AnswerRequest) -> list[AnswerStep]:
    """What became of the same form when it was sent before; [] where it was not."""
    tokens = {action: request.token_for(action) for action in PERMISSIONS}
    stored = Attempt.objects.filter(token__in=tokens.values()).select_related("session")
    outcomes = {attempt.kind: AttemptOutcome(attempt, is_new=False) for attempt in stored}
    if not outcomes:
        return []
    actions = [action for action in PERMISSIONS if action in outcomes or action in request.actions]
    return [AnswerStep(action, outcomes.get(action), NOT_RECORDED) for action in actions]


def _read_conversation(request: AnswerRequest) -> Conversation:
    """Raises QuestionChanged, UpstreamError, UnknownAlias, LookUpLimitReached."""
    first = request.first
    try:
        count_look_ups_of(first.by, 1)
    except LimitReached as reached:
        raise LookUpLimitReached(limit=reached.limit, retry_after=reached.retry_after) from None
    conversation = upstream.api_for(first.alias).read_conversation(
        upstream.canonical_id(first.alias, first.session_id)
    )
    newest = conversation.newest_question
    if (newest.id if newest else None) != request.question_id:
        raise QuestionChanged(newest)
    return conversation


def _take(action: Action, request: AnswerRequest, conversation: Conversation) -> AttemptOutcome:
    """Raises what resume() raises."""
    form_token = FormToken(request.token_for(action), request.first.form_token.shown)
    asked = replace(request.first, form_token=form_token)
    if action is Action.RESUME:
        return resume(asked)
    if action is Action.CANCEL:
        outcome = cancel_task(asked)
    else:
        content = MessageContent(request.message, request.question_id, conversation.newest_id)
        outcome = send_message(replace(asked, message=content))
    if outcome.is_recorded and outcome.attempt.result == Result.OK:
        _end_wait(outcome.attempt)
    return outcome


def _end_wait(attempt: Attempt) -> None:
    try:
        record_answered(attempt.session)
    except DatabaseError:
        # What was sent is recorded, and the next reading of the conversation ends it too.
        log.warning("attempt %s: the wait that it ended stays till then", attempt.pk, exc_info=True)


def _take_next(
    action: Action,
    before: AnswerStep,
    request: AnswerRequest,
    conversation: Conversation,
    begun_at: datetime,
) -> AnswerStep:
    """A later step, which says why it was not sent rather than raising."""
    if not before.is_ok or before.attempt is None:
        return AnswerStep(action, why_not=STOPPED)
    if action is Action.RESUME and _is_known_not_paused(before.attempt.session, begun_at):
        return AnswerStep(action, why_not=NOT_PAUSED)
    return _take_or_say_why_not(action, request, conversation)


def _take_or_say_why_not(
    action: Action, request: AnswerRequest, conversation: Conversation
) -> AnswerStep:
    first = request.first
    try:
        return AnswerStep(action, _take(action, request, conversation))
    except AttemptBlocked as blocked:
        why_not = describe_block(blocked.blocking)
    except LimitReached as reached:
        record_limit(first.alias, first.session_id, reached, by=first.by, action=action)
        why_not = describe_reached_limit(reached, first.by)
    except AuditLogUnavailable as problem:
        why_not = f"the audit log can’t be written ({problem})"
    except upstream.UnknownAlias:
        why_not = "this account is no longer configured"
    return AnswerStep(action, why_not=why_not)


def _record_left_out(step: AnswerStep, request: AnswerRequest) -> None:
    """So that everybody finds later where an answer stopped, and not only who clicked."""
    first = request.first
    try:
        with transaction.atomic():
            trail.append(
                action=f"{step.action.value}_left_out",
                phase="event",
                by=first.by,
                alias=first.alias,
                session_id=first.session_id,
                reason=first.reason,
                ticket=first.ticket,
                detail={"why": step.why_not},
            )
    except DatabaseError:
        # The step before it is recorded, or the page says that it is not: this one sent nothing.
        log.critical("not in the audit log: %s left out of an answer", step.action, exc_info=True)


def _is_known_not_paused(session: RemoteSession, since: datetime) -> bool:
    """Whether an answer since then says so; a resume would find nothing to do."""
    session.refresh_from_db()
    if session.last_seen_at is None or session.last_seen_at < since:
        return False
    return build_card(session, now=timezone.now()).paused.value == PausedValue.NO
