"""Reads the process environment strictly: what is wrong is refused with a sentence that says what
to do.

Knows names and shapes only. What the values mean is settings.py's business.
"""

import base64
import ipaddress
import os
import re
import ssl
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

from pingadmin.config.secret import Secret

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MAKE_ONE = "python -c 'import secrets; print(secrets.token_urlsafe(48))'"


def text(name: str, default: str = "") -> str:
    """The value of NAME, or of the file that NAME_FILE names; stripped.

    Raises ImproperlyConfigured when both are set, or the file cannot be read or holds nothing.
    """
    file = os.environ.get(f"{name}_FILE", "")
    if not file:
        return os.environ.get(name, default).strip()
    if os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Unset one of them.")
    return file_content(f"{name}_FILE", file)


def file_content(name: str, file: str) -> str:
    """What a file holds, stripped and never empty. `name` is the setting that names the file."""
    try:
        value = Path(file).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} names {file}, which cannot be read ({error.strerror}). "
            "Correct the path or its permissions."
        ) from error
    except ValueError:
        # The cause would carry what the file holds.
        raise ImproperlyConfigured(
            f"{name} names {file}, which is not text in UTF-8. Put text into it."
        ) from None
    if not value:
        raise ImproperlyConfigured(
            f"{name} names {file}, which is empty. Put the value into it, or unset {name}."
        )
    return value


def secret(name: str, *, required: bool) -> Secret:
    """A secret of at least 50 characters, 8 of them different; checked where it is required."""
    value = text(name)
    if not required:
        return Secret(value)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Make one with: {MAKE_ONE} "
            f"and set {name}, or {name}_FILE to a file that holds it."
        )
    if len(value) < 50 or len(set(value)) < 8 or value.startswith("django-insecure-"):
        raise ImproperlyConfigured(
            f"{name} is too easy to guess. Use at least 50 random characters, made with: {MAKE_ONE}"
        )
    return Secret(value)


def signing_key(name: str) -> Secret:
    """32 bytes in hex or base64, as hex; empty where it is not set."""
    value = text(name)
    return Secret(_bytes_32(name, value).hex() if value else "")


def public_keys(name: str) -> list[str]:
    """A comma-separated list of 32 bytes each in hex or base64, as hex."""
    return [_bytes_32(name, value).hex() for value in word_list(name)]


def sinks(name: str) -> list[str]:
    """A comma-separated list of `mail:address` and `https://…` (http only on loopback)."""
    values = word_list(name)
    for sink in values:
        is_mail = sink.startswith("mail:") and "@" in sink
        if not is_mail and not is_private_transport(sink):
            raise ImproperlyConfigured(
                f"{name} holds {sink!r}. Write mail:name@host or an address with https://."
            )
    return values


def flag(name: str, default: bool = False) -> bool:
    """True or false, spelled so; raises ImproperlyConfigured on any other word."""
    spellings = {"": default, "true": True, "false": False, "1": True, "0": False}
    try:
        return spellings[text(name).lower()]
    except KeyError:
        raise ImproperlyConfigured(f"{name} is {text(name)!r}. Set it to true or false.") from None


def number(name: str, default: float, *, least: float = 0) -> float:
    """A number in the unit that the setting names."""
    value = text(name)
    try:
        result = float(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a number.") from None
    if not least <= result < float("inf"):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a number of at least {least:g}."
        )
    return result


def integer(name: str, default: int, *, least: int = 0, most: int = 999_999_999) -> int:
    """A whole number, in the unit that the setting names."""
    value = text(name)
    if value and not (re.fullmatch(r"[0-9]{1,9}", value) and least <= int(value) <= most):
        bound = f" and at most {most}" if most < 999_999_999 else ""
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a whole number of at least {least}{bound}."
        )
    return int(value) if value else default


