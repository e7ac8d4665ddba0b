"""Opens TCP connections inside a deadline: name look-up included, one address after the other.

Each address has its share of the time, and the families take turns: a network where IPv6 is
announced and drops packets must not keep us from an IPv4 address that answers.
"""

import socket
import threading
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from time import monotonic
from typing import Any

from pingadmin.http.deadline import Call, DeadlineSocket

# As socket.getaddrinfo gives them: family, type, protocol, canonical name, address.
Addresses = Sequence[tuple[int, int, int, str, Any]]


def connect(
    call: Call, host: str, port: int, options: Iterable[tuple[Any, ...]] | None
) -> socket.socket:
    """A connected socket that keeps the call's deadline. Raises OSError.

    Its timeout is what is left for connecting, which bounds the TLS handshake as a whole.
    """
    # Of several addresses the last one's failure is raised.
    failure = OSError("the name has no address")
    addresses = _alternate_families(_resolve(call, host.strip("[]"), port))
    for tried, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = DeadlineSocket(family, kind, protocol)
        try:
            for option in options or ():
                sock.setsockopt(*option)
            call.use(sock)
            sock.settimeout(connect_seconds_left(call) / (len(addresses) - tried))
            sock.connect(address)
            sock.settimeout(connect_seconds_left(call))
            call.connected = True
            return sock
        except OSError as error:
            failure = error
            sock.close()
    raise failure


def _alternate_families(addresses: Addresses) -> Addresses:
    """The same, in the resolver's order within each family, beginning with its first."""
    by_family: dict[int, list[Any]] = {}
    for address in addresses:
        by_family.setdefault(address[0], []).append(address)
    turns = zip_longest(*by_family.values())
    return [address for turn in turns for address in turn if address is not None]


def _resolve(call: Call, host: str, port: int) -> Addresses:
    try:
        # An address needs no look-up, and so no thread.
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return _look_up_name(host, port, seconds=connect_seconds_left(call))


def _look_up_name(host: str, port: int, *, seconds: float) -> Addresses:
    # getaddrinfo takes no timeout and cannot be interrupted, so a thread calls it and we wait.
    addresses: list[Any] = []
    failures: list[OSError] = []

    def resolve() -> None:
        try:
            addresses.extend(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=resolve, name="http-name", daemon=True)
    thread.start()
    thread.join(seconds)
    # The thread is left behind: it ends when the resolver gives up, and nobody reads its answer.
    if thread.is_alive():
        raise TimeoutError
    if failures:
        raise failures[0]
    return addresses


def connect_seconds_left(call: Call) -> float:
    """How long connecting may still take. Raises TimeoutError."""
    left = call.connect_deadline - monotonic()
    if left <= 0:
        raise TimeoutError
    return left
