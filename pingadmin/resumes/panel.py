"""What stands where the resume button is: the form, a colleague who is faster, or the outcome and its doubts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempts import holds
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
    wait_seconds: what the upstream asked for, at most 60."""

    attempt: ResumeAttempt
    label: str
    meaning: str
    headline: str
    why: str
    wait_seconds: int | None
    looks_overdue: bool
    effect_visible: bool


@dataclass(frozen=True)
class Panel:
    """may_resume and configured say why a form is missing; held is the attempt that forbids a further one;
    shown the newest attempt that is worth showing; poll_seconds: how soon to ask again, None when nothing moves."""

    session: RemoteSession
    label: str
    configured: bool
    may_resume: bool
    held: ResumeAttempt | None
    shown: Shown | None
    form: ResumeForm
    press: str
    problem: str
    version: str
    suggestions: list[str]
    poll_seconds: int | None


def panel_for(session: RemoteSession, person, *, form: ResumeForm | None = None, problem: str = "") -> Panel:
    """The panel for one person looking at one session. form and problem: of a press that was not accepted."""
    now = timezone.now()
    newest = session.attempts.select_related("session").order_by("-opened_at").first() if session.pk else None
    configured = session.alias in upstream.aliases()
    last_ticket = newest.ticket if newest else ""
    return Panel(
        session=session,
        label=_label(session.alias),
        configured=configured,
        may_resume=person.has_perm("resumes.resume"),
        held=newest if newest and holds(newest, session) else None,
        shown=_shown(newest, now) if newest and _is_worth_showing(newest, now) else None,
        form=form or ResumeForm(initial={"ticket": last_ticket}),
        press=draw_press(session, person_id=str(person.pk)),
        problem=problem,
        version=newest.pk.hex[:8] if newest else "first",
        suggestions=SUGGESTIONS,
        poll_seconds=_poll_seconds(newest, now),
    )


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
        wait_seconds=min(attempt.retry_after, 60) if attempt.retry_after else None,
        looks_overdue=attempt.next_look_at is not None and now - attempt.next_look_at > _OVERDUE,
        effect_visible=visible,
    )


def _poll_seconds(attempt: ResumeAttempt | None, now: datetime) -> int | None:
    if attempt is None or not (attempt.is_open or attempt.next_look_at):
        return None
    return 2 if now - attempt.opened_at < timedelta(seconds=settings.RESUME_LEASE_SECONDS) else 10