def word_list(name: str) -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def choices(name: str, allowed: list[str], *, default: list[str] | None = None) -> list[str]:
    """A comma-separated list of words that are all allowed. default: for a name that is not set."""
    is_set = name in os.environ or f"{name}_FILE" in os.environ
    values = word_list(name) if is_set else list(default or [])
    if wrong := [word for word in values if word not in allowed]:
        raise ImproperlyConfigured(
            f"{name} holds {wrong[0]!r}. Set it to nothing, or to some of: {', '.join(allowed)}."
        )
    return values


def mapping(name: str, allowed: list[str]) -> dict[str, str]:
    """`left=right,left=right`, where each right side is an allowed word."""
    pairs = [pair.rpartition("=") for pair in word_list(name)]
    for left, _, right in pairs:
        if not left or right not in allowed:
            raise ImproperlyConfigured(
                f"{name} holds {left or right!r} without one of: {', '.join(allowed)}. "
                f"Write it as in some-group={allowed[0]},other-group={allowed[-1]}."
            )
    return {left.strip(): right for left, _, right in pairs}


def break_glass_accounts(name: str) -> list[str]:
    """`break-glass:name,name`: the accounts that may use their passwords; empty for `all`."""
    value = text(name, "all")
    if value == "all":
        return []
    kind, _, names = value.partition(":")
    accounts = [each.strip() for each in names.split(",") if each.strip()]
    if kind != "break-glass" or not accounts:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Write all, or break-glass:name,name with the accounts whose "
            "passwords work in an emergency."
        )
    return accounts


