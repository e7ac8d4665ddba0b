"""The simulator's socket: HTTP/1.1 with keep-alive on a loopback port, one thread for each connection.

It listens for the panel and for tests and calls nobody. Nothing of the panel may be imported here.
"""

import contextlib
import select
import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

from pingadmin.demo import control, routes
from pingadmin.demo.answers import Answer, Call
from pingadmin.demo.faults import ACTS, Faults
from pingadmin.demo.world import World

BODY_LIMIT = 1_000_000
TICK_SECONDS = 0.25


class Simulator(ThreadingHTTPServer):
    """Listens from the moment it is made; `serve_forever()` answers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, port: int = 0, *, faults: list[dict] = (), heartbeat_seconds: float = 5.0):
        self.world = World(heartbeat_seconds=heartbeat_seconds)
        self.faults = Faults()
        self.faults.add(list(faults))
        super().__init__(("127.0.0.1", port), Line)
        threading.Thread(target=self._tick, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request, client_address):
        """A caller that hangs up is what faults are for; it is no error of ours."""

    def _tick(self):
        pause = threading.Event()
        while not pause.wait(TICK_SECONDS):
            with self.world.now():
                pass


class Line(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    timeout = 120
    fault = None

    def serve(self):
        call = self._read_call()
        if call is None:
            return
        if call.path.startswith("/_sim/"):
            self.send(control.answer(self.server.world, self.server.faults, call))
            return
        self.server.world.count(call.method, call.path)
        self.fault = self.server.faults.take(call.method, call.path)
        answer = (
            None
            if self.fault and not self.fault.acts_first
            else routes.answer(self.server.world, call)
        )
        if self.fault:
            ACTS[self.fault.fault](self, self.fault, answer)
        else:
            self.send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_TRACE = (
        do_QUERY
    ) = serve  # noqa: N815

    @property
    def socket(self) -> socket.socket:
        return self.connection

    @property
    def path_id(self) -> str:
        """The session id in the path, or nothing."""
        parts = self.path.split("?")[0].split("/sessions/")
        return unquote(parts[1].split("/")[0]) if len(parts) > 1 else ""

    def error(self, status: int, code: str, message: str) -> Answer:
        return routes.error_of(self.path)(status, code, message)

    def send(self, answer: Answer) -> None:
        if answer.stream is None:
            self.write(self.head(answer) + (b"" if self.command == "HEAD" else answer.body))
            return
        self.close_connection = True
        with contextlib.closing(answer.stream) as pieces:
            # Who has read the head may rely on it that from then on nothing is left out.
            first = next(pieces)
            self.write(self.head(answer, length=None) + first)
            for piece in pieces:
                self.write(piece)

    def head(self, answer: Answer, length: int | None = -1) -> bytes:
        """The status line and headers; length -1 is that of the body, None is "until the line closes"."""
        length = len(answer.body) if length == -1 else length
        framing = {"Connection": "close"} if length is None else {"Content-Length": str(length)}
        headers = {
            "Date": self.date_time_string(),
            "Content-Type": answer.content_type,
            **framing,
            **answer.headers,
        }
        headers |= self.fault.headers if self.fault else {}
        lines = [f"HTTP/1.1 {answer.status} {_phrase(answer.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def write(self, data: bytes) -> None:
        self.connection.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Wait, unless the caller hangs up first: then False."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return not readable

    def close(self) -> None:
        """Drop the connection now, and with it whatever would still have been said."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args):
        """Calls are counted, not printed."""

    def _read_call(self) -> Call | None:
        self.fault = None
        length = self.headers.get("Content-Length", "0")
        if (
            self.headers.get("Transfer-Encoding")
            or not length.isdecimal()
            or int(length) > BODY_LIMIT
        ):
            self.close_connection = True
            self.send(
                self.error(411, "length_required", "Send a body of a known and modest length.")
            )
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Call(self.command, self.path, headers, self.rfile.read(int(length)))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unusual"
