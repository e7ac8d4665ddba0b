"""The form to answer an agent, and what became of it."""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.answering.chains import PERMISSIONS, AnswerStep, steps_of
from pingadmin.resumes.answering.forms import MAX_MESSAGE_LENGTH, AnswerForm, AnswerKind
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.panel import ResumePanel
from pingadmin.upstream.records import ConversationMessage


@dataclass(frozen=True)
class AnswerPanel:
    """Everything that the panel's template needs.

    kinds: the buttons that this person may click. question_id: the question that the form answers,
    None where none was read. newer_question: what the agent asked meanwhile, by lines; only of a
    form that was refused for it. steps: what became of an answer that was sent just now. problem:
    why nothing was sent. blocking: the attempt that forbids the next one. unresolved_actions: those
    whose outcome is unknown and unexplained.
    """

    session: RemoteSession
    account: str
    kinds: list[AnswerKind]
    form: AnswerForm
    form_token: str
    form_version: str
    question_id: int | None
    newer_question: list[str]
    problem: str
    steps: list[AnswerStep]
    blocking: Attempt | None
    unresolved_actions: set[str]
    max_length: int = MAX_MESSAGE_LENGTH

    @property
    def may_send_message(self) -> bool:
        return AnswerKind.ANSWER in self.kinds


def build_answer_panel(
    session: RemoteSession,
    person: AbstractUser,
    resume_panel: ResumePanel,
    *,
    submitted: AnswerForm | None = None,
    problem: str = "",
    newest: ConversationMessage | None = None,
    steps: list[AnswerStep] | None = None,
) -> AnswerPanel | None:
    """The panel for one person; None for accounts that can't converse and people who may not.

    Makes no query. submitted, problem: the form that was not accepted, and why. newest: the
    question that made it so. steps: what became of an answer.
    """
    kinds = permitted_kinds(person)
    # While an outcome waits to be recorded nothing can be sent, as the resume panel says.
    if not kinds or session.pk is None or resume_panel.is_unrecorded:
        return None
    if session.is_not_found or not upstream.can_converse(session.alias):
        return None
    return AnswerPanel(
        session=session,
        account=resume_panel.account,
        kinds=kinds,
        form=submitted or AnswerForm(),
        form_token=issue_form_token(session, person_id=str(person.pk), action=Action.MESSAGE),
        form_version=resume_panel.form_version,
        question_id=newest.id if newest else _question_of(submitted),
        newer_question=newest.text.split("\n") if newest else [],
        problem=problem,
        steps=steps or [],
        blocking=resume_panel.blocking,
        unresolved_actions=resume_panel.unresolved_actions,
    )


def permitted_kinds(person: AbstractUser) -> list[AnswerKind]:
    """What a person may do; each without the message that is optional."""
    return [kind for kind in AnswerKind if may_take(person, kind, "")]


def may_take(person: AbstractUser, kind: AnswerKind, text: str) -> bool:
    """Whether a person has the permission for each step of an answer with this text."""
    return all(person.has_perm(PERMISSIONS[action]) for action in steps_of(kind, text))


def _question_of(form: AnswerForm | None) -> int | None:
    return form.cleaned_data.get("question") if form and form.is_bound else None
