"""Ping Network's VPN sessions: "VPN-as-a-Service API", version 2, https://docs.pingnetwork.io.

It has no list of sessions. Its look-up neither tells whether a session is paused nor repeats its id.
The Authorization header holds the bare key.
"""

from pingadmin.upstream import answers
from pingadmin.upstream.answers import Answer
from pingadmin.upstream.backend import SessionAPI
from pingadmin.upstream.event_stream import RawEvent
from pingadmin.upstream.following import EventStream
from pingadmin.upstream.ids import is_session_id
from pingadmin.upstream.records import SessionEvent, SessionRecord

STATES = {"created", "connected", "disconnected"}
STATE_AFTER = {
    "session_start": "connected",
    "session_heartbeat": "connected",
    "session_end": "disconnected",
}
# What was asked for -> the codes that say it was so already. True is "paused".
ALREADY_CODES = {
    False: {"not_paused", "session_not_paused"},
    True: {"already_paused", "session_already_paused"},
}


class PingAPI(SessionAPI):
    system = "Ping"
    authorization = "{}"
    look_up_path = "/sessions/{}/status"
    can_follow = True
    act_method = "PATCH"
    resume_path = "/sessions/{}/resume"
    pause_path = "/sessions/{}/pause"
    events_path = "/sessions/events"

    def follow(self, after: str = "") -> EventStream:
        """The event stream of all sessions of the account. after: a Heard.last_event_id, to go on from there."""
        return EventStream(self.transport, self.events_path, after, _read_event)

    def read_session(self, session_id: str, answer: Answer) -> SessionRecord:
        body = answers.fields(answer)
        if "session_id" in body:
            self.check_session(session_id, body["session_id"], answer)
        return SessionRecord(
            session_id=session_id,
            state=answers.text(answer, body.get("status"), answers.STATE_MOST),
            is_known_state=body["status"] in STATES,
            client_name=answers.text(answer, body.get("client_id"), answers.NAME_MOST),
            paused=None,
            answered_at=answer.answered_at,
            duration_seconds=answers.whole_number(answer, body.get("duration")),
            uploaded_bytes=answers.whole_number(answer, body.get("uploaded_bytes")),
            downloaded_bytes=answers.whole_number(answer, body.get("downloaded_bytes")),
            skew_seconds=answer.skew_seconds,
        )

    def read_act(self, session_id: str, answer: Answer, *, paused: bool) -> bool:
        body = answers.fields(answer)
        self.check_session(session_id, body.get("session_id"), answer)
        stated = answers.flag(answer, body.get("paused"))
        if stated != paused:
            # The status says done, the body says the contrary: one of them is wrong, and we cannot tell which.
            raise answers.failure("unrecognised", answer, paused=stated)
        return stated

    def says_already(self, session_id: str, answer: Answer, *, paused: bool) -> bool:
        # The documented 400 also stands for "not a reusable session", so only a code can tell the two apart.
        return (
            answer.status in (400, 409, 422)
            and answers.own_words(answer)[0] in ALREADY_CODES[paused]
        )


def _read_event(raw: RawEvent, answer: Answer) -> SessionEvent | None:
    body = answers.fields_of(answer, raw.data)
    kind = body.get("event_type")
    session_id = body.get("session_id")
    if type(kind) is not str or type(session_id) is not str or not is_session_id(session_id):
        raise answers.failure("unrecognised", answer)
    state = STATE_AFTER.get(kind)
    return state and SessionEvent(
        session_id,
        kind,
        state,
        client_name=answers.text(answer, body.get("client_id"), answers.NAME_MOST),
        sequence=answers.sequence(raw.id),
        duration_seconds=answers.whole_number(answer, body.get("duration")),
        uploaded_bytes=answers.whole_number(answer, body.get("uploaded_bytes")),
        downloaded_bytes=answers.whole_number(answer, body.get("downloaded_bytes")),
        received_at=answer.answered_at,
    )
