"""What one call is and what it is answered with. Plain values; the socket is server.py's business."""

import json
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Call:
    """One request: `path` still percent-encoded as it came, `query` as lists of values."""

    method: str
    target: str
    headers: dict
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def authorization(self) -> str:
        return self.headers.get("authorization", "")

    def json(self):
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """One response. `stream`, where set, is a generator of bytes in place of a body."""

    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)
    content_type: str = "application/json"
    stream: object = None

    def having(self, **changes) -> "Answer":
        return replace(self, **changes)


def say(status: int, content, **headers: str) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(content).encode(), headers)


def ping_error(status: int, code: str, message: str, **details) -> Answer:
    """Ping's one envelope for errors."""
    error = {"code": code, "message": message}
    return say(status, {"error": error | ({"details": details} if details else {})})


def agi_error(status: int, code: str, message: str) -> Answer:
    return say(status, {"error": code, "message": message})
