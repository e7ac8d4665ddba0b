"""AGI's agent sessions, API version 1, https://api.agi.tech/v1.

Its look-up and its list show `paused` as a state. A look-up may carry `vnc_url`, a live way into somebody's
desktop: it is never read, so that it cannot be stored or shown. It wants a bearer token.
"""

from django.conf import settings

from pingadmin.upstream import answers
from pingadmin.upstream.answers import Answer
from pingadmin.upstream.backend import SessionAPI
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.ids import is_session_id
from pingadmin.upstream.records import Listing, SessionRecord

STATES = {"initializing", "ready", "running", "paused", "completed", "error", "terminated"}
# What was asked for -> the codes, and the text, that say it was so already. True is "paused".
ALREADY_CODES = {
    False: {"not_paused", "session_not_paused"},
    True: {"already_paused", "session_already_paused"},
}
ALREADY_TEXT = {False: "not_paused", True: "already_paused"}
# These statuses have a plain meaning of their own, or are spoken by something in front of AGI.
NEVER_ALREADY = {401, 404, 429, 502, 503, 504}


class AgiAPI(SessionAPI):
    system = "AGI"
    authorization = "Bearer {}"
    states_paused = True
    can_list = True
    default_id_pattern = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    look_up_path = "/sessions/{}"
    act_method = "POST"
    resume_path = "/sessions/{}/resume"
    pause_path = "/sessions/{}/pause"

    def list_sessions(self) -> Listing:
        """Ask for all sessions of the account. Raises UpstreamError.

        One entry that cannot be read does not hide the others: it is counted instead.
        """
        answer = self.transport.read("/sessions", most_bytes=settings.UPSTREAM_LIST_BYTES)
        if answer.status != 200:
            raise answers.error_of(answer)
        entries = answers.parsed(answer)
        if not isinstance(entries, list):
            raise answers.failure("unrecognised", answer)
        records = [self._listed(entry, answer) for entry in entries]
        sessions = tuple(record for record in records if record)
        return Listing(sessions, answer.answered_at, unreadable=len(records) - len(sessions))

    def read_session(self, session_id: str, answer: Answer) -> SessionRecord:
        body = answers.fields(answer)
        self.check_session(session_id, body.get("session_id"), answer)
        return self._record(session_id, body, answer)

    def read_act(self, session_id: str, answer: Answer, *, paused: bool) -> None:
        body = answers.fields(answer)
        if "session_id" in body:
            self.check_session(session_id, body["session_id"], answer)
        if not answers.flag(answer, body.get("success")):
            code, message = answers.own_words(answer)
            raise answers.failure("refused", answer, code=code, message=message)

    def says_already(self, session_id: str, answer: Answer, *, paused: bool) -> bool:
        if answer.status in NEVER_ALREADY or (answer.status < 400 and not _says_no(answer)):
            return False
        # An id may hold the very words, and errors like to repeat it.
        said = answers.beginning(answer).replace(session_id, "")
        return answers.own_words(answer)[0] in ALREADY_CODES[paused] or ALREADY_TEXT[paused] in said

    def canonical_id(self, session_id: str) -> str:
        # UUIDs: people paste them in capitals, and the answer has them small.
        return session_id.lower()

    def _listed(self, entry, answer):
        listed_id = entry.get("session_id") if isinstance(entry, dict) else None
        if not isinstance(listed_id, str) or not is_session_id(listed_id):
            return None
        try:
            return self._record(listed_id, entry, answer)
        except UpstreamError:
            return None

    def _record(self, session_id, body, answer):
        state = body.get("status")
        return SessionRecord(
            session_id=session_id,
            state=answers.text(answer, state, answers.STATE_MOST),
            is_known_state=state in STATES,
            client_name=answers.text(answer, body.get("agent_name"), answers.NAME_MOST),
            paused=state == "paused" if state in STATES else None,
            answered_at=answer.answered_at,
            created_at=answers.moment(answer, body.get("created_at")),
            skew_seconds=answer.skew_seconds,
        )


def _says_no(answer):
    if answer.status != 200:
        return False
    try:
        return answers.fields(answer).get("success") is False
    except UpstreamError:
        return False
