"""What an upstream shows of an action's effect, for a check afterwards.

It proves nothing of who did it: a colleague's script may have sent the same.
"""

import logging
from typing import Any

from pingadmin import upstream
from pingadmin.audit.entries.stored_json import read_detail
from pingadmin.audit.models import AuditEvent
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.models import Attempt
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import Conversation
from pingadmin.upstream.response_reading import clean_lines

FINISHED = "finished"

log = logging.getLogger(__name__)


def find_effect_in_conversation(attempt: Attempt) -> bool | None:
    """Whether a message is in the conversation, or a cancelled task has finished.

    None where that can't be told. Reads the conversation once.
    """
    session = attempt.session
    if not upstream.can_converse(session.alias):
        return None
    sent = _read_intent(attempt)
    try:
        conversation = upstream.api_for(session.alias).read_conversation(
            session.session_id, after_id=sent.get("after_id") or 0
        )
    except UpstreamError as error:
        log.info("the conversation of %s can't be read for a check: %s", session, error)
        return None
    if attempt.action == Action.CANCEL:
        return conversation.execution_state == FINISHED
    return _is_among(sent.get("sent_lines"), conversation)


def find_effect_in_session(attempt: Attempt, session: RemoteSession) -> bool | None:
    """Whether the session is paused or not, as a resume or pause meant it; None for not said."""
    if attempt.kind.pauses is None or session.paused_reported is None:
        return None
    return session.paused_reported is attempt.kind.pauses


def _read_intent(attempt: Attempt) -> dict[str, Any]:
    event = AuditEvent.objects.filter(seq=attempt.intent_seq).first()
    return read_detail(event) if event else {}


def _is_among(lines: object, conversation: Conversation) -> bool | None:
    """Whether a message with these lines is there; None where it may be among what is missing."""
    if not isinstance(lines, list):
        return None
    # As the conversation's own texts are cleaned.
    text = "\n".join(map(str, lines))
    wanted = clean_lines(text, len(text)).strip()
    for message in conversation.messages:
        if message.kind == "USER" and message.text.strip() == wanted:
            return True
    return None if conversation.was_cut or conversation.unreadable else False
