"""A session's card: each fact with its age, its source, and the reason to doubt it.

Turns a RemoteSession into labels and colours once, so that templates decide nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from pingadmin import upstream
from pingadmin.remote_sessions.display.paused import PausedVerdict, judge_paused
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.errors import FAILURES

# The documented states, each with its colour; any other state has the colour "unknown".
STATE_TONES = {
    "connected": "ok",
    "running": "ok",
    "ready": "ok",
    "created": "accent",
    "initializing": "accent",
    "waiting_for_input": "paused",
    "paused": "paused",
    "error": "failed",
    "disconnected": "idle",
    "finished": "idle",
    "completed": "idle",
    "terminated": "idle",
}
# A smaller difference between the clocks is not worth a warning.
MAX_SKEW_SECONDS = 30


@dataclass(frozen=True)
class SessionCard:
    """One session, ready to be shown.

    label: of the account. is_configured: whether the account is still in the settings. tone: the
    colour of the state's tag: ok, accent, paused (also: stale), failed, idle or unknown. doubt: why
    the state may no longer be true, half a sentence after the label, "" where there is no doubt.
    age_seconds: of the newest answer, None where there was none. skew_seconds: by how much the
    upstream's clock differs from ours, None where that is negligible. reports_traffic: whether its
    system says how much a session sent and received.
    """

    session: RemoteSession
    label: str
    is_configured: bool
    tone: str
    doubt: str
    age_seconds: int | None
    paused: PausedVerdict
    skew_seconds: int | None
    reports_traffic: bool

    @property
    def is_doubted(self) -> bool:
        """Whether the state is shown with a question mark: it is old, or look-ups fail."""
        return bool(self.doubt)

    @property
    def state_label(self) -> str:
        """The state with a capital, or exactly as the upstream wrote it where we do not know it."""
        if not self.session.state:
            return "Not seen yet"
        if self.session.is_known_state:
            return format_state(self.session.state)
        return self.session.state

    @property
    def needs_refresh(self) -> bool:
        """Whether the page should look again by itself when it opens."""
        if not self.is_configured:
            return False
        return self.age_seconds is None or self.age_seconds > settings.LOOK_AGAIN_AFTER_SECONDS


def format_state(state: str) -> str:
    """A documented state as pages write it, such as "Waiting for input"."""
    return state.replace("_", " ").capitalize()


def build_card(session: RemoteSession, *, now: datetime | None = None) -> SessionCard:
    """Judge what is known of a session at a moment (default: now). Makes no query."""
    now = now or timezone.now()
    is_configured = session.alias in upstream.aliases()
    age_seconds = _age_seconds(session, now)
    doubt = _find_doubt(session, is_configured, age_seconds)
    return SessionCard(
        session=session,
        label=upstream.api_for(session.alias).label if is_configured else session.alias,
        is_configured=is_configured,
        tone=_choose_tone(session, is_doubted=bool(doubt)),
        doubt=doubt,
        age_seconds=age_seconds,
        paused=judge_paused(
            session, now=now, status_shows_paused=upstream.states_paused(session.alias)
        ),
        skew_seconds=_notable_skew(session),
        reports_traffic=upstream.reports_traffic(session.alias),
    )


def _age_seconds(session: RemoteSession, now: datetime) -> int | None:
    if session.last_seen_at is None:
        return None
    return max(0, int((now - session.last_seen_at).total_seconds()))


def _choose_tone(session: RemoteSession, *, is_doubted: bool) -> str:
    """A doubted state does not wear the colour of a fresh one."""
    if session.failure:
        return "failed"
    if not session.is_known_state or not session.state:
        return "unknown"
    return "paused" if is_doubted else STATE_TONES.get(session.state, "unknown")


def _find_doubt(session: RemoteSession, is_configured: bool, age_seconds: int | None) -> str:
    if not is_configured:
        return "wasn’t asked: this account is no longer configured"
    if session.failure:
        return FAILURES.get(session.failure, "couldn’t be asked")
    if age_seconds is None or age_seconds > settings.STALE_AFTER_SECONDS:
        return "hasn’t been asked since"
    return ""


def _notable_skew(session: RemoteSession) -> int | None:
    if session.skew_seconds is None or abs(session.skew_seconds) <= MAX_SKEW_SECONDS:
        return None
    return round(session.skew_seconds)
