"""The session's card as people see it: each fact with its age, its source, and the reason to doubt it.

Turns a RemoteSession into words and meanings once, so that templates decide nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from pingadmin import upstream
from pingadmin.remote_sessions.display.paused import PausedVerdict, paused_verdict
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.upstream.errors import FAILURES

# The upstreams' words and the meaning that each has on the page; any other word is "unknown".
MEANINGS = {
    "connected": "ok",
    "running": "ok",
    "ready": "ok",
    "created": "accent",
    "initializing": "accent",
    "paused": "paused",
    "error": "failed",
    "disconnected": "idle",
    "completed": "idle",
    "terminated": "idle",
}
SKEW_SECONDS = 30


@dataclass(frozen=True)
class Card:
    """One session, ready to be shown.

    meaning: ok, accent, paused (also: stale), failed, idle or unknown (the tag's colour). doubted: the state is old
    or asking fails, so it wears a question mark. why_stale: half a sentence. age_seconds: None when never seen.
    """

    session: RemoteSession
    label: str
    configured: bool
    meaning: str
    doubted: bool
    why_stale: str
    age_seconds: int | None
    paused: PausedVerdict
    skew_seconds: int | None

    @property
    def state_word(self) -> str:
        """The upstream's word with a capital, as it is where we do not know it, "Not seen yet" where there is none."""
        if not self.session.state:
            return "Not seen yet"
        return (
            self.session.state.capitalize() if self.session.is_known_state else self.session.state
        )

    @property
    def needs_look(self) -> bool:
        """Whether the page should ask again by itself when it opens."""
        return self.configured and (
            self.age_seconds is None or self.age_seconds > settings.LOOK_AGAIN_AFTER_SECONDS
        )


def card_for(session: RemoteSession, *, now: datetime | None = None) -> Card:
    """Judge what is known of a session at a moment (default: now)."""
    now = now or timezone.now()
    configured = session.alias in upstream.aliases()
    age = (
        None
        if session.last_seen_at is None
        else max(0, int((now - session.last_seen_at).total_seconds()))
    )
    why_stale = _why_stale(session, configured, age)
    return Card(
        session=session,
        label=upstream.api_for(session.alias).label if configured else session.alias,
        configured=configured,
        meaning=_meaning(session, is_old=bool(why_stale)),
        doubted=bool(why_stale),
        why_stale=why_stale,
        age_seconds=age,
        paused=paused_verdict(
            session, now=now, status_shows_paused=upstream.states_paused(session.alias)
        ),
        skew_seconds=_skew(session),
    )


def _meaning(session: RemoteSession, *, is_old: bool) -> str:
    """A doubtful state does not wear the colour of a fresh one."""
    if session.failure:
        return "failed"
    if not session.is_known_state or not session.state:
        return "unknown"
    return "paused" if is_old else MEANINGS.get(session.state, "unknown")


def _why_stale(session: RemoteSession, configured: bool, age: int | None) -> str:
    if not configured:
        return "was not asked: no account of that name is set any more"
    if session.failure:
        return FAILURES.get(session.failure, "could not be asked")
    if age is None or age > settings.STALE_AFTER_SECONDS:
        return "has not been asked since"
    return ""


def _skew(session: RemoteSession) -> int | None:
    """Whole seconds by which the upstream's clock differs from ours, where that is worth saying."""
    if session.skew_seconds is None or abs(session.skew_seconds) <= SKEW_SECONDS:
        return None
    return round(session.skew_seconds)
