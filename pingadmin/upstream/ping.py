"""Ping Network's VPN sessions: "VPN-as-a-Service API", version 2, https://docs.pingnetwork.io.

It has no list of sessions. Its look-up neither says whether a session is paused nor repeats its
id. The Authorization header holds the bare key.

Its limits are documented beside the versions, at /customer/limits/: where the base URL ends with a
version (/v2), they are looked for one step above it, else below it; or where a setting says.
"""

import re
from urllib.parse import urlsplit

from pingadmin.http.response import Response
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.event_stream import ServerSentEvent
from pingadmin.upstream.following import EventStream
from pingadmin.upstream.ids import is_session_id
from pingadmin.upstream.records import LimitKind, Limits, SessionEvent, SessionRecord
from pingadmin.upstream.response_reading import (
    MAX_NAME_LENGTH,
    MAX_STATE_LENGTH,
    make_status_error,
    parse_count,
    parse_event_object,
    parse_object,
    parse_sequence,
    parse_time,
    require_bool,
    require_text,
    said_code,
)
from pingadmin.upstream.session_api import SessionAPI

STATES = {"created", "connected", "disconnected"}
STATE_AFTER_EVENT = {
    "session_start": "connected",
    "session_heartbeat": "connected",
    "session_end": "disconnected",
}
# The codes with which Ping may say that there was nothing to do.
NOT_PAUSED_CODES = {"not_paused", "session_not_paused"}
ALREADY_PAUSED_CODES = {"already_paused", "session_already_paused"}


class PingAPI(SessionAPI):
    system = "Ping"
    authorization = "{}"
    # A pause disconnects everybody.
    running_states = frozenset({"connected"})
    look_up_path = "/sessions/{}/status"
    can_follow = has_limits = True
    action_method = "PATCH"
    resume_path = "/sessions/{}/resume"
    pause_path = "/sessions/{}/pause"
    events_path = "/sessions/events"

    def read_limits(self, kind: LimitKind) -> Limits | None:
        response = self.transport.read(f"{self._find_limits()}/{kind}")
        if response.status == 404:
            return None
        if response.status != 200:
            raise make_status_error(response)
        body = parse_object(response)
        return Limits(
            answered_at=response.answered_at,
            updated_at=parse_time(response, body.get("updated_at")),
            downloaded_bytes=parse_count(response, body.get("downloaded_bytes")),
            uploaded_bytes=parse_count(response, body.get("uploaded_bytes")),
            download_speed=parse_count(response, body.get("download_speed")),
            upload_speed=parse_count(response, body.get("upload_speed")),
            max_sessions=parse_count(response, body.get("max_sessions")),
            max_reconnections=parse_count(response, body.get("max_reconnections")),
        )

    def _find_limits(self) -> str:
        """Where the limits are, from the base URL on.

        The steps are taken before the request is sent: a server never sees the dots.
        """
        if self.limits_path:
            return "/.." * urlsplit(self.base_url).path.count("/") + self.limits_path
        is_versioned = re.search(r"/v[0-9]+$", self.base_url) is not None
        return "/../limits" if is_versioned else "/limits"

    def follow(self, after: str = "") -> EventStream:
        return EventStream(self.transport, self.events_path, after, _read_event)

    def read_session(self, session_id: str, response: Response) -> SessionRecord:
        body = parse_object(response)
        # Not documented, but where it is there it must be right.
        if "session_id" in body:
            self.require_same_session(session_id, body["session_id"], response)
        state = require_text(response, body.get("status"), MAX_STATE_LENGTH)
        return SessionRecord(
            session_id=session_id,
            state=state,
            # Of the word as it came: cleaning must not make it a known one.
            is_known_state=body["status"] in STATES,
            client_name=require_text(response, body.get("client_id"), MAX_NAME_LENGTH),
            paused=None,
            answered_at=response.answered_at,
            duration_seconds=parse_count(response, body.get("duration")),
            uploaded_bytes=parse_count(response, body.get("uploaded_bytes")),
            downloaded_bytes=parse_count(response, body.get("downloaded_bytes")),
            skew_seconds=response.skew_seconds,
        )

    def read_action(self, session_id: str, response: Response, *, paused: bool) -> bool:
        body = parse_object(response)
        self.require_same_session(session_id, body.get("session_id"), response)
        stated = require_bool(response, body.get("paused"))
        if stated != paused:
            # The status says done and the body the contrary: one is wrong, and we cannot say which.
            raise UpstreamError.for_content("unrecognised", response, paused=stated)
        return stated

    def is_already_done(self, session_id: str, response: Response, *, paused: bool) -> bool:
        # The documented 400 also stands for "not a reusable session": only a code tells them apart.
        codes = ALREADY_PAUSED_CODES if paused else NOT_PAUSED_CODES
        return response.status in (400, 409, 422) and said_code(response, codes)


def _read_event(event: ServerSentEvent, response: Response) -> SessionEvent | None:
    """What an event says; None for a type that the documentation does not have."""
    body = parse_event_object(response, event.data)
    kind = body.get("event_type")
    session_id = body.get("session_id")
    if type(kind) is not str or type(session_id) is not str or not is_session_id(session_id):
        raise UpstreamError.for_content("unrecognised", response)
    if kind not in STATE_AFTER_EVENT:
        return None
    return SessionEvent(
        session_id,
        kind,
        STATE_AFTER_EVENT[kind],
        client_name=require_text(response, body.get("client_id"), MAX_NAME_LENGTH),
        sequence=parse_sequence(event.id),
        duration_seconds=parse_count(response, body.get("duration")),
        uploaded_bytes=parse_count(response, body.get("uploaded_bytes")),
        downloaded_bytes=parse_count(response, body.get("downloaded_bytes")),
        received_at=response.answered_at,
    )
