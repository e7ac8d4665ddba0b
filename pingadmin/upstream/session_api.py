"""What every upstream system offers to the panel.

To add a system, subclass SessionAPI in one file and name the class as the account's `backend`. The
subclass says where to ask and how the answers read. Asking, deadlines, keys and results are the
same for all systems and are here.
"""

import logging
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable
from time import monotonic
from typing import Any

from django.utils import timezone

from pingadmin.http.response import Response
from pingadmin.upstream.errors import REFUSALS, UpstreamError
from pingadmin.upstream.following import EventStream
from pingadmin.upstream.ids import SESSION_ID_PATTERN, is_session_id
from pingadmin.upstream.isolation import CircuitState
from pingadmin.upstream.records import (
    ActionOutcome,
    Conversation,
    LimitKind,
    Limits,
    Result,
    SessionList,
    SessionRecord,
)
from pingadmin.upstream.response_reading import make_status_error
from pingadmin.upstream.transport import Transport

log = logging.getLogger(__name__)


class SessionAPI(ABC):
    """One account of one system.

    system: the name people say. states_paused: whether a look-up says if a session is paused.
    running_states: the states in which a session can't be paused, for a system that doesn't say.
    reports_traffic: whether a look-up says how much a session sent and received.
    can_list: whether list_sessions() works. can_follow: whether follow() works. has_limits: whether
    read_limits() works. can_converse: whether read_conversation(), send_message() and cancel_task()
    work.
    default_id_pattern: how its ids look, where documented. authorization: the Authorization header
    with {} in place of the key. action_method: the HTTP method of resuming and pausing.
    The paths are below the base URL, {} being the session id.
    """

    system = ""
    states_paused = False
    running_states: frozenset[str] = frozenset()
    reports_traffic = True
    can_list = can_follow = has_limits = can_converse = False
    default_id_pattern = SESSION_ID_PATTERN
    authorization = ""
    look_up_path = ""
    action_method = ""
    resume_path = ""
    pause_path = ""

    def __init__(self, *, alias: str, account: dict[str, Any], tls: ssl.SSLContext | None = None):
        self.alias = alias
        self.label: str = account["LABEL"]
        self.base_url: str = account["BASE_URL"]
        self.api_key = account["API_KEY"]
        self.id_pattern: str = account["ID_PATTERN"] or self.default_id_pattern
        self.limits_path: str = account.get("LIMITS_PATH", "")
        self.transport = Transport(
            alias=alias,
            base_url=self.base_url,
            api_key=self.api_key,
            authorization=self.authorization,
            tls=tls,
        )

    def can_own(self, session_id: str) -> bool:
        """Whether an id looks like one of this account's."""
        return re.fullmatch(self.id_pattern, session_id) is not None

    def circuit_state(self) -> CircuitState:
        """Whether calls pass at present."""
        return self.transport.breaker.state()

    def look_up(self, session_id: str) -> SessionRecord:
        """Ask for one session. Raises UpstreamError."""
        if not is_session_id(session_id):
            raise UpstreamError("bad_id", sent=False)
        response = self.transport.read(self.look_up_path.format(session_id))
        if response.status != 200:
            raise make_status_error(response)
        return self.read_session(session_id, response)

    def list_sessions(self) -> SessionList:
        """Ask for all sessions of the account, only where can_list. Raises UpstreamError."""
        raise NotImplementedError

    def read_limits(self, kind: LimitKind) -> Limits | None:
        """Ask for the limits of a kind, only where has_limits. None: the system states none.

        Raises UpstreamError.
        """
        raise NotImplementedError

    def follow(self, after: str = "") -> EventStream:
        """The event stream of the account's sessions, only where can_follow.

        after: a StreamBatch.last_event_id to continue from.
        """
        raise NotImplementedError

    def read_conversation(self, session_id: str, *, after_id: int = 0) -> Conversation:
        """Ask what was said in a session, only where can_converse. Raises UpstreamError.

        after_id: only messages with a higher id.
        """
        raise NotImplementedError

    def send_message(self, session_id: str, text: str) -> ActionOutcome:
        """Send a message to an agent once, only where can_converse; never raises UpstreamError."""
        raise NotImplementedError

    def cancel_task(self, session_id: str) -> ActionOutcome:
        """Ask once to end a session's task, only where can_converse; never raises UpstreamError."""
        raise NotImplementedError

    def resume(self, session_id: str) -> ActionOutcome:
        """Ask once to resume a session; never repeated, never raises UpstreamError."""
        return self._act(session_id, self.resume_path, paused=False)

    def pause(self, session_id: str) -> ActionOutcome:
        """Ask once to pause a session; never repeated, never raises UpstreamError."""
        return self._act(session_id, self.pause_path, paused=True)

    def canonical_id(self, session_id: str) -> str:
        """The one spelling of an id, where several name one session."""
        return session_id

    def require_same_session(
        self, session_id: str, answered_id: object, response: Response
    ) -> None:
        """Raise UpstreamError unless a response is about the session that was asked for."""
        if not isinstance(answered_id, str):
            raise UpstreamError.for_content("unrecognised", response)
        if self.canonical_id(answered_id) != self.canonical_id(session_id):
            log.error("upstream %s answered about another session", self.alias)
            raise UpstreamError.for_content("wrong_session", response)

    @abstractmethod
    def read_session(self, session_id: str, response: Response) -> SessionRecord:
        """The record in a look-up's response of status 200. Raises UpstreamError."""

    @abstractmethod
    def read_action(self, session_id: str, response: Response, *, paused: bool) -> bool | None:
        """What a response of status 200 to a resume or pause states about "paused".

        paused: what was asked for, so True of a pause. Raises UpstreamError for a no.
        """

    @abstractmethod
    def is_already_done(self, session_id: str, response: Response, *, paused: bool) -> bool:
        """Whether a response of any status says that there was nothing to resume or pause.

        paused: what was asked for, so True of a pause.
        """

    def _act(self, session_id: str, path: str, *, paused: bool) -> ActionOutcome:
        return self.judge(lambda: self._call_once(session_id, path, paused=paused))

    def judge(self, call_once: Callable[[], dict[str, Any]]) -> ActionOutcome:
        """How a call that changes something ended, in one of the five results.

        call_once: returns the fields of an ActionOutcome that is a success, or raises
        UpstreamError.
        """
        started = monotonic()
        try:
            facts = call_once()
        except UpstreamError as error:
            facts = _facts_of_error(error)
        elapsed_ms = round((monotonic() - started) * 1000)
        return ActionOutcome(answered_at=timezone.now(), elapsed_ms=elapsed_ms, **facts)

    def _call_once(self, session_id: str, path: str, *, paused: bool) -> dict[str, Any]:
        """The fields of an ActionOutcome that is a success. Raises UpstreamError."""
        if not is_session_id(session_id):
            raise UpstreamError("bad_id", sent=False)
        response = self.transport.write(self.action_method, path.format(session_id))
        # Asked first: some of these answers have an error's status, others a success's.
        if self.is_already_done(session_id, response, paused=paused):
            error = make_status_error(response)
            return {
                "result": "already",
                "status": response.status,
                "code": error.code,
                "message": error.message,
                "paused": paused,
            }
        if response.status != 200:
            raise make_status_error(response)
        stated = self.read_action(session_id, response, paused=paused)
        return {"result": "ok", "status": 200, "paused": stated}


def _facts_of_error(error: UpstreamError) -> dict[str, Any]:
    """The fields of an ActionOutcome that is not a success."""
    result: Result = "not_sent"
    # A refusal is a trustworthy answer. Any other error after the first byte leaves us ignorant.
    if error.kind in REFUSALS:
        result = "rejected"
    elif error.sent:
        result = "unknown"
    names = ("status", "code", "message", "retry_after", "paused")
    facts = {name: getattr(error, name) for name in names}
    return {"result": result, "failure": error.kind, **facts}
