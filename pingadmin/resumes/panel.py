"""What stands where the resume button is: the form, a colleague who is faster, or the outcome and its doubts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempts import holds, unsettled
from pingadmin.resumes.forms import ResumeForm
from pingadmin.resumes.models import ResumeAttempt
from pingadmin.resumes.press import draw_press
from pingadmin.upstream.errors import WORDS

SUGGESTIONS = ["Rate limit passed", "Customer approved", "Parameters changed", "False alarm"]
_OVERDUE = timedelta(seconds=15)
_SHOWN_FOR = timedelta(hours=1)
_HEADLINES = {
    ("ok", True): ("ok", "Confirmed"),
    ("ok", False): ("ok", "Accepted"),
    ("already", None): ("idle", "Was not paused"),
    ("rejected", None): ("failed", "Refused"),
    ("not_sent", None): ("idle", "Not sent"),
    ("unknown", None): ("unknown", "Outcome unknown"),
}


@dataclass(frozen=True)
class Shown:
    """An attempt in words. meaning: the colour. why: half a sentence on how it failed, after the system's name.
    was_looked_at: whether the upstream could be asked since."""

    attempt: ResumeAttempt
    label: str
    meaning: str
    headline: str
    why: str
    was_looked_at: bool
    looks_overdue: bool
    effect_visible: bool


@dataclass(frozen=True)
class Panel:
    """may_resume and configured say why a form is missing; held is the attempt that forbids a further one.

    outcomes: the newest attempt where it is worth showing, then every older one that is still a question.
    has_question: whether one of them is. waits: an outcome is known and not recorded yet, so nothing can be sent.
    version: changes with each attempt, so that a form starts afresh. poll_seconds: None when nothing moves.
    """

    session: RemoteSession
    label: str
    configured: bool
    may_resume: bool
    held: ResumeAttempt | None
    outcomes: list[Shown]
    has_question: bool
    waits: bool
    form: ResumeForm
    press: str
    problem: str
    version: str
    suggestions: list[str]
    poll_seconds: int | None


def panel_for(
    session: RemoteSession,
    person,
    *,
    form: ResumeForm | None = None,
    problem: str = "",
    unrecorded: ResumeAttempt | None = None,
) -> Panel:
    """The panel for one person looking at one session. form and problem: of a press that was not accepted.

    unrecorded: the attempt whose outcome is known and could not be written.
    """
    now = timezone.now()
    newest = unrecorded or _newest(session)
    questions = [each for each in (unsettled(session) if session.pk else []) if each != unrecorded]
    shown = [newest] if newest and _is_worth_showing(newest, now) else []
    shown += [each for each in questions if each != newest and not each.is_open]
    return Panel(
        session=session,
        label=_label(session.alias),
        configured=session.alias in upstream.aliases(),
        may_resume=person.has_perm("resumes.resume"),
        held=next((each for each in questions if holds(each, session)), None),
        outcomes=[_shown(each, now) for each in shown],
        has_question=any(each.is_unsettled for each in shown),
        waits=unrecorded is not None,
        form=form or ResumeForm(initial=_initial(newest, person)),
        press=draw_press(session, person_id=str(person.pk)),
        problem=problem,
        version=newest.pk.hex[:8] if newest else "first",
        suggestions=SUGGESTIONS,
        poll_seconds=_poll_seconds(questions + shown, now),
    )


def _newest(session: RemoteSession) -> ResumeAttempt | None:
    if not session.pk:
        return None
    return session.attempts.select_related("session").order_by("-opened_at").first()


def _initial(newest: ResumeAttempt | None, person) -> dict:
    """The last ticket; and the reason, where this person's press did not leave us and will be made again."""
    if newest is None:
        return {}
    is_repeated = newest.result == "not_sent" and newest.actor_id == str(person.pk)
    return {"ticket": newest.ticket, "reason": newest.reason if is_repeated else ""}


def show(attempt: ResumeAttempt) -> Shown:
    """One attempt in words."""
    return _shown(attempt, timezone.now())


def _label(alias: str) -> str:
    return upstream.api_for(alias).label if alias in upstream.aliases() else alias


def _is_worth_showing(attempt: ResumeAttempt, now: datetime) -> bool:
    return not attempt.is_open and (attempt.is_unsettled or now - attempt.closed_at < _SHOWN_FOR)


def _shown(attempt: ResumeAttempt, now: datetime) -> Shown:
    meaning, headline = _HEADLINES.get((attempt.result, attempt.verified), ("unknown", "Unrecognised"))
    visible = upstream.states_paused(attempt.session.alias)
    if attempt.result == "ok" and visible and not attempt.verified:
        meaning, headline = "paused", "Accepted, not seen yet"
    return Shown(
        attempt=attempt,
        label=_label(attempt.session.alias),
        meaning=meaning,
        headline=headline,
        why=WORDS.get(attempt.word, ""),
        was_looked_at=not attempt.is_open and not holds(attempt, attempt.session),
        looks_overdue=attempt.next_look_at is not None and now - attempt.next_look_at > _OVERDUE,
        effect_visible=visible,
    )


def _poll_seconds(attempts: list[ResumeAttempt], now: datetime) -> int | None:
    moving = [each for each in attempts if each.is_open or each.next_look_at]
    if not moving:
        return None
    newest = max(each.opened_at for each in moving)
    return 2 if now - newest < timedelta(seconds=settings.RESUME_LEASE_SECONDS) else 10
