"""What stands where the buttons are: the forms, a colleague who is faster, or the outcome and its doubts."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import PAUSE, RESUME, Action
from pingadmin.resumes.attempts import holds, unresolved
from pingadmin.resumes.form_token import draw_press
from pingadmin.resumes.forms import ResumeForm
from pingadmin.resumes.models import Attempt
from pingadmin.upstream.errors import FAILURES

SUGGESTIONS = ["Rate limit passed", "Customer approved", "Parameters changed", "False alarm"]
# What a pause does to people, by the system's name.
_PAUSING = {
    "Ping": "Pausing disconnects everybody who uses this session now: every active connection. Only reusable sessions "
    "can be paused.",
    "AGI": "Pausing stops the agent: it does not work on until somebody resumes the session.",
}
_PAUSING_ELSEWHERE = "Pausing stops whoever uses this session now, until somebody resumes it."
# As many as tell whether one of them is this person's own.
NEWEST = 10
_OVERDUE = timedelta(seconds=15)
_SHOWN_FOR = timedelta(hours=1)
_HEADLINES = {
    ("ok", True): ("ok", "Confirmed"),
    ("ok", False): ("ok", "Accepted"),
    ("already", None): ("idle", "Was {already}"),
    ("rejected", None): ("failed", "Refused"),
    ("not_sent", None): ("idle", "Not sent"),
    ("unknown", None): ("unknown", "Outcome unknown"),
}


@dataclass(frozen=True)
class Shown:
    """An attempt in words. meaning: the colour. why: half a sentence on how it failed, after the system's name.
    was_looked_at: whether the upstream could be asked since."""

    attempt: Attempt
    label: str
    meaning: str
    headline: str
    why: str
    was_looked_at: bool
    looks_overdue: bool
    effect_visible: bool


@dataclass(frozen=True)
class PauseForm:
    """form: what was typed. is_open: whether it was pressed and not accepted. warning: what a pause does to people."""

    form: ResumeForm
    press: str
    is_open: bool
    warning: str


@dataclass(frozen=True)
class Panel:
    """may_resume and configured say why a form is missing; held is the attempt that forbids a further one. pause: the
    form behind the quiet second button, None for those who may not.

    outcomes: the newest attempt where it is worth showing, then every older one that is still a question.
    questions: the names of the acts of which there are such. waits: an outcome is known and not recorded yet, so
    nothing can be sent. version: changes with each attempt of this person, so that their form starts afresh and nobody
    else's press wipes it. stamp: changes with everybody's attempts, but not while an own press is under way, for
    whose answer the page waits already; for those of a bulk resume it does not. poll_seconds: None when nothing moves.
    """

    session: RemoteSession
    label: str
    configured: bool
    may_resume: bool
    held: Attempt | None
    outcomes: list[Shown]
    questions: set[str]
    waits: bool
    form: ResumeForm
    press: str
    pause: PauseForm | None
    problem: str
    version: str
    stamp: str
    suggestions: list[str]
    poll_seconds: int | None


def panel_for(
    session: RemoteSession,
    person,
    *,
    pressed: tuple[Action, ResumeForm] | None = None,
    problem: str = "",
    unrecorded: Attempt | None = None,
) -> Panel:
    """The panel for one person looking at one session. pressed and problem: of a press that was not accepted.

    unrecorded: the attempt whose outcome is known and could not be written.
    """
    now = timezone.now()
    typed = {action.name: form for action, form in ([pressed] if pressed else [])}
    attempts = _newest(session)
    newest = unrecorded or next(iter(attempts), None)
    questions = [each for each in _questions(session, attempts) if each != unrecorded]
    shown = [newest] if newest and _is_worth_showing(newest, now) else []
    shown += [each for each in questions if each != newest and not each.is_open]
    return Panel(
        session=session,
        label=_label(session.alias),
        configured=session.alias in upstream.aliases(),
        may_resume=person.has_perm("resumes.resume"),
        held=next((each for each in questions if holds(each, session)), None),
        outcomes=[_shown(each, now) for each in shown],
        questions={each.action for each in shown if each.is_unresolved},
        waits=unrecorded is not None,
        form=typed.get("resume") or ResumeForm(initial=_initial(RESUME, newest, person)),
        press=draw_press(session, person_id=str(person.pk)),
        pause=_pause_form(session, newest, person, typed.get("pause"))
        if person.has_perm("resumes.pause")
        else None,
        problem=problem,
        version=next(
            (each.pk.hex[:8] for each in attempts if each.actor_id == str(person.pk)), "first"
        ),
        stamp=_stamp({*attempts, *questions}, person),
        suggestions=SUGGESTIONS,
        poll_seconds=_poll_seconds(questions + shown, now),
    )


def _newest(session: RemoteSession) -> list[Attempt]:
    if not session.pk:
        return []
    return list(session.attempts.select_related("session").order_by("-opened_at")[:NEWEST])


def _questions(session: RemoteSession, newest: list[Attempt]) -> list[Attempt]:
    """What `unresolved` gives, without asking where the newest are all there are."""
    if len(newest) == NEWEST:
        return unresolved(session)
    return [each for each in newest if each.is_open or each.is_unresolved]


def _stamp(attempts: set[Attempt], person) -> str:
    told = [
        (each.opened_at, each.result, each.verified, each.resolved_at)
        for each in attempts
        if not (each.is_open and each.actor_id == str(person.pk) and not each.batch)
    ]
    return hashlib.sha256(repr(sorted(told, key=repr)).encode()).hexdigest()[:12]


def _pause_form(session, newest: Attempt | None, person, typed: ResumeForm | None) -> PauseForm:
    system = upstream.api_for(session.alias).system if session.alias in upstream.aliases() else ""
    return PauseForm(
        form=typed or ResumeForm(initial=_initial(PAUSE, newest, person)),
        press=draw_press(session, person_id=str(person.pk), action=PAUSE),
        is_open=typed is not None,
        warning=_PAUSING.get(system, _PAUSING_ELSEWHERE),
    )


def _initial(action: Action, newest: Attempt | None, person) -> dict:
    """The last ticket; and the reason, where this person's press did not leave us and will be made again."""
    if newest is None:
        return {}
    is_repeated = (
        newest.result == "not_sent"
        and newest.actor_id == str(person.pk)
        and newest.action == action.name
    )
    return {"ticket": newest.ticket, "reason": newest.reason if is_repeated else ""}


