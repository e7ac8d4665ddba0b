"""Ping Network's VPN sessions: "VPN-as-a-Service API", version 2, https://docs.pingnetwork.io.

It has no list of sessions. Its look-up neither tells whether a session is paused nor repeats its id.
The Authorization header holds the bare key.
"""

from pingadmin.upstream import answers
from pingadmin.upstream.answers import Answer
from pingadmin.upstream.backend import SessionAPI
from pingadmin.upstream.records import SessionRecord

STATES = {"created", "connected", "disconnected"}
NOT_PAUSED_CODES = {"not_paused", "session_not_paused"}


class PingAPI(SessionAPI):
    system = "Ping"
    authorization = "{}"
    look_up_path = "/sessions/{}/status"
    resume_method = "PATCH"
    resume_path = "/sessions/{}/resume"

    def read_session(self, session_id: str, answer: Answer) -> SessionRecord:
        body = answers.fields(answer)
        if "session_id" in body:
            self.check_session(session_id, body["session_id"], answer)
        return SessionRecord(
            session_id=session_id,
            state=answers.text(answer, body.get("status"), answers.STATE_MOST),
            state_is_known=body["status"] in STATES,
            who=answers.text(answer, body.get("client_id"), answers.NAME_MOST),
            paused=None,
            answered_at=answer.answered_at,
            duration_seconds=answers.whole_number(answer, body.get("duration")),
            uploaded_bytes=answers.whole_number(answer, body.get("uploaded_bytes")),
            downloaded_bytes=answers.whole_number(answer, body.get("downloaded_bytes")),
            skew_seconds=answer.skew_seconds,
        )

    def read_resume(self, session_id: str, answer: Answer) -> bool:
        body = answers.fields(answer)
        self.check_session(session_id, body.get("session_id"), answer)
        paused = answers.flag(answer, body.get("paused"))
        if paused:
            # The status says resumed, the body says paused: one of them is wrong, and we cannot tell which.
            raise answers.failure("unrecognised", answer, paused=True)
        return paused

    def says_not_paused(self, session_id: str, answer: Answer) -> bool:
        # The documented 400 also stands for "not a reusable session", so only a code can tell the two apart.
        return answer.status in (400, 409, 422) and answers.own_words(answer)[0] in NOT_PAUSED_CODES
