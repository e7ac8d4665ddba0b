"""AGI's agent sessions, API version 1, https://api.agi.tech/v1.

Its look-up and its list show `paused` as a state. A look-up may carry `vnc_url`, a live way into
somebody's desktop: it is never read, so it cannot be stored or shown. It wants a bearer token.
What its agents say is in agi_conversation.py.
"""

import json
from typing import Any

from django.conf import settings

from pingadmin.http.response import Response
from pingadmin.upstream.agi_conversation import read_conversation
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.ids import is_session_id
from pingadmin.upstream.records import ActionOutcome, Conversation, SessionList, SessionRecord
from pingadmin.upstream.response_reading import (
    MAX_NAME_LENGTH,
    MAX_STATE_LENGTH,
    decode_start,
    make_status_error,
    parse_error,
    parse_json,
    parse_object,
    parse_time,
    require_bool,
    require_text,
    said_code,
)
from pingadmin.upstream.session_api import SessionAPI

STATES = {
    "initializing",
    "ready",
    "running",
    "waiting_for_input",
    "paused",
    "finished",
    "completed",
    "error",
    "terminated",
}
MAX_SENT_LENGTH = 10_000
# The codes, and the text, with which AGI may say that there was nothing to do.
NOT_PAUSED_CODES = {"not_paused", "session_not_paused"}
NOT_PAUSED_TEXT = "not_paused"
ALREADY_PAUSED_CODES = {"already_paused", "session_already_paused"}
ALREADY_PAUSED_TEXT = "already_paused"
# These statuses have a plain meaning of their own, or come from something in front of AGI.
STATUSES_NEVER_ALREADY = {401, 404, 429, 502, 503, 504}


