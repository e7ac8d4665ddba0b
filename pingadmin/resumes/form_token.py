"""What was on the operator's screen when the button was drawn, carried by the form and signed.

The signature keeps the claim "this is what Ana was shown" out of the browser's hands; the token in it is good for
one press, so a form that is sent twice gives the first press's result.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.core import signing
from django.utils import timezone

from pingadmin.remote_sessions.display.card import card_for
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import RESUME, Action

_SALT = "pingadmin.resumes.form_token"
_HOURS = 8


class StalePress(Exception):
    """The form is too old, was changed, or belongs to another person, session or act."""


@dataclass(frozen=True)
class Press:
    """token: good for one attempt. shown: what the form's page said of the session; None where no form was used."""

    token: uuid.UUID
    shown: dict | None


def draw_press(session: RemoteSession, *, person_id: str, action: Action = RESUME) -> str:
    """The signed value of the form's hidden field."""
    return signing.dumps(
        {
            "token": str(uuid.uuid4()),
            "for": [session.alias, session.session_id, person_id, action.name],
            "shown": _shown(session, timezone.now()),
        },
        salt=_SALT,
        compress=True,
    )


def read_press(
    value: str, *, alias: str, session_id: str, person_id: str, action: Action = RESUME
) -> Press:
    """Raises StalePress. An empty value is a press without the form (a script): nothing was shown."""
    if not value:
        return Press(uuid.uuid4(), None)
    try:
        content = signing.loads(value, salt=_SALT, max_age=_HOURS * 3600)
    except signing.BadSignature as error:
        raise StalePress from error
    if content["for"] != [alias, session_id, person_id, action.name]:
        raise StalePress
    return Press(uuid.UUID(content["token"]), content["shown"])


def _shown(session: RemoteSession, now: datetime) -> dict:
    card = card_for(session, now=now)
    return {
        "state": card.state_word,
        "state_doubted": card.why_stale,
        "seen_at": session.last_seen_at.isoformat() if session.last_seen_at else None,
        "age_seconds": card.age_seconds,
        "source": session.source,
        "paused": card.paused.value,
        "paused_grade": card.paused.grade,
        "paused_said_at": card.paused.said_at.isoformat() if card.paused.said_at else None,
        "shown_at": now.isoformat(timespec="seconds"),
    }
