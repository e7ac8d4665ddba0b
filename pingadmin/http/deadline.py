"""Ends a call at its deadline, whatever the other side is doing.

A socket's own timeout bounds one wait, so a server that drips a byte a second outlasts it for
ever. Here every wait gets what is left of the whole call. This module knows sockets and clocks.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from time import monotonic
from typing import Any


class Call:
    """One request on its way: until when, over which socket, and whether a byte of it may be out.

    deadline: a time.monotonic() moment. sent: True from just before the first byte of the request
    goes out. connected: whether a TCP connection stood; TLS comes after that, and before `sent`.
    ended: we broke it off ourselves.
    """

    def __init__(self, deadline: float, connect_seconds: float):
        self.deadline = deadline
        self.connect_deadline = min(deadline, monotonic() + connect_seconds)
        self.sent = self.connected = self.ended = False
        # Held while the socket is shut or closed, so that neither meets the other half done.
        self.lock = threading.RLock()
        self._idle_seconds: float | None = None
        self._sock: DeadlineSocket | None = None

    def use(self, sock: "DeadlineSocket") -> None:
        """Take a socket for this call. Raises TimeoutError when the call has ended already."""
        with self.lock:
            if self.ended:
                raise TimeoutError
            self._sock, sock.call = sock, self

    def seconds_left(self) -> float:
        """How long the next wait may take. Raises TimeoutError when the deadline has passed."""
        left = self.deadline - monotonic() if self._idle_seconds is None else self._idle_seconds
        if self.ended or left <= 0:
            raise TimeoutError
        return left

    def is_in_time(self) -> bool:
        """Whether what was read so far may be believed."""
        return not self.ended and monotonic() < self.deadline

    def allow_endless(self, idle_seconds: float) -> None:
        """From now on the call may last until end(), as long as no wait takes longer than this."""
        self._idle_seconds = idle_seconds

    def end(self) -> None:
        """Shut the socket, whoever reads from it. May be called from any thread, and again."""
        with self.lock:
            self.ended = True
            if self._sock is not None:
                # Not SSLSocket's own shutdown(), which would take the TLS state from the reader.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
                self._sock = None


_thread = threading.local()


@contextlib.contextmanager
def current_call(call: Call) -> Iterator[None]:
    """Every socket that this thread connects or sends on inside the block belongs to the call."""
    _thread.call = call
    try:
        yield
    finally:
        _thread.call = None


def get_current_call() -> Call:
    """The call that this thread is making."""
    call: Call = _thread.call
    return call


class DeadlineSocket(socket.socket):
    """A socket that belongs to the call which used it last, and waits no longer than that may."""

    call: Call | None = None

    def send(self, *args: Any) -> int:
        self._begin_sending()
        return super().send(*args)

    def sendall(self, *args: Any) -> None:
        self._begin_sending()
        super().sendall(*args)

    def recv_into(self, *args: Any) -> int:
        assert self.call is not None
        self.settimeout(self.call.seconds_left())
        return super().recv_into(*args)

    def _begin_sending(self) -> None:
        # A kept connection still belongs to the call before: the thread knows which one is ours.
        call = get_current_call()
        self.settimeout(call.seconds_left())
        call.use(self)
        # Both: a kept connection was connected by an earlier call.
        call.connected = call.sent = True

    def _real_close(self, *args: Any) -> None:
        # What close() ends in. A descriptor that is free again may be another socket's by the time
        # that end() shuts it.
        with self.call.lock if self.call else contextlib.nullcontext():
            super()._real_close(*args)  # type: ignore[misc]


class DeadlineSSLSocket(DeadlineSocket, ssl.SSLSocket):
    """The same inside TLS. Name it as `sslsocket_class` of the context."""

    def getpeername(self) -> Any:
        # The standard library asks this first, when it has taken over the descriptor, and where the
        # connection is gone by then it raises without closing what nobody else holds any more.
        try:
            return super().getpeername()
        except OSError:
            self.close()
            raise

    def do_handshake(self, block: bool = False) -> None:
        # The timeout that connecting left bounds the handshake as a whole.
        get_current_call().use(self)
        super().do_handshake(block)
