"""Gives a request so many seconds to arrive as a whole: a client that drips keeps no thread.

A proxy does the same. Without one, sixteen slow clients would otherwise stop the panel.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator

from django.conf import settings

_current = threading.local()


@contextlib.contextmanager
def deadline(sock: socket.socket) -> Iterator[None]:
    """Ends the connection in REQUEST_ARRIVAL_SECONDS unless this thread calls has_arrived()."""
    timer = threading.Timer(settings.REQUEST_ARRIVAL_SECONDS, _end, [sock])
    timer.daemon = True
    timer.start()
    _current.timer = timer
    try:
        yield
    finally:
        has_arrived()


def has_arrived() -> None:
    """The request that this thread serves is here, with its body."""
    timer: threading.Timer | None = getattr(_current, "timer", None)
    if timer:
        timer.cancel()
    _current.timer = None


def _end(sock: socket.socket) -> None:
    # Whoever reads from it meets its end; closing it would give its number to somebody else.
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)
