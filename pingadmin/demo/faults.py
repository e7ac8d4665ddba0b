"""What can go wrong with an answer, switched on for the next calls. ACTS is the table: name -> how.

A fault is a JSON object: `fault` (a name of ACTS), `match` (glob over "METHOD /path", all by default),
`times` (1; 0 = always), `burst` (n: n calls fail, n pass, and so on), `after` (true: the act is done,
then the answer is lost), and for some: `status`, `seconds`, `interval`, `bytes`, `body`, `location`.
`headers` are added to whatever is answered.
"""

import fnmatch
import socket
import struct
import threading
import time
from dataclasses import asdict, dataclass, field

from pingadmin.demo.answers import Answer

SCENARIOS = {
    "flap": [{"fault": "status", "status": 503, "times": 0, "burst": 6}],
    "slow": [{"fault": "delay", "seconds": 3, "times": 0}],
    "down": [{"fault": "close", "times": 0}],
    "lost": [{"fault": "reset", "match": "P* */resume", "times": 0, "after": True}],
}


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
    headers: dict = field(default_factory=dict)
    seen: int = 0

    def __post_init__(self):
        if self.fault not in ACTS:
            raise ValueError(f"There is no fault {self.fault!r}. There are: {', '.join(ACTS)}.")

    def fires(self, name: str) -> bool:
        """Whether this call meets the fault; counts it where it matches."""
        if not fnmatch.fnmatchcase(name, self.match) or (self.times and self.seen >= self.times):
            return False
        self.seen += 1
        return not self.burst or (self.seen - 1) // self.burst % 2 == 0

    @property
    def acts_first(self) -> bool:
        """Whether the call still does its act: where asked for, and where the true answer is spoiled."""
        return self.after or self.fault in SPOILS


class Faults:
    """The faults that wait for their calls."""

    def __init__(self):
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, wishes: list[dict]) -> None:
        """Raises TypeError or ValueError when a wish is no fault; then none of them is added."""
        made = [Fault(**wish) for wish in wishes]
        with self._lock:
            self._waiting += made

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return next((fault for fault in self._waiting if fault.fires(f"{method} {path}")), None)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def listing(self) -> list[dict]:
        with self._lock:
            return [asdict(fault) for fault in self._waiting]


# Each act gets the line (server.Line), the fault and the true answer (None when the call was not acted on).


def _hang(line, fault, answer):
    line.wait(fault.seconds)
    line.close()


def _close(line, fault, answer):
    line.close()


def _reset(line, fault, answer):
    line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def _delay(line, fault, answer):
    line.wait(fault.seconds)
    line.send(answer)


def _status(line, fault, answer):
    status = fault.status or 503
    text = (
        fault.body
        or line.error(status, "simulated_fault", "A fault was switched on.").body.decode()
    )
    line.send(Answer(status, text.encode("utf-8", "surrogatepass")))


def _html(line, fault, answer):
    page = (
        fault.body
        or "<html><body><h1>Bad gateway</h1><script>alert('upstream')</script></body></html>"
    )
    line.send(Answer(fault.status or 502, page.encode(), content_type="text/html"))


def _garbage(line, fault, answer):
    body = fault.body.encode("utf-8", "surrogatepass") or b'{"session_id": "ses_", "pau\x00\xff'
    line.send(Answer(fault.status or 200, body))


def _redirect(line, fault, answer):
    line.send(Answer(fault.status or 302, headers={"Location": fault.location}))


def _wrong_id(line, fault, answer):
    other = line.path_id[:-1] + ("0" if line.path_id[-1:] != "0" else "1")
    line.send(answer.having(body=answer.body.replace(line.path_id.encode(), other.encode())))


def _huge(line, fault, answer):
    line.write(line.head(Answer(200), length=fault.bytes + 2) + b'"')
    piece = b"x" * 65_536
    for start in range(0, fault.bytes, len(piece)):
        line.write(piece[: fault.bytes - start])
    line.write(b'"')


def _truncate(line, fault, answer):
    line.write(line.head(answer) + answer.body[: len(answer.body) // 2])
    line.close()


def _drip_headers(line, fault, answer):
    line.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    _drip(line, fault)


def _drip_body(line, fault, answer):
    line.write(line.head(answer, length=len(answer.body) + 1_000_000) + answer.body[:1])
    _drip(line, fault)


def _drip(line, fault):
    ends = time.monotonic() + fault.seconds
    while time.monotonic() < ends and line.wait(fault.interval):
        line.write(b" ")
    line.close()


ACTS = {
    "hang": _hang,
    "close": _close,
    "reset": _reset,
    "delay": _delay,
    "status": _status,
    "html": _html,
    "garbage": _garbage,
    "redirect": _redirect,
    "wrong_id": _wrong_id,
    "huge": _huge,
    "truncate": _truncate,
    "drip_headers": _drip_headers,
    "drip_body": _drip_body,
}
SPOILS = {"delay", "wrong_id", "truncate", "drip_headers", "drip_body"}
