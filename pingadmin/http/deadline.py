"""Ends a call at its deadline by shutting its socket, whatever the other side is doing.

A socket's own timeout bounds one wait, so an upstream that drips a byte a second outlasts it for ever.
This module knows sockets and clocks only.
"""

import contextlib
import heapq
import itertools
import math
import os
import socket
import threading
from time import monotonic


class Call:
    """One attempt on its way: until when, over which socket, and whether a byte of it may have left us.

    deadline: a time.monotonic() moment. sent: True from just before the first byte of the request goes out.
    connected: whether a TCP connection stood; TLS comes after that, and before `sent`. finished: nothing is
    left to watch. ended: we broke it off ourselves.
    """

    def __init__(self, deadline: float, connect_seconds: float):
        self.deadline = deadline
        self.connect_deadline = min(deadline, monotonic() + connect_seconds)
        self.sent = self.connected = False
        self.finished = self.ended = self._expired = False
        self._handle = None
        self._lock = threading.Lock()

    def watch(self, sock) -> None:
        """Let the deadline end this socket. Raises TimeoutError when it has passed already."""
        with self._lock:
            if self._expired:
                raise TimeoutError
            if self._handle is None:
                # A descriptor of our own: TLS replaces the socket object, and http.client may close its own
                # one while the body is still being read.
                self._handle = socket.socket(
                    sock.family, sock.type, sock.proto, fileno=os.dup(sock.fileno())
                )

    def unwatch(self) -> None:
        """Forget a socket that did not connect, so that the next address can be tried."""
        with self._lock:
            self._drop_handle()

    def about_to_send(self, sock) -> None:
        """To be called before every send. Raises TimeoutError when the deadline has passed."""
        self.watch(sock)
        self.connected = self.sent = True

    def finish(self) -> bool:
        """Stop watching; True when that was in time. Otherwise nothing that was read is to be believed."""
        with self._lock:
            self.finished = True
            self._expired = self._expired or monotonic() >= self.deadline
            self._drop_handle()
            return not self._expired

    def lift(self) -> bool:
        """Let the call outlive its deadline, until end(); True when it was in time until here."""
        with self._lock:
            self.finished = True
            self._expired = self._expired or monotonic() >= self.deadline
            return not self._expired

    def end(self) -> None:
        """Shut the socket, whoever reads from it at present. May be called from any thread, and again."""
        with self._lock:
            self.finished = self.ended = self._expired = True
            self._shut()
            self._drop_handle()

    def expire(self) -> None:
        with self._lock:
            if self.finished:
                return
            self._expired = True
            self._shut()

    def _shut(self):
        if self._handle is not None:
            with contextlib.suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def _drop_handle(self):
        if self._handle is not None:
            self._handle.close()
            self._handle = None


class Watchdog:
    """One thread for the process that expires calls; starts with the first call, and again after a fork."""

    def __init__(self):
        self.reset()

    def reset(self) -> None:
        self._wake = threading.Condition()
        self._wakes_at = math.inf
        self._calls = []
        self._order = itertools.count()
        self._thread = None

    def guard(self, call: Call) -> None:
        """See to it that the call is expired at its deadline."""
        with self._wake:
            while self._calls and self._calls[0][2].finished:
                heapq.heappop(self._calls)
            heapq.heappush(self._calls, (call.deadline, next(self._order), call))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="upstream-watchdog", daemon=True
                )
                self._thread.start()
            elif call.deadline < self._wakes_at:
                self._wake.notify()

    def _run(self):
        while True:
            self._next_due().expire()

    def _next_due(self) -> Call:
        with self._wake:
            while True:
                self._wakes_at = self._calls[0][0] if self._calls else math.inf
                wait = self._wakes_at - monotonic()
                if wait <= 0:
                    return heapq.heappop(self._calls)[2]
                self._wake.wait(None if self._wakes_at == math.inf else wait)


watchdog = Watchdog()
os.register_at_fork(after_in_child=watchdog.reset)