def rates(name: str, default: str) -> list[tuple[int, int]]:
    """Rates such as `10/m,60/h,3/10m` as pairs of (how many, seconds)."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    pairs = []
    for part in text(name, default).split(","):
        match = re.fullmatch(r"\s*(\d+)/(\d*)([smhd])\s*", part)
        if not match or int(match[1]) < 1 or int(match[2] or 1) < 1:
            raise ImproperlyConfigured(
                f"{name} holds {part!r}. Write rates such as 10/m,60/h or 3/10m."
            )
        pairs.append((int(match[1]), int(match[2] or 1) * units[match[3]]))
    return pairs


@dataclass(frozen=True)
class WorkingHours:
    """From `begin` to before `end` on `days` (Monday is 1) in `zone`; time.max is midnight."""

    begin: time
    end: time
    days: frozenset[int]
    zone: ZoneInfo


def working_hours(name: str) -> WorkingHours | None:
    """Hours such as `08:00-18:00 Mon-Fri Europe/Madrid`; without a zone UTC; None where unset."""
    value = text(name)
    if not value:
        return None
    try:
        times, days, *zone = value.split()
        begin, end = times.split("-")
        hours: WorkingHours | None = WorkingHours(
            begin=time.fromisoformat(begin),
            end=time.max if end == "24:00" else time.fromisoformat(end),
            days=frozenset(day for part in days.split(",") for day in _days(part)),
            zone=ZoneInfo(*(zone or ["UTC"])),
        )
    except (ValueError, TypeError, OSError, ZoneInfoNotFoundError):
        hours = None
    if hours is None or not hours.days or hours.begin >= hours.end:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. "
            "Write hours, days and a zone as in 08:00-18:00 Mon-Fri,Sun Europe/Madrid."
        )
    return hours


def pattern(name: str, value: str) -> str:
    """A regular expression that compiles, or an empty one."""
    try:
        re.compile(value)
    except re.error as error:
        raise ImproperlyConfigured(
            f"{name} is not a regular expression ({error}). Correct it or unset it."
        ) from error
    return value


def log_level(name: str) -> str:
    """A name of LOG_LEVELS; INFO where none is set."""
    value = text(name).upper() or "INFO"
    if value not in LOG_LEVELS:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to one of {', '.join(LOG_LEVELS)}."
        )
    return value


def origins(name: str) -> list[str]:
    """A comma-separated list of origins: scheme, host and perhaps a port."""
    values = word_list(name)
    for origin in values:
        if not re.fullmatch(r"https?://[^/*@?#]+", origin) or not is_private_transport(origin):
            raise ImproperlyConfigured(
                f"{name} holds {origin!r}. Write each origin as in https://panel.example: "
                "with https:// (http only for a loopback address), without * and without a path."
            )
    return values


def ticket_url(name: str) -> str:
    """An address with {ticket} once, behind the host; empty where it is not set."""
    value = text(name)
    parts = split_address(value.replace("{ticket}", "ticket", 1))
    is_usable = (
        parts is not None
        and parts.scheme in {"http", "https"}
        and "{ticket}" not in urlsplit(value).netloc
    )
    if value and (
        not is_usable or value.count("{ticket}") != 1 or value.count("{") + value.count("}") != 2
    ):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Write one address with {{ticket}} once and no other braces, "
            "as in https://tickets.example/browse/{ticket}."
        )
    return value


def client_url(name: str) -> str:
    """An address with {client} once and perhaps {account} once, both behind the host; or nothing.

    It begins with https:// (http only for a loopback address).
    """
    value = text(name)
    if not value:
        return ""
    plain = value.replace("{client}", "client", 1).replace("{account}", "account", 1)
    parts = split_address(plain)
    is_usable = (
        "{client}" in value
        and "{" not in plain
        and "}" not in plain
        and parts is not None
        and "{" not in urlsplit(value).netloc
    )
    if not is_usable:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Write one address with {{client}} once, perhaps {{account}} "
            "once and no other braces, as in https://crm.example/customers/{client}."
        )
    if not is_private_transport(plain):
        raise ImproperlyConfigured(
            f"{name} must begin with https:// (http only for a loopback address)."
        )
    return value


def webhook(name: str) -> Secret:
    """The address of a webhook, or nothing.

    Whoever holds it may post there, so no error message repeats it.
    """
    value = text(name)
    parts = split_address(value)
    is_plain = (
        parts is not None and value.isascii() and "@" not in parts.netloc and "#" not in value
    )
    if value and not (is_plain and is_private_transport(value)):
        raise ImproperlyConfigured(
            f"{name} is not the address of a webhook. Write it as in https://host/path, "
            "without user or fragment (http only for a loopback address)."
        )
    return Secret(value)


def outbound_proxy(name: str) -> Secret:
    """`http://host:port`, or nothing. It may hold a password, so no sentence repeats it."""
    value = text(name)
    parts = split_address(value)
    is_proxy = (
        parts is not None
        and parts.scheme == "http"
        and parts.path in ("", "/")
        and not (parts.query or parts.fragment)
    )
    if value and not is_proxy:
        raise ImproperlyConfigured(
            f"{name} is not the address of a proxy. Write it as in http://proxy.example:3128, "
            "with user:password@ where it asks for them."
        )
    return Secret(value)


def ca_file(name: str) -> str:
    """A file of certificates in PEM that are trusted besides the usual ones, or nothing."""
    path = text(name)
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ssl.SSLError) as error:
            raise ImproperlyConfigured(
                f"{name} names {path}, which holds no certificate that can be read. "
                "Name a file in PEM, with BEGIN CERTIFICATE."
            ) from error
    return path


def token(name: str) -> Secret:
    """A word of at least 20 printable ASCII characters without spaces, or nothing."""
    value = text(name)
    if value and not re.fullmatch(r"[\x21-\x7e]{20,}", value):
        raise ImproperlyConfigured(
            f"{name} must be at least 20 printable ASCII characters without spaces. "
            f"Make one with: {MAKE_ONE}"
        )
    return Secret(value)


def origin(name: str) -> str:
    """The origin at which people reach this panel, as https://panel.example; empty where unset."""
    value = text(name).rstrip("/")
    if value and (
        not re.fullmatch(r"https?://[^/@?#<>|*\s]+", value) or not is_private_transport(value)
    ):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Write scheme and host as in https://panel.example "
            "(http only for a loopback address), without a path."
        )
    return value


