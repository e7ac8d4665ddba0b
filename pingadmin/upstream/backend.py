"""What every upstream system offers to the panel.

Adding a third system: one subclass in a file beside ping.py, named in the account's `backend`. It fills in
where to ask and how the answers read; asking, deadlines, keys and results are the same for all and are here.
"""

import logging
import re
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from time import monotonic

from pingadmin.upstream.answers import Answer, error_of, failure
from pingadmin.upstream.errors import REFUSALS, UpstreamError
from pingadmin.upstream.ids import PATTERN, is_session_id
from pingadmin.upstream.isolation import CircuitState
from pingadmin.upstream.records import ResumeAnswer, SessionRecord
from pingadmin.upstream.transport import Transport

log = logging.getLogger(__name__)


class SessionAPI(ABC):
    """One account of one system.

    system: the name people say. states_paused: whether a look-up tells if a session is paused.
    can_list: whether it also has `list_sessions() -> Listing`. can_follow: whether it also has
    `follow(after="") -> EventStream`. default_id_pattern: how its ids look, where documented.
    authorization: the Authorization header, {} being the key. act_method: of resuming and pausing.
    The paths are below the base URL.
    """

    system = ""
    states_paused = False
    can_list = can_follow = False
    default_id_pattern = PATTERN
    authorization = ""
    look_up_path = ""
    act_method = ""
    resume_path = ""
    pause_path = ""

    def __init__(self, *, alias: str, account: dict, tls=None):
        self.alias = alias
        self.label = account["LABEL"]
        self.base_url = account["BASE_URL"]
        self.api_key = account["API_KEY"]
        self.id_pattern = account["ID_PATTERN"] or self.default_id_pattern
        self.transport = Transport(
            base_url=self.base_url, api_key=self.api_key, authorization=self.authorization, tls=tls
        )

    def may_own(self, session_id: str) -> bool:
        """Whether an id looks like one of this account's."""
        return re.fullmatch(self.id_pattern, session_id) is not None

    def circuit(self) -> CircuitState:
        """Whether calls pass at present."""
        return self.transport.breaker.state()

    def look_up(self, session_id: str) -> SessionRecord:
        """Ask for one session. Raises UpstreamError."""
        if not is_session_id(session_id):
            raise UpstreamError("bad_id", sent=False)
        answer = self.transport.read(self.look_up_path.format(session_id))
        if answer.status != 200:
            raise error_of(answer)
        return self.read_session(session_id, answer)

    def resume(self, session_id: str) -> ResumeAnswer:
        """Ask once to resume a session; never repeated, never raises UpstreamError."""
        return self._act(session_id, self.resume_path, paused=False)

    def pause(self, session_id: str) -> ResumeAnswer:
        """Ask once to pause a session; never repeated, never raises UpstreamError."""
        return self._act(session_id, self.pause_path, paused=True)

    def _act(self, session_id, path, *, paused):
        started = monotonic()
        try:
            finding = self._ask_once(session_id, path, paused=paused)
        except UpstreamError as error:
            finding = _finding_of(error)
        elapsed_ms = round((monotonic() - started) * 1000)
        return ResumeAnswer(answered_at=datetime.now(UTC), elapsed_ms=elapsed_ms, **finding)

    def _ask_once(self, session_id, path, *, paused):
        if not is_session_id(session_id):
            raise UpstreamError("bad_id", sent=False)
        answer = self.transport.write(self.act_method, path.format(session_id))
        if self.says_already(session_id, answer, paused=paused):
            error = error_of(answer)
            return {
                "result": "already",
                "status": answer.status,
                "code": error.code,
                "message": error.message,
                "paused": paused,
            }
        if answer.status != 200:
            raise error_of(answer)
        return {
            "result": "ok",
            "status": 200,
            "paused": self.read_act(session_id, answer, paused=paused),
        }

    def check_session(self, session_id: str, answered_id, answer: Answer) -> None:
        """Raises UpstreamError("wrong_session") unless an answer is about the session that was asked for."""
        if not isinstance(answered_id, str):
            raise failure("unrecognised", answer)
        if self.canonical_id(answered_id) != self.canonical_id(session_id):
            log.error("upstream %s answered about another session", self.alias)
            raise failure("wrong_session", answer)

    def canonical_id(self, session_id: str) -> str:
        """The one spelling of an id, where several name one session."""
        return session_id

    @abstractmethod
    def read_session(self, session_id: str, answer: Answer) -> SessionRecord:
        """The record in a look-up's answer of status 200. Raises UpstreamError."""

    @abstractmethod
    def read_act(self, session_id: str, answer: Answer, *, paused: bool) -> bool | None:
        """What an answer of status 200 states about "paused"; paused: what was asked for, so True of a pause.

        Raises UpstreamError if it is a no.
        """

    @abstractmethod
    def says_already(self, session_id: str, answer: Answer, *, paused: bool) -> bool:
        """Whether an answer of any status says that there was nothing to resume or, where paused, to pause."""


def _finding_of(error: UpstreamError) -> dict:
    result = "rejected" if error.kind in REFUSALS else "unknown" if error.sent else "not_sent"
    names = ("status", "code", "message", "retry_after", "paused")
    return {
        "result": result,
        "failure": error.kind,
        **{name: getattr(error, name) for name in names},
    }
