"""The resume panel of a session's page: forms, a colleague who was faster, or an outcome."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.attempt_notice import AttemptNotice, account_label, describe_attempt
from pingadmin.resumes.attempts import is_blocking, open_or_unresolved_attempts
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.forms import ResumeForm
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.results import Result
from pingadmin.resumes.scheduled.forms import ScheduleForm
from pingadmin.resumes.scheduled.panel import SchedulePanel, build_schedule_panel

SUGGESTED_REASONS = [
    "Rate limit passed",
    "Customer approved",
    "Parameters changed",
    "False alarm",
]
# Enough of the newest attempts to tell whether one of them is this person's own.
NEWEST_COUNT = 10
# What a pause does to people, by the system's name.
_PAUSE_WARNINGS = {
    "Ping": "Pausing disconnects everybody who uses this session now: every active connection. "
    "Only reusable sessions can be paused.",
    "AGI": "Pausing stops the agent: it does no more work until somebody resumes the session.",
}
_OTHER_PAUSE_WARNING = "Pausing stops whoever uses this session, until somebody resumes it."
_SHOW_OUTCOME_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class PauseForm:
    """The form behind the quiet second button.

    form: what was typed. is_expanded: whether it was submitted and not accepted. warning: what a
    pause does to people.
    """

    form: ResumeForm
    form_token: str
    is_expanded: bool
    warning: str


@dataclass(frozen=True)
class ResumePanel:
    """Everything that the panel's templates need.

    may_resume: whether this person may. blocking: the attempt that forbids the next one. notices:
    the newest attempt where it is worth showing, then every older one that is unresolved.
    is_unrecorded: an outcome is known and not written yet, so nothing can be sent. pause: None for
    people who may not pause. form_version: changes with each attempt of this person, so that their
    form starts afresh and nobody else's attempt wipes it. state_version: changes with everybody's
    attempts, but not while this person's own is under way, for whose answer the page waits already;
    for those of a bulk resume it does not. poll_seconds: None when nothing will change. schedule:
    what waits for its time, and the fields to resume later.
    """

    suggested_reasons: ClassVar[list[str]] = SUGGESTED_REASONS

    session: RemoteSession
    may_resume: bool
    blocking: Attempt | None
    notices: list[AttemptNotice]
    is_unrecorded: bool
    form: ResumeForm
    form_token: str
    pause: PauseForm | None
    problem: str
    form_version: str
    state_version: str
    poll_seconds: int | None
    schedule: SchedulePanel

    @property
    def account(self) -> str:
        """The account's label."""
        return account_label(self.session.alias)

    @property
    def is_configured(self) -> bool:
        """Whether the account is still set: without it there is no form."""
        return self.session.alias in upstream.aliases()

    @property
    def is_form_folded(self) -> bool:
        """Whether the form waits behind a second button: the last outcome needs no second try.

        A message to an agent resumed nothing.
        """
        latest = self.notices[0].attempt if self.notices else None
        is_done = (
            latest is not None
            and latest.kind is not Action.MESSAGE
            and latest.result not in (Result.NOT_SENT, Result.REJECTED)
        )
        return is_done and not self.problem and not self.form.is_bound

    @property
    def unresolved_actions(self) -> set[str]:
        """The actions of the noticed attempts whose outcome is unknown and unexplained."""
        attempts = (notice.attempt for notice in self.notices)
        return {attempt.action for attempt in attempts if attempt.is_unresolved}


class _SessionAttempts(NamedTuple):
    """recent: the newest stored ones. pending: those that are open or unresolved, however old.

    newest: the newest of all. noticed: those with a notice, in its order.
    """

    recent: list[Attempt]
    pending: list[Attempt]
    newest: Attempt | None
    noticed: list[Attempt]


