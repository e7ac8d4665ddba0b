"""A third system, as somebody would add it: one subclass of SessionAPI in a file of its own."""

from pingadmin.http.response import Response
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord
from pingadmin.upstream.response_reading import (
    MAX_NAME_LENGTH,
    MAX_STATE_LENGTH,
    parse_error,
    parse_object,
    require_bool,
    require_text,
)
from pingadmin.upstream.session_api import SessionAPI

STATES = {"up", "down", "held"}


class ToyAPI(SessionAPI):
    """Toy Tunnels: a tunnel that is paused is `held`, and resuming is called releasing."""

    system = "Toy"
    authorization = "Token {}"
    states_paused = True
    default_id_pattern = r"toy-[0-9]+"
    look_up_path = "/tunnels/{}"
    action_method = "POST"
    resume_path = "/tunnels/{}/release"
    pause_path = "/tunnels/{}/hold"

    def read_session(self, session_id: str, response: Response) -> SessionRecord:
        body = parse_object(response)
        self.require_same_session(session_id, body.get("id"), response)
        state = require_text(response, body.get("state"), MAX_STATE_LENGTH)
        return SessionRecord(
            session_id=session_id,
            state=state,
            is_known_state=state in STATES,
            client_name=require_text(response, body.get("owner"), MAX_NAME_LENGTH),
            paused=state == "held" if state in STATES else None,
            answered_at=response.answered_at,
        )

    def read_action(self, session_id: str, response: Response, *, paused: bool) -> bool:
        held = require_bool(response, parse_object(response).get("held"))
        if held != paused:
            raise UpstreamError.for_content("unrecognised", response, paused=held)
        return held

    def is_already_done(self, session_id: str, response: Response, *, paused: bool) -> bool:
        code, _ = parse_error(response)
        return response.status == 409 and code == ("held" if paused else "not_held")
