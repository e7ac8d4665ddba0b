"""Where a request comes from: one answer, for the audit log and for every limit."""

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The client's IP address in its canonical form; "" where the peer has none (a Unix socket).

    X-Forwarded-For is read from the right, by TRUSTED_PROXIES: further left stands what the client
    wrote itself. What is no address there, or too short a list, falls back to the peer.
    """
    peer = _canonical(request.META.get("REMOTE_ADDR", "")) or ""
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    if not proxies:
        return peer
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    return (len(hops) >= proxies and _canonical(hops[-proxies])) or peer


def _canonical(text: str) -> str:
    """An address without its port; "" for anything else. IPv4 inside IPv6 is IPv4."""
    text = text.strip()
    bracketed = re.fullmatch(r"\[([^\]]*)\](:\d+)?", text)
    with_port = re.fullmatch(r"([\d.]+):\d+", text)
    if match := bracketed or with_port:
        text = match[1]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