def show(attempt: Attempt) -> Shown:
    """One attempt in words."""
    return _shown(attempt, timezone.now())


def _label(alias: str) -> str:
    return upstream.api_for(alias).label if alias in upstream.aliases() else alias


def _is_worth_showing(attempt: Attempt, now: datetime) -> bool:
    return not attempt.is_open and (attempt.is_unresolved or now - attempt.closed_at < _SHOWN_FOR)


def _shown(attempt: Attempt, now: datetime) -> Shown:
    meaning, headline = _HEADLINES.get(
        (attempt.result, attempt.verified), ("unknown", "Unrecognised")
    )
    visible = upstream.states_paused(attempt.session.alias)
    if attempt.result == "ok" and visible and not attempt.verified:
        meaning, headline = "paused", "Accepted, not seen yet"
    return Shown(
        attempt=attempt,
        label=_label(attempt.session.alias),
        meaning=meaning,
        headline=headline.format(already=attempt.kind.already),
        why=FAILURES.get(attempt.failure, ""),
        was_looked_at=not attempt.is_open and not holds(attempt, attempt.session),
        looks_overdue=attempt.next_check_at is not None and now - attempt.next_check_at > _OVERDUE,
        effect_visible=visible,
    )


def _poll_seconds(attempts: list[Attempt], now: datetime) -> int | None:
    moving = [each for each in attempts if each.is_open or each.next_check_at]
    if not moving:
        return None
    newest = max(each.opened_at for each in moving)
    return 2 if now - newest < timedelta(seconds=settings.RESUME_LEASE_SECONDS) else 10
