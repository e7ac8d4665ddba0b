"""Opens TCP connections inside a deadline: name look-up included, one address after the other."""

import socket
import threading
from time import monotonic

from pingadmin.http.deadline import Call


def connect(call: Call, host: str, port: int, options) -> socket.socket:
    """A connected socket that the call's deadline watches. Raises OSError.

    Its timeout is what is left for connecting, which bounds the TLS handshake as a whole.
    """
    failure = OSError("the name has no address")
    for family, kind, protocol, _, address in _addresses(call, host.strip("[]"), port):
        sock = socket.socket(family, kind, protocol)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            call.watch(sock)
            sock.settimeout(_left(call))
            sock.connect(address)
            sock.settimeout(_left(call))
            call.connected = True
            return sock
        except OSError as error:
            failure = error
            call.unwatch()
            sock.close()
    raise failure


def _addresses(call, host, port):
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return _look_up_name(host, port, seconds=_left(call))


def _look_up_name(host, port, *, seconds):
    # getaddrinfo takes no timeout and cannot be interrupted, so it is waited for, not called.
    found = []

    def ask():
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=ask, name="upstream-name", daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError
    if isinstance(found[0], OSError):
        raise found[0]
    return found[0]


def _left(call) -> float:
    left = call.connect_deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
