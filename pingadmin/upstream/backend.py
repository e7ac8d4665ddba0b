"""What every upstream system offers to the panel. Adding a third system: one subclass in a file beside ping.py."""

import re
from abc import ABC, abstractmethod

from pingadmin.upstream.ids import PATTERN
from pingadmin.upstream.records import ResumeAnswer, SessionRecord


class SessionAPI(ABC):
    """One account of one system.

    system: the name people say. states_paused: whether a look-up tells if a session is paused.
    can_list: whether it also has `list_sessions() -> Listing`. default_id_pattern: how its ids look, where documented.
    """

    system = ""
    states_paused = False
    can_list = False
    default_id_pattern = PATTERN

    def __init__(self, *, alias: str, account: dict):
        self.alias = alias
        self.label = account["LABEL"]
        self.base_url = account["BASE_URL"]
        self.api_key = account["API_KEY"]
        self.id_pattern = account["ID_PATTERN"] or self.default_id_pattern

    def may_own(self, session_id: str) -> bool:
        """Whether an id looks like one of this account's."""
        return re.fullmatch(self.id_pattern, session_id) is not None

    @abstractmethod
    def look_up(self, session_id: str) -> SessionRecord:
        """Ask for one session. Raises UpstreamError."""

    @abstractmethod
    def resume(self, session_id: str) -> ResumeAnswer:
        """Ask once to resume a session; never repeated, never raises UpstreamError."""