class AgiAPI(SessionAPI):
    system = "AGI"
    authorization = "Bearer {}"
    states_paused = True
    reports_traffic = False
    can_list = can_converse = True
    default_id_pattern = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    look_up_path = "/sessions/{}"
    action_method = "POST"
    resume_path = "/sessions/{}/resume"
    pause_path = "/sessions/{}/pause"
    messages_path = "/sessions/{}/messages?after_id={:d}"
    message_path = "/sessions/{}/message"
    cancel_path = "/sessions/{}/cancel"

    def list_sessions(self) -> SessionList:
        """Ask for all sessions of the account. Raises UpstreamError.

        An entry that cannot be read does not hide the others: it is counted instead.
        """
        response = self.transport.read("/sessions", max_bytes=settings.UPSTREAM_LIST_BYTES)
        if response.status != 200:
            raise make_status_error(response)
        entries = parse_json(response)
        if not isinstance(entries, list):
            raise UpstreamError.for_content("unrecognised", response)
        records = [self._read_list_entry(entry, response) for entry in entries]
        sessions = tuple(record for record in records if record)
        return SessionList(sessions, response.answered_at, unreadable=len(records) - len(sessions))

    def read_conversation(self, session_id: str, *, after_id: int = 0) -> Conversation:
        """Ask what was said in a session after a message's id. Raises UpstreamError.

        AGI does not divide a conversation into pages, so the body may be as long as a list's
        (UPSTREAM_LIST_BYTES; a longer one raises too_large). Of its messages the newest are kept,
        about UPSTREAM_BODY_BYTES of them, and `was_cut` says that older ones were left out.
        """
        if not is_session_id(session_id):
            raise UpstreamError("bad_id", sent=False)
        response = self.transport.read(
            self.messages_path.format(session_id, after_id), max_bytes=settings.UPSTREAM_LIST_BYTES
        )
        if response.status != 200:
            raise make_status_error(response)
        body = parse_object(response)
        if "session_id" in body:
            self.require_same_session(session_id, body["session_id"], response)
        return read_conversation(body, response, max_bytes=settings.UPSTREAM_BODY_BYTES)

    def send_message(self, session_id: str, text: str) -> ActionOutcome:
        """Send a message of 1 to 10,000 characters once; never raises UpstreamError.

        It starts a task, answers a question, or gives new instructions. A success when AGI says
        so, whole; any other length is not_sent. AGI has no way to say "already".
        """
        body = json.dumps({"message": text}).encode()
        is_short_enough = 1 <= len(text) <= MAX_SENT_LENGTH
        kind = "" if is_short_enough else "bad_message"
        return self.judge(lambda: self._post_once(session_id, self.message_path, body, kind))

    def cancel_task(self, session_id: str) -> ActionOutcome:
        """Ask once to end a session's task, not the session; never raises UpstreamError.

        A success when AGI says so, whole. How it would say that there was no task is not
        documented, so such a refusal is rejected, in AGI's own words.
        """
        return self.judge(lambda: self._post_once(session_id, self.cancel_path, None, ""))

    def read_session(self, session_id: str, response: Response) -> SessionRecord:
        body = parse_object(response)
        self.require_same_session(session_id, body.get("session_id"), response)
        return _read_record(session_id, body, response)

    def read_action(self, session_id: str, response: Response, *, paused: bool) -> None:
        self._require_success(session_id, response)

    def _post_once(
        self, session_id: str, path: str, body: bytes | None, kind: str
    ) -> dict[str, Any]:
        """The fields of an ActionOutcome that is a success. kind: why nothing may be sent, or "".

        Raises UpstreamError.
        """
        if not is_session_id(session_id):
            kind = "bad_id"
        if kind:
            raise UpstreamError(kind, sent=False)
        response = self.transport.write("POST", path.format(session_id), body=body)
        if response.status != 200:
            raise make_status_error(response)
        self._require_success(session_id, response)
        return {"result": "ok", "status": 200}

    def _require_success(self, session_id: str, response: Response) -> None:
        """Raise UpstreamError unless `success` is literally true."""
        body = parse_object(response)
        if "session_id" in body:
            self.require_same_session(session_id, body["session_id"], response)
        if not require_bool(response, body.get("success")):
            code, message = parse_error(response)
            raise UpstreamError(
                "refused", sent=True, status=response.status, code=code, message=message
            )

    def is_already_done(self, session_id: str, response: Response, *, paused: bool) -> bool:
        if response.status in STATUSES_NEVER_ALREADY:
            return False
        # A success may still say no in its body; only then can it say "already".
        if response.status < 400 and not _is_success_false(response):
            return False
        codes = ALREADY_PAUSED_CODES if paused else NOT_PAUSED_CODES
        words = ALREADY_PAUSED_TEXT if paused else NOT_PAUSED_TEXT
        # An id may hold the very words, and errors like to repeat it.
        text = decode_start(response).lower().replace(session_id.lower(), "")
        return said_code(response, codes) or words in text

    def canonical_id(self, session_id: str) -> str:
        # UUIDs: people paste them in capitals, and the answer has them small.
        return session_id.lower()

    def _read_list_entry(self, entry: object, response: Response) -> SessionRecord | None:
        """One session of the list; None where it cannot be read."""
        if not isinstance(entry, dict):
            return None
        session_id = entry.get("session_id")
        if not isinstance(session_id, str) or not is_session_id(session_id):
            return None
        try:
            return _read_record(session_id, entry, response)
        except UpstreamError:
            return None


def _read_record(session_id: str, body: dict[str, Any], response: Response) -> SessionRecord:
    state = require_text(response, body.get("status"), MAX_STATE_LENGTH)
    # Of the word as it came: cleaning must not make it a known one.
    is_known_state = body["status"] in STATES
    return SessionRecord(
        session_id=session_id,
        state=state,
        is_known_state=is_known_state,
        client_name=require_text(response, body.get("agent_name"), MAX_NAME_LENGTH),
        # A state that we don't know may mean either.
        paused=state == "paused" if is_known_state else None,
        answered_at=response.answered_at,
        created_at=parse_time(response, body.get("created_at")),
        skew_seconds=response.skew_seconds,
    )


def _is_success_false(response: Response) -> bool:
    """Whether a 200 says no in its body."""
    if response.status != 200:
        return False
    try:
        return parse_object(response).get("success") is False
    except UpstreamError:
        return False
