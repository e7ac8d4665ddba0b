"""One connection of the simulator: what it reads from its socket and how it writes a response.

A fault (faults.py) may write what no server should, so every step is within its reach.
"""

import contextlib
import select
import socket
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

from pingadmin.demo.simulator.messages import Request, Response, error_format

BODY_LIMIT = 1_000_000


class Connection(BaseHTTPRequestHandler):
    """HTTP/1.1 with keep-alive; `extra_headers` go into every head that is written."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    timeout = 120

    def setup(self) -> None:
        super().setup()
        self.extra_headers: dict[str, str] = {}

    def clock(self) -> float:
        """The time that responses are dated with, in seconds since the epoch."""
        return time.time()

    @property
    def socket(self) -> socket.socket:
        connection: socket.socket = self.connection
        return connection

    @property
    def path_id(self) -> str:
        """The session id in the path, or nothing."""
        parts = self.path.split("?")[0].split("/sessions/")
        return unquote(parts[1].split("/")[0]) if len(parts) > 1 else ""

    def error(self, status: int, code: str, message: str) -> Response:
        return error_format(self.path)(status, code, message)

    def send(self, response: Response) -> None:
        if response.stream is None:
            body = b"" if self.command == "HEAD" else response.body
            self.write(self.head(response, len(response.body)) + body)
            return
        self.close_connection = True
        with contextlib.closing(response.stream) as chunks:
            # Who has read the head may rely on it that from then on nothing is left out.
            first = next(chunks)
            self.write(self.head(response, None) + first)
            for chunk in chunks:
                self.write(chunk)

    def head(self, response: Response, length: int | None) -> bytes:
        """The status line and headers; without a length the body ends when the connection does."""
        framing = {"Connection": "close"} if length is None else {"Content-Length": str(length)}
        headers = {
            "Date": self.date_time_string(self.clock()),
            "Content-Type": response.content_type,
            **framing,
            **response.headers,
            **self.extra_headers,
        }
        lines = [f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def write(self, data: bytes) -> None:
        self.connection.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Wait, unless the caller hangs up first: then False."""
        readable, _, _ = select.select([self.connection], [], [], seconds)
        return not readable

    def close(self) -> None:
        """Drop the connection now, and with it whatever was still to be written."""
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args: object) -> None:
        """Requests are counted, not printed."""

    def read_request(self) -> Request | None:
        """The request with its body; None where its length is unknown or too long, which is
        answered.
        """
        length = self.headers.get("Content-Length", "0")
        is_chunked = bool(self.headers.get("Transfer-Encoding"))
        if is_chunked or not length.isdecimal() or int(length) > BODY_LIMIT:
            self.close_connection = True
            self.send(
                self.error(411, "length_required", "Send a body of a known and modest length.")
            )
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, self.path, headers, self.rfile.read(int(length)))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unusual"
