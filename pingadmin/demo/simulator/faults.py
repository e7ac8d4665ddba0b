"""What can go wrong with a response, switched on for the next requests. HANDLERS is the table of
names.

A fault is a JSON object: `fault` (a name of HANDLERS), `match` (glob over "METHOD /path", all by
default), `times` (1; 0 = always), `burst` (n: n requests fail, n pass, and so on), `after` (true:
the request is carried out, then its response is lost), and for some: `status`, `seconds`,
`interval`, `bytes`, `body`, `location`. `headers` are added to every response.
"""

import fnmatch
import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from pingadmin.demo.simulator.connection import Connection
from pingadmin.demo.simulator.messages import Response

SCENARIOS = {
    "flap": [{"fault": "status", "status": 503, "times": 0, "burst": 6}],
    "slow": [{"fault": "delay", "seconds": 3, "times": 0}],
    "down": [{"fault": "close", "times": 0}],
    "lost": [{"fault": "reset", "match": "P* */resume", "times": 0, "after": True}],
}

# What no list of messages should hold, before those that it should.
ODD_MESSAGES: list[Any] = [
    "a message that is a text",
    {"id": "1", "type": "THOUGHT", "content": "the id is a text"},
    {"id": True, "type": "THOUGHT", "content": "the id is a truth"},
    {"id": 1, "content": "no type"},
    {"id": 1, "type": ["THOUGHT"], "content": "the type is a list"},
    {"id": 1, "type": "THOUGHT", "content": 7},
    {"id": 1, "type": "THOUGHT"},
]


@dataclass
class Fault:
    fault: str
    match: str = "*"
    times: int = 1
    burst: int = 0
    after: bool = False
    status: int = 0
    seconds: float = 60.0
    interval: float = 0.1
    bytes: int = 10_000_000
    body: str = ""
    location: str = "http://127.0.0.1:9/elsewhere"
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = 0

    def __post_init__(self) -> None:
        if self.fault not in HANDLERS:
            raise ValueError(f"There is no fault {self.fault!r}. There are: {', '.join(HANDLERS)}.")

    def fires(self, name: str) -> bool:
        """Whether this request meets the fault; counts it where it matches."""
        if not fnmatch.fnmatchcase(name, self.match) or (self.times and self.seen >= self.times):
            return False
        self.seen += 1
        return not self.burst or (self.seen - 1) // self.burst % 2 == 0

    @property
    def is_handled_first(self) -> bool:
        """Whether the request is carried out: where asked for, and where the true response is
        changed.
        """
        return self.after or self.fault in CHANGES_RESPONSE


class Faults:
    """The faults that wait for their requests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, specs: list[dict[str, Any]]) -> None:
        """Raises TypeError or ValueError when a spec is no fault; then none of them is added."""
        made = [Fault(**spec) for spec in specs]
        with self._lock:
            self._waiting += made

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self._waiting if fault.fires(f"{method} {path}")), None)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def listing(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]


# The response is the true one; for a fault that comes before the request is handled it is not used.


def _hang(connection: Connection, fault: Fault, response: Response) -> None:
    connection.wait(fault.seconds)
    connection.close()


def _close(connection: Connection, fault: Fault, response: Response) -> None:
    connection.close()


def _reset(connection: Connection, fault: Fault, response: Response) -> None:
    connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _delay(connection: Connection, fault: Fault, response: Response) -> None:
    connection.wait(fault.seconds)
    connection.send(response)


def _status(connection: Connection, fault: Fault, response: Response) -> None:
    status = fault.status or 503
    text = (
        fault.body
        or connection.error(status, "simulated_fault", "A fault was switched on.").body.decode()
    )
    connection.send(Response(status, text.encode("utf-8", "surrogatepass")))


def _html(connection: Connection, fault: Fault, response: Response) -> None:
    page = (
        fault.body
        or "<html><body><h1>Bad gateway</h1><script>alert('upstream')</script></body></html>"
    )
    connection.send(Response(fault.status or 502, page.encode(), content_type="text/html"))


def _garbage(connection: Connection, fault: Fault, response: Response) -> None:
    body = fault.body.encode("utf-8", "surrogatepass") or b'{"session_id": "ses_", "pau\x00\xff'
    connection.send(Response(fault.status or 200, body))


def _redirect(connection: Connection, fault: Fault, response: Response) -> None:
    connection.send(Response(fault.status or 302, headers={"Location": fault.location}))


def _wrong_id(connection: Connection, fault: Fault, response: Response) -> None:
    other = connection.path_id[:-1] + ("0" if connection.path_id[-1:] != "0" else "1")
    body = response.body.replace(connection.path_id.encode(), other.encode())
    connection.send(replace(response, body=body))


def _odd_messages(connection: Connection, fault: Fault, response: Response) -> None:
    content = json.loads(response.body)
    if isinstance(content, dict) and isinstance(content.get("messages"), list):
        content["messages"] = [*ODD_MESSAGES, *content["messages"]]
    connection.send(replace(response, body=json.dumps(content).encode()))


def _huge(connection: Connection, fault: Fault, response: Response) -> None:
    connection.write(connection.head(Response(200), length=fault.bytes + 2) + b'"')
    chunk = b"x" * 65_536
    for start in range(0, fault.bytes, len(chunk)):
        connection.write(chunk[: fault.bytes - start])
    connection.write(b'"')


def _truncate(connection: Connection, fault: Fault, response: Response) -> None:
    half = response.body[: len(response.body) // 2]
    connection.write(connection.head(response, length=len(response.body)) + half)
    connection.close()


def _drip_headers(connection: Connection, fault: Fault, response: Response) -> None:
    connection.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    _drip(connection, fault)


def _drip_body(connection: Connection, fault: Fault, response: Response) -> None:
    connection.write(
        connection.head(response, length=len(response.body) + 1_000_000) + response.body[:1]
    )
    _drip(connection, fault)


def _drip(connection: Connection, fault: Fault) -> None:
    deadline = time.monotonic() + fault.seconds
    while time.monotonic() < deadline and connection.wait(fault.interval):
        connection.write(b" ")
    connection.close()


HANDLERS: dict[str, Callable[[Connection, Fault, Response], None]] = {
    "hang": _hang,
    "close": _close,
    "reset": _reset,
    "delay": _delay,
    "status": _status,
    "html": _html,
    "garbage": _garbage,
    "redirect": _redirect,
    "wrong_id": _wrong_id,
    "odd_messages": _odd_messages,
    "huge": _huge,
    "truncate": _truncate,
    "drip_headers": _drip_headers,
    "drip_body": _drip_body,
}
CHANGES_RESPONSE = {
    "delay",
    "wrong_id",
    "odd_messages",
    "truncate",
    "drip_headers",
    "drip_body",
}
