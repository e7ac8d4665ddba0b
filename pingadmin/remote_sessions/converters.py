"""Addresses hold only well-formed aliases, ids and names; all else is 404 before any view runs."""

import re

from pingadmin.upstream.ids import SESSION_ID_PATTERN, is_session_id
from pingadmin.upstream.response_reading import MAX_NAME_LENGTH

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


class AliasConverter:
    regex = "[a-z][a-z0-9-]{0,31}"

    def to_python(self, value: str) -> str:
        return value

    to_url = to_python


class SessionIdConverter:
    regex = SESSION_ID_PATTERN

    def to_python(self, value: str) -> str:
        # The route's own regular expression ends with `$`, which lets a trailing newline through.
        if not is_session_id(value):
            raise ValueError(value)
        return value

    to_url = to_python


class ClientNameConverter:
    """A client's name, which may hold any character, as one segment of an address.

    Letters and digits of ASCII, `-`, `_` and `.` stand for themselves; every other byte of the name
    in UTF-8 is `~` and two hex digits. Percent-encoding will not do: servers, proxies and browsers
    decode it on the way, and then `a/b` is two segments and `..` a step up.
    """

    regex = r"[A-Za-z0-9_.~-]+"

    def to_python(self, value: str) -> str:
        name = re.sub(rb"~([0-9A-F]{2})", _decode_byte, value.encode()).decode()
        # The other spellings of the name would be second addresses of the same page.
        if len(name) > MAX_NAME_LENGTH or "\0" in name or self.to_url(name) != value:
            raise ValueError(value)
        return name

    def to_url(self, name: str) -> str:
        # Of nothing but dots, a browser would make a step up.
        plain = _PLAIN if name.strip(".") else frozenset()
        return "".join(chr(byte) if byte in plain else f"~{byte:02X}" for byte in name.encode())


def _decode_byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)])