def url_prefix(name: str) -> str:
    """`/pingadmin`: the path below which a proxy has the panel; empty for the root."""
    value = text(name).rstrip("/")
    if value and not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Write the path below which people find the panel, as in "
            "/pingadmin, or nothing."
        )
    return value


def mail_server(name: str, default: str) -> dict[str, Any]:
    """Django's EMAIL_* settings. The address may hold a password, so no sentence repeats it."""
    value = text(name) or default
    if not re.match(r"smtp(\+tls|\+ssl)?://[^/]+$", value):
        raise ImproperlyConfigured(
            f"{name} is not the address of a mail server. "
            "Write it as in smtp+tls://user:password@host:587."
        )
    mail = environ.Env.email_url_config(value)
    return {key: mail[key] for key in mail if key.startswith("EMAIL_") and key != "EMAIL_FILE_PATH"}


def database(name: str, default: str) -> dict[str, Any]:
    """An entry of Django's DATABASES.

    The address may hold a password, so no error message repeats it.
    """
    value = text(name) or default
    # With two slashes a file's name is taken for a host, and the data would be gone with the
    # process.
    is_ours = re.match(r"sqlite:///.|sqlite://:memory:$|postgres(ql)?://", value)
    try:
        database = environ.Env.db_url_config(value) if is_ours else {}
    except ValueError:
        database = {}
    if not database.get("NAME"):
        raise ImproperlyConfigured(
            f"{name} is not the address of a database. "
            "Write it as in sqlite:////path/panel.sqlite3 or postgresql://user@host/name."
        )
    return database


def single_sign_on() -> dict[str, Any]:
    """allauth's provider settings, from OIDC_SERVER_URL and its three neighbours.

    Empty where none is set; raises ImproperlyConfigured where only some are.
    """
    given = {
        name: text(name) for name in ("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
    }
    if not any(given.values()):
        return {}
    _refuse_unusable_provider(given)
    return {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": text("OIDC_NAME", "single sign-on"),
                    "client_id": given["OIDC_CLIENT_ID"],
                    "secret": given["OIDC_CLIENT_SECRET"],
                    "settings": {
                        "server_url": given["OIDC_SERVER_URL"],
                        "scope": text("OIDC_SCOPES", "openid profile email").split(),
                    },
                }
            ],
        }
    }


def _refuse_unusable_provider(given: dict[str, str]) -> None:
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise ImproperlyConfigured(
            f"{missing[0]} is not set. Single sign-on needs all of {', '.join(given)}."
        )
    if not is_private_transport(given["OIDC_SERVER_URL"]):
        raise ImproperlyConfigured(
            "OIDC_SERVER_URL must begin with https:// (http only for a loopback address)."
        )


def is_private_transport(address: str) -> bool:
    """Whether nobody on the way can read along: https, or http on this machine."""
    parts = split_address(address)
    return parts is not None and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
    )


def split_address(address: str) -> SplitResult | None:
    """The parts of an address that has a host and, if any, a port that can be; else None."""
    try:
        parts = urlsplit(address)
        is_whole = (
            parts.hostname and parts.port != 0 and address.isprintable() and " " not in address
        )
    except ValueError:
        return None
    return parts if is_whole else None


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address, an IPv6 one with or without brackets, means this machine."""
    if not host:
        return False
    try:
        return (
            host == "localhost"
            or ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
        )
    except ValueError:
        return False


def _bytes_32(name: str, value: str) -> bytes:
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            decoded = decode(value)
        except ValueError:
            continue
        if len(decoded) == 32:
            return decoded
    raise ImproperlyConfigured(
        f"{name} must hold 32 bytes in hex or base64. Make a key with: openssl rand -hex 32"
    )


def _days(part: str) -> range:
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    first, _, last = part.partition("-")
    return range(names.index(first) + 1, names.index(last or first) + 2)
