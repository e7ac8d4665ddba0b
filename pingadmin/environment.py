"""Reads the process environment strictly: what is wrong is refused with the sentence that mends it.

Knows names and shapes only. What the values mean is settings.py's business.
"""

import base64
import os
import re
import tomllib
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ImproperlyConfigured

from pingadmin.secret import Secret

SAMPLES = {"changeme", "change-me", "secret", "pingadmin-demo", "example", "insecure"}
LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]"}


def text(name: str, default: str = "") -> str:
    """The value of NAME, or of the file that NAME_FILE names; stripped.

    Raises ImproperlyConfigured when both are set or the file cannot be read.
    """
    file = os.environ.get(f"{name}_FILE", "")
    if not file:
        return os.environ.get(name, default).strip()
    if os.environ.get(name):
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set. Unset one of them.")
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}_FILE names {file}, which cannot be read ({error.strerror}). Mend the path or its permissions."
        ) from error


def secret(name: str, *, required: bool) -> Secret:
    """A secret of at least 32 characters that is no known sample (checked only where it is required)."""
    value = text(name)
    if not required:
        return Secret(value)
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))' "
            f"and set {name}, or {name}_FILE to a file that holds it."
        )
    if len(value) < 32 or value.lower() in SAMPLES or len(set(value)) < 8:
        raise ImproperlyConfigured(f"{name} is too short or a known sample. Use at least 32 random characters.")
    return Secret(value)


def signing_key(name: str) -> Secret:
    """32 bytes in hex or base64, as hex; empty where it is not set."""
    value = text(name)
    return Secret(_bytes_32(name, value).hex() if value else "")


def public_keys(name: str) -> list[str]:
    """A comma-separated list of 32 bytes each in hex or base64, as hex."""
    return [_bytes_32(name, value).hex() for value in words(name)]


def sinks(name: str) -> list[str]:
    """A comma-separated list of `mail:address` and `https://…` (http only for a loopback address)."""
    found = words(name)
    for sink in found:
        url = urlsplit(sink)
        is_mail = url.scheme == "mail" and "@" in url.path
        if not is_mail and not _is_safe(url):
            raise ImproperlyConfigured(f"{name} holds {sink!r}. Write mail:name@host or an address with https://.")
    return found


def flag(name: str, default: bool = False) -> bool:
    """True or false, spelled so; raises ImproperlyConfigured on any other word."""
    words = {"": default, "true": True, "false": False, "1": True, "0": False}
    try:
        return words[text(name).lower()]
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
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a number of at least {least:g}.")
    return result


def words(name: str) -> list[str]:
    """A comma-separated list, blanks dropped."""
    return [word.strip() for word in text(name).split(",") if word.strip()]


def limits(name: str, default: str) -> list[tuple[int, int]]:
    """Rates such as `10/m,60/h,3/10m` as pairs of (how many, seconds)."""
    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    pairs = []
    for part in text(name, default).split(","):
        match = re.fullmatch(r"\s*(\d+)/(\d*)([smhd])\s*", part)
        if not match or int(match[1]) < 1:
            raise ImproperlyConfigured(f"{name} holds {part!r}. Write rates such as 10/m,60/h or 3/10m.")
        pairs.append((int(match[1]), int(match[2] or 1) * units[match[3]]))
    return pairs


@dataclass(frozen=True)
class WorkingHours:
    """From `begin` until before `end`, on `days` (Monday is 1), in `zone`. time.max stands for midnight."""

    begin: time
    end: time
    days: frozenset[int]
    zone: ZoneInfo


def working_hours(name: str) -> WorkingHours | None:
    """Hours such as `08:00-18:00 Mon-Fri Europe/Madrid`; the zone is UTC where none is named. None for nothing."""
    value = text(name)
    if not value:
        return None
    try:
        hours, days, *zone = value.split()
        begin, end = hours.split("-")
        found = WorkingHours(
            begin=time.fromisoformat(begin),
            end=time.max if end == "24:00" else time.fromisoformat(end),
            days=frozenset(day for part in days.split(",") for day in _days(part)),
            zone=ZoneInfo(*(zone or ["UTC"])),
        )
    except (ValueError, TypeError, OSError, ZoneInfoNotFoundError):
        found = None
    if found is None or not found.days or found.begin >= found.end:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Write hours, days and a zone as in 08:00-18:00 Mon-Fri,Sun Europe/Madrid."
        )
    return found


def pattern(name: str, value: str) -> str:
    """A regular expression that compiles, or an empty one."""
    try:
        re.compile(value)
    except re.error as error:
        raise ImproperlyConfigured(f"{name} is not a regular expression: {error}.") from error
    return value