def build_panel(
    session: RemoteSession,
    person: AbstractUser,
    *,
    submitted: tuple[Action, ResumeForm] | None = None,
    problem: str = "",
    unrecorded: Attempt | None = None,
) -> ResumePanel:
    """The panel for one person who looks at one session.

    submitted, problem: the form that was not accepted, and why. unrecorded: the attempt whose
    outcome is known and could not be written.
    """
    now = timezone.now()
    typed = dict([submitted]) if submitted else {}
    attempts = _load_attempts(session, unrecorded, now)
    typed_form = typed.get(Action.RESUME)
    schedule = build_schedule_panel(
        session, person, typed_form if isinstance(typed_form, ScheduleForm) else None
    )
    own_attempts = (each.pk.hex[:8] for each in attempts.recent if each.actor_id == str(person.pk))
    return ResumePanel(
        session=session,
        may_resume=person.has_perm("resumes.resume"),
        blocking=next((each for each in attempts.pending if is_blocking(each, session)), None),
        notices=[describe_attempt(each, now=now) for each in attempts.noticed],
        is_unrecorded=unrecorded is not None,
        form=typed_form or _blank_form(Action.RESUME, attempts.newest, person),
        form_token=issue_form_token(session, person_id=str(person.pk)),
        pause=_pause_form(session, attempts.newest, person, typed.get(Action.PAUSE)),
        problem=problem,
        form_version=next(own_attempts, "first") + schedule.own_version(person),
        state_version=_state_version({*attempts.recent, *attempts.pending}, schedule, person),
        poll_seconds=_poll_seconds(attempts.pending + attempts.noticed, now),
        schedule=schedule,
    )


def _load_attempts(
    session: RemoteSession, unrecorded: Attempt | None, now: datetime
) -> _SessionAttempts:
    recent = _newest_attempts(session)
    newest = unrecorded or next(iter(recent), None)
    # The database still has the unrecorded one as open; the caller's copy has its outcome.
    pending = [each for each in _pending_attempts(session, recent) if each != unrecorded]
    noticed = [newest] if newest and _is_worth_showing(newest, now) else []
    noticed += [each for each in pending if each != newest and not each.is_open]
    return _SessionAttempts(recent, pending, newest, noticed)


def _newest_attempts(session: RemoteSession) -> list[Attempt]:
    if not session.pk:
        return []
    attempts = Attempt.objects.filter(session=session).select_related("session")
    return list(attempts.newest_first()[:NEWEST_COUNT])


def _pending_attempts(session: RemoteSession, newest: list[Attempt]) -> list[Attempt]:
    """The session's open and unresolved attempts; no query if the newest are all there are."""
    if len(newest) == NEWEST_COUNT:
        return open_or_unresolved_attempts(session)
    return [each for each in newest if each.is_open or each.is_unresolved]


def _state_version(attempts: set[Attempt], schedule: SchedulePanel, person: AbstractUser) -> str:
    states = [
        (each.opened_at, each.result, each.verified, each.resolved_at)
        for each in attempts
        if not (each.is_open and each.actor_id == str(person.pk) and not each.batch)
    ]
    # By their text: a set has no order, and None can't be compared with a moment.
    content = (sorted(states, key=repr), schedule.version)
    return hashlib.sha256(repr(content).encode()).hexdigest()[:12]


def _pause_form(
    session: RemoteSession,
    newest: Attempt | None,
    person: AbstractUser,
    typed: ResumeForm | None,
) -> PauseForm | None:
    if not person.has_perm("resumes.pause"):
        return None
    system = upstream.api_for(session.alias).system if session.alias in upstream.aliases() else ""
    return PauseForm(
        form=typed or _blank_form(Action.PAUSE, newest, person),
        form_token=issue_form_token(session, person_id=str(person.pk), action=Action.PAUSE),
        is_expanded=typed is not None,
        warning=_PAUSE_WARNINGS.get(system, _OTHER_PAUSE_WARNING),
    )


def _blank_form(action: Action, newest: Attempt | None, person: AbstractUser) -> ResumeForm:
    """With the last ticket; and with the reason if this person's attempt was not sent, to retry."""
    if newest is None:
        return ResumeForm()
    is_retry = (
        newest.result == Result.NOT_SENT
        and newest.actor_id == str(person.pk)
        and newest.action == action
    )
    return ResumeForm(
        initial={"ticket": newest.ticket, "reason": newest.reason if is_retry else ""}
    )


def _is_worth_showing(attempt: Attempt, now: datetime) -> bool:
    if attempt.is_unresolved:
        return True
    return attempt.closed_at is not None and now - attempt.closed_at < _SHOW_OUTCOME_FOR


def _poll_seconds(attempts: list[Attempt], now: datetime) -> int | None:
    """Often while an attempt is young, seldom while it only waits for a check."""
    changing = [each for each in attempts if each.is_open or each.next_check_at]
    if not changing:
        return None
    newest = max(each.opened_at for each in changing)
    return 2 if now - newest < timedelta(seconds=settings.RESUME_LEASE_SECONDS) else 10
