"""A server made of bare sockets that misbehaves exactly as it is told, over plain TCP or TLS.

Every whole request is recorded with the connection it came on. The n-th behaviour of the script
answers the n-th request, and the last one all further requests.
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Request:
    connection: int
    method: str
    path: str
    headers: dict
    body: bytes


class RawServer:
    """A context manager. A behaviour gets a Peer and returns True to keep the connection."""

    def __init__(self, *script, tls: ssl.SSLContext | None = None, greeting: bytes = b""):
        self.script = list(script)
        self.requests = []
        self.connections = 0
        self.stopped = threading.Event()
        self._tls = tls
        self._greeting = greeting
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peers = []
        self._threads = []

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    @property
    def address(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *exc):
        self.stopped.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._peers:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _start(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.stopped.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers.append(sock)
            self.connections += 1
            self._start(self._serve, sock, self.connections)

    def _serve(self, sock, number):
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            closing.callback(sock.close)
            sock.sendall(self._greeting)
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                closing.callback(sock.close)
                self._peers.append(sock)
            peer = Peer(sock, self.stopped)
            while request := _read_request(peer, number):
                with self._lock:
                    self.requests.append(request)
                    behaviour = self.script.pop(0) if len(self.script) > 1 else self.script[0]
                peer.request = request
                if not behaviour(peer):
                    return


@pytest.fixture
def raw_server():
    """raw_server(*script, **options of RawServer) -> a running one, stopped after the test."""
    with contextlib.ExitStack() as servers:
        yield lambda *script, **options: servers.enter_context(RawServer(*script, **options))


class Peer:
    """The server's side of one connection. request: the last one that arrived on it."""

    request: Request

    def __init__(self, sock, stopped):
        self.sock = sock
        self.stopped = stopped
        self._read = b""

    def until(self, mark: bytes) -> bytes:
        while mark not in self._read:
            more = self.sock.recv(65536)
            if not more:
                return b""
            self._read += more
        found, _, self._read = self._read.partition(mark)
        return found

    def exactly(self, count: int) -> bytes:
        while len(self._read) < count and (more := self.sock.recv(65536)):
            self._read += more
        found, self._read = self._read[:count], self._read[count:]
        return found


def _read_request(peer, number):
    head = peer.until(b"\r\n\r\n").decode("latin-1")
    if not head:
        return None
    first, *lines = head.split("\r\n")
    method, path, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return Request(
        number, method, path, headers, peer.exactly(int(headers.get("content-length", 0)))
    )


# --- Bytes of answers ---------------------------------------------------------------------------


def http(
    status: int,
    body: bytes,
    *headers: str,
    kind: str = "application/json",
    length: int | None = None,
) -> bytes:
    """A whole HTTP answer. length: what Content-Length claims, -1 for no such header."""
    lines = [f"HTTP/1.1 {status} Whatever", *headers]
    if kind:
        lines.append(f"Content-Type: {kind}")
    if length != -1:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def as_json(value) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


# --- Behaviours -----------------------------------------------------------------------------------


def says(status: int, value, *headers: str, **options):
    """Answer properly and keep the connection. value: bytes, or what becomes JSON."""
    return sends(http(status, as_json(value), *headers, **options), keep=True)


def sends(data: bytes, *, keep: bool = False):
    def behave(peer):
        peer.sock.sendall(data)
        return keep

    return behave


def drips(data: bytes, *, first: int = 0, every: float = 0.05):
    """The first so many bytes at once, then one at a time, and silence at the end."""

    def behave(peer):
        peer.sock.sendall(data[:first])
        for byte in data[first:]:
            if peer.stopped.wait(every):
                return False
            peer.sock.sendall(bytes([byte]))
        return hangs(peer)

    return behave


def hangs(peer):
    """Never answer; ends when the other side goes, or the test is over."""
    while not peer.stopped.is_set() and peer.sock.recv(65536):
        pass
    return False


def resets_after(data: bytes = b""):
    def behave(peer):
        peer.sock.sendall(data)
        peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return behave


def goes_on_for_ever(start: bytes, chunk: bytes):
    def behave(peer):
        peer.sock.sendall(start)
        while not peer.stopped.is_set():
            peer.sock.sendall(chunk)
        return False

    return behave