def single_sign_on() -> dict:
    """allauth's provider settings from OIDC_SERVER_URL, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET and OIDC_NAME.

    Empty where none is set; raises ImproperlyConfigured where only some are.
    """
    given = {name: text(name) for name in ("OIDC_SERVER_URL", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")}
    if not any(given.values()):
        return {}
    missing = [name for name, value in given.items() if not value]
    if missing:
        raise ImproperlyConfigured(f"{missing[0]} is not set. Single sign-on needs all of {', '.join(given)}.")
    server = urlsplit(given["OIDC_SERVER_URL"])
    if server.scheme != "https" and not (server.scheme == "http" and is_loopback(server.hostname or "")):
        raise ImproperlyConfigured("OIDC_SERVER_URL must begin with https:// (http only for a loopback address).")
    return {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": text("OIDC_NAME", "single sign-on"),
                    "client_id": given["OIDC_CLIENT_ID"],
                    "secret": given["OIDC_CLIENT_SECRET"],
                    "settings": {"server_url": given["OIDC_SERVER_URL"]},
                }
            ],
        }
    }


def single_sign_on_origin() -> list[str]:
    """The provider's origin, for the CSP: the form that begins a sign-in leads on to it. Empty where none is set."""
    server = urlsplit(text("OIDC_SERVER_URL"))
    return [f"{server.scheme}://{server.netloc}"] if server.netloc else []


def _bytes_32(name: str, value: str) -> bytes:
    for decode in (bytes.fromhex, lambda text: base64.b64decode(text, validate=True)):
        try:
            decoded = decode(value)
        except ValueError:
            continue
        if len(decoded) == 32:
            return decoded
    raise ImproperlyConfigured(f"{name} must hold 32 bytes in hex or base64. Make a key with: openssl rand -hex 32")


def _is_safe(url) -> bool:
    return url.scheme == "https" or (url.scheme == "http" and is_loopback(url.hostname or ""))


def is_loopback(host: str) -> bool:
    return host in LOOPBACK or re.fullmatch(r"127\.\d{1,3}\.\d{1,3}\.\d{1,3}", host) is not None


def upstreams() -> dict[str, dict]:
    """The accounts, in the shape of Django's DATABASES: alias -> BACKEND, LABEL, BASE_URL, API_KEY, ID_PATTERN.

    From UPSTREAMS_FILE where it is set, else from PING_* and AGI_*. An account without a key is left out.
    """
    file = text("UPSTREAMS_FILE")
    tables = _tables_from_file(file) if file else _tables_from_names()
    return {alias: _account(alias, table) for alias, table in tables.items()}


def _days(part: str) -> range:
    names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    first, _, last = part.partition("-")
    return range(names.index(first) + 1, names.index(last or first) + 2)


def _tables_from_file(file: str) -> dict[str, dict]:
    try:
        tables = tomllib.loads(Path(file).read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"UPSTREAMS_FILE names {file}, which cannot be used: {error}.") from error
    for alias, table in tables.items():
        if not isinstance(table, dict):
            raise ImproperlyConfigured(f"UPSTREAMS_FILE: {alias} is not a table. Write [{alias}] and its keys below.")
        if "api_key_file" in table:
            table["api_key"] = Path(table.pop("api_key_file")).read_text().strip()
    return tables


def _tables_from_names() -> dict[str, dict]:
    known = {
        "ping": ("pingadmin.upstream.ping.PingAPI", "Ping", "https://api.pingnetwork.io/customer/v2"),
        "agi": ("pingadmin.upstream.agi.AgiAPI", "AGI", "https://api.agi.tech/v1"),
    }
    tables = {}
    for alias, (backend, label, base_url) in known.items():
        prefix = alias.upper()
        if text(f"{prefix}_API_KEY"):
            tables[alias] = {
                "backend": backend,
                "label": label,
                "base_url": text(f"{prefix}_BASE_URL", base_url),
                "api_key": text(f"{prefix}_API_KEY"),
                "id_pattern": text(f"{prefix}_ID_PATTERN"),
            }
        elif text(f"{prefix}_BASE_URL"):
            raise ImproperlyConfigured(
                f"{prefix}_BASE_URL is set without {prefix}_API_KEY. Set the key, or unset both."
            )
    return tables


def _account(alias: str, table: dict) -> dict:
    where = f"The upstream {alias!r}"
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", alias):
        raise ImproperlyConfigured(f"{where}: name it with a-z, 0-9 and -, beginning with a letter, 32 at most.")
    unknown = set(table) - {"backend", "label", "base_url", "api_key", "id_pattern"}
    missing = {"backend", "base_url", "api_key"} - set(table)
    if unknown or missing:
        raise ImproperlyConfigured(f"{where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}.")
    return {
        "BACKEND": table["backend"],
        "LABEL": table.get("label") or alias,
        "BASE_URL": _base_url(where, table["base_url"]),
        "API_KEY": Secret(_header_value(where, table["api_key"])),
        "ID_PATTERN": pattern(f"{where}: id_pattern", table.get("id_pattern", "")),
    }


def _base_url(where: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.query or parts.fragment or not parts.hostname:
        raise ImproperlyConfigured(f"{where}: base_url must be a plain address without user, query or fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname)):
        raise ImproperlyConfigured(f"{where}: base_url must begin with https:// (http only for a loopback address).")
    return url.rstrip("/")


def _header_value(where: str, key: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ImproperlyConfigured(f"{where}: api_key must be printable ASCII without spaces.")
    return key
