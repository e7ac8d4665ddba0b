"""The hidden field of a resume or pause form: what its page showed, good for one attempt.

The signature keeps the claim "this is what Ana was shown" out of the browser's hands. The token
makes a form single-use: a form that is sent twice gives the result of its first attempt.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core import signing
from django.utils import timezone

from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action

# Version 0.2.0 signed with it: a form that it drew is still good after an upgrade.
_SALT = "pingadmin.resumes.press"
_VALID_HOURS = 8


class StaleFormToken(Exception):
    """The form is too old, was changed, or belongs to another person, session or action."""


@dataclass(frozen=True)
class FormToken:
    """token: starts one attempt. shown: what the page said of the session, None without a form."""

    token: uuid.UUID
    shown: dict[str, Any] | None


def issue_form_token(
    session: RemoteSession, *, person_id: str, action: Action = Action.RESUME
) -> str:
    """The signed value of a form's hidden field, for one person, session and action."""
    return signing.dumps(
        {
            "token": str(uuid.uuid4()),
            "for": [session.alias, session.session_id, person_id, action.value],
            "shown": _describe_page(session, timezone.now()),
        },
        salt=_SALT,
        compress=True,
    )


def read_form_token(
    value: str, *, alias: str, session_id: str, person_id: str, action: Action = Action.RESUME
) -> FormToken:
    """Checks the value of the hidden field. Raises StaleFormToken.

    An empty value means that no form was used (a script): it starts an attempt of its own, and
    nothing was shown.
    """
    if not value:
        return FormToken(uuid.uuid4(), None)
    try:
        content = signing.loads(value, salt=_SALT, max_age=_VALID_HOURS * 3600)
    except signing.BadSignature as error:
        raise StaleFormToken from error
    if content["for"] != [alias, session_id, person_id, action.value]:
        raise StaleFormToken
    return FormToken(uuid.UUID(content["token"]), content["shown"])


def _describe_page(session: RemoteSession, now: datetime) -> dict[str, Any]:
    """What the page says of the session. The keys are stored in the audit log and so stay."""
    card = build_card(session, now=now)
    return {
        "state": card.state_label,
        "state_doubted": card.doubt,
        "seen_at": session.last_seen_at.isoformat() if session.last_seen_at else None,
        "age_seconds": card.age_seconds,
        "source": session.source,
        "paused": str(card.paused.value),
        "paused_grade": str(card.paused.grade),
        "paused_said_at": card.paused.reported_at.isoformat() if card.paused.reported_at else None,
        "shown_at": now.isoformat(timespec="seconds"),
    }
