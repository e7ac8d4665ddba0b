"""Where a person is signed in now: read from the store of sessions itself, and ended there.

A list of its own could say that a browser is signed in which is not, or the other way round.
"""

import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from pingadmin.accounts.audit_events import record_person_event
from pingadmin.accounts.models import User
from pingadmin.audit.record.actors import Actor
from pingadmin.web.client_address import client_address

# Where a session keeps when it began, when its person was last active (Unix seconds), and from
# where.
TIMES_KEY = "accounts.stamps"
# What a browser calls itself may be as long as it likes.
AGENT_CHARACTERS = 300

# The first that fits: others name their forebears too.
BROWSERS = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
    ("Safari/", "Safari"),
]
SYSTEMS = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
]


@dataclass(frozen=True)
class SignIn:
    """One browser in which a person is signed in.

    key: the session's, with which anybody could use it: pages name it by its `reference`.
    began_at, active_at: None where nothing was asked for since the sign-in, so that nobody knows.
    """

    key: str
    began_at: datetime | None
    active_at: datetime | None
    address: str
    agent: str

    @property
    def reference(self) -> str:
        return hashlib.sha256(f"sign-in {self.key}".encode()).hexdigest()[:32]

    @property
    def browser(self) -> str:
        """As the browser says itself, in a few words; nothing checks it."""
        browser = next((name for mark, name in BROWSERS if mark in self.agent), "")
        system = next((name for mark, name in SYSTEMS if mark in self.agent), "")
        if browser and system:
            return f"{browser} on {system}"
        return browser or system or self.agent[:60]


def times_of(request: HttpRequest, *, began: float, active: float) -> dict[str, Any]:
    """What a session keeps under TIMES_KEY after this request."""
    return {
        "began": began,
        "active": active,
        "address": client_address(request),
        "agent": request.headers.get("User-Agent", "")[:AGENT_CHARACTERS],
    }


def list_sign_ins(person: User) -> list[SignIn]:
    """Every sign-in of the person that still holds, the one that was active last first.

    Reads all sessions that have not expired: there are as many as people are signed in.
    """
    held = []
    for session in Session.objects.filter(expire_date__gt=timezone.now()).iterator():
        values = session.get_decoded()
        if _is_of(values, person) and (times := _live_times(values)) is not None:
            held.append(
                SignIn(
                    session.session_key,
                    _moment(times.get("began")),
                    _moment(times.get("active")),
                    times.get("address", ""),
                    times.get("agent", ""),
                )
            )
    return sorted(held, key=lambda each: each.active_at or timezone.now(), reverse=True)


def end_sign_ins(sign_ins: list[SignIn], *, person: User, by: Actor) -> int:
    """Ends them on the server, and records it. Returns how many were still there."""
    with transaction.atomic():
        keys = [each.key for each in sign_ins]
        count, _ = Session.objects.filter(session_key__in=keys).delete()
        if count:
            record_person_event("sign_ins_ended", by=by, person=person.username, count=count)
    return count


def _is_of(values: dict[str, Any], person: User) -> bool:
    if values.get(SESSION_KEY) != str(person.pk):
        return False
    # A changed password ends what began with another one, though the row stays.
    hashes = [person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()]
    held = str(values.get(HASH_SESSION_KEY, ""))
    return any(hmac.compare_digest(held, each) for each in hashes)


def _live_times(values: dict[str, Any]) -> dict[str, Any] | None:
    """What the session keeps of its times, maybe nothing; None where its next request ends it."""
    now = time.time()
    times: dict[str, Any] = values.get(TIMES_KEY, {})
    if not times:
        return times
    is_over = now - times["began"] > settings.SESSION_WHOLE_SECONDS
    is_idle = now - times["active"] > settings.SESSION_IDLE_SECONDS
    return None if is_over or is_idle else times


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
