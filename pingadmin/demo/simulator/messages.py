"""A request to the simulator and its response. Plain values; the socket is connection.py's
business.
"""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

PING, AGI = "/customer/v2", "/v1"
# Ping's limits stand beside its versions.
PING_LIMITS = "/customer/limits"


@dataclass(frozen=True)
class Request:
    """One request: `path` still percent-encoded as it came, `query` as lists of values."""

    method: str
    target: str
    headers: dict[str, str]
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

    def json(self) -> Any:
        """The body as JSON; raises ValueError where it is none."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """One response. `stream`, where set, is a generator of bytes in place of a body."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    stream: Generator[bytes] | None = None


def json_response(status: int, content: object) -> Response:
    """A response whose body is `content` as JSON."""
    return Response(status, json.dumps(content).encode())


def ping_error(status: int, code: str, message: str, **details: object) -> Response:
    """Ping's one envelope for errors."""
    error: dict[str, object] = {"code": code, "message": message}
    return json_response(status, {"error": error | ({"details": details} if details else {})})


def agi_error(status: int, detail: str) -> Response:
    """AGI's envelope, which is FastAPI's: it has no codes."""
    return json_response(status, {"detail": detail})


def agi_wrong_fields(*faults: tuple[list[str], str, str]) -> Response:
    """FastAPI's refusal of a request, from each wrong field's place, message and type."""
    names = ("loc", "msg", "type")
    return json_response(
        422, {"detail": [dict(zip(names, fault, strict=True)) for fault in faults]}
    )


def error_format(path: str) -> Callable[[int, str, str], Response]:
    """The format of errors of the system that owns the path."""
    if path.startswith(AGI + "/"):
        return lambda status, code, message: agi_error(status, message)
    return ping_error
