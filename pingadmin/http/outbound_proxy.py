"""Reaches an HTTPS server through the organisation's proxy (OUTBOUND_PROXY), by CONNECT.

The proxy learns the host and port and carries encrypted bytes: no key, no path. Until the tunnel
stands nothing of the request is sent. The environment's HTTPS_PROXY and its kin are never read.
"""

import base64
import logging
import re
import socket
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings

from pingadmin.config.environment import is_loopback
from pingadmin.http.connecting import connect, connect_seconds_left
from pingadmin.http.deadline import Call

MAX_ANSWER_BYTES = 16_384

log = logging.getLogger(__name__)


class TunnelRefused(ConnectionError):  # noqa: N818 - a kind of ConnectionError
    """The proxy did not open a tunnel."""


def connect_for_tls(
    call: Call, host: str, port: int, options: Iterable[tuple[Any, ...]] | None
) -> socket.socket:
    """A socket on which TLS with that host can begin: direct, or through the proxy. Raises OSError.

    Its timeout is what is left for connecting.
    """
    proxy = settings.OUTBOUND_PROXY.reveal()
    if not proxy or _is_direct(host):
        return connect(call, host, port, options)
    address = urlsplit(proxy)
    sock = connect(call, str(address.hostname), address.port or 80, options)
    try:
        _open_tunnel(call, sock, host.strip("[]"), port, _authorization(proxy))
        sock.settimeout(connect_seconds_left(call))
    except BaseException:
        sock.close()
        raise
    return sock


def _is_direct(host: str) -> bool:
    """Whether the setting leaves this host out: by its name, or as one of a domain (`.example`)."""
    name = host.strip("[]").rstrip(".").casefold()
    excepted = settings.OUTBOUND_PROXY_EXCEPT
    return is_loopback(name) or any(
        name == each.lstrip(".") or (each.startswith(".") and name.endswith(each))
        for each in excepted
    )


def _authorization(proxy: str) -> str:
    address = urlsplit(proxy)
    if not address.username:
        return ""
    pair = f"{unquote(address.username)}:{unquote(address.password or '')}"
    return f"Proxy-Authorization: Basic {base64.b64encode(pair.encode()).decode()}\r\n"


def _open_tunnel(call: Call, sock: socket.socket, host: str, port: int, authorization: str) -> None:
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    request = f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n{authorization}\r\n"
    # Not the socket's own methods, which would count this as a part of the request.
    sock.settimeout(connect_seconds_left(call))
    socket.socket.sendall(sock, request.encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        sock.settimeout(connect_seconds_left(call))
        chunk = socket.socket.recv(sock, 4096)
        answer += chunk
        if not chunk or len(answer) > MAX_ANSWER_BYTES:
            raise TunnelRefused
    head, _, rest = answer.partition(b"\r\n\r\n")
    status = re.match(rb"HTTP/1\.[01] (\d{3})\b", head)
    # Nobody speaks before us: what came along with the answer is none of the server's.
    if status is None or not status[1].startswith(b"2") or rest:
        code = status[1].decode() if status else "something else than HTTP"
        log.warning("the outbound proxy answered %s and opened no tunnel", code)
        raise TunnelRefused
