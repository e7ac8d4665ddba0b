"""Reads the upstream accounts, from UPSTREAMS_FILE or from PING_* and AGI_*.

It is as strict as environment.py.
Knows names and shapes only: whether a backend can be imported is for the system checks.
"""

import re
import tomllib
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from pingadmin.config import environment
from pingadmin.config.secret import Secret

REQUIRED = {"backend", "base_url", "api_key"}
KNOWN = REQUIRED | {"label", "id_pattern", "limits_path"}


def accounts() -> dict[str, dict[str, Any]]:
    """In the shape of Django's DATABASES: alias -> BACKEND, LABEL, BASE_URL, API_KEY, ID_PATTERN,
    LIMITS_PATH.

    From UPSTREAMS_FILE where it is set, else from PING_* and AGI_*. An account without a key is
    left out.
    """
    file = environment.text("UPSTREAMS_FILE")
    tables = _tables_from_file(file) if file else _tables_from_names()
    return {alias: _account(alias, table) for alias, table in tables.items()}


def _tables_from_file(file: str) -> dict[str, dict[str, str]]:
    try:
        tables = tomllib.loads(environment.file_content("UPSTREAMS_FILE", file))
    except tomllib.TOMLDecodeError as error:
        raise ImproperlyConfigured(
            f"UPSTREAMS_FILE names {file}, which is not TOML. Correct it: {error}."
        ) from error
    if not tables:
        raise ImproperlyConfigured(
            f"UPSTREAMS_FILE names {file}, which holds no account. Write [ping] and its keys."
        )
    return {alias: _with_its_key(alias, table) for alias, table in tables.items()}


def _with_its_key(alias: str, table: object) -> dict[str, str]:
    """The table with the content of `api_key_file` as `api_key`."""
    if not isinstance(table, dict):
        raise ImproperlyConfigured(
            f"UPSTREAMS_FILE: {alias} is not a table. Write [{alias}] and its keys below."
        )
    for key, value in table.items():
        if not isinstance(value, str):
            raise ImproperlyConfigured(
                f"{_where(alias)}: {key} is not text. Write its value in quotes."
            )
    if "api_key_file" not in table:
        return table
    if "api_key" in table:
        raise ImproperlyConfigured(
            f"{_where(alias)}: api_key and api_key_file are both set. Remove one of them."
        )
    key = environment.file_content(f"{_where(alias)}: api_key_file", table["api_key_file"])
    return {name: value for name, value in table.items() if name != "api_key_file"} | {
        "api_key": key
    }


def _tables_from_names() -> dict[str, dict[str, str]]:
    defaults = {
        "ping": (
            "pingadmin.upstream.ping.PingAPI",
            "Ping",
            "https://api.pingnetwork.io/customer/v2",
        ),
        "agi": ("pingadmin.upstream.agi.AgiAPI", "AGI", "https://api.agi.tech/v1"),
    }
    tables = {}
    for alias, (backend, label, base_url) in defaults.items():
        prefix = alias.upper()
        if environment.text(f"{prefix}_API_KEY"):
            tables[alias] = {
                "backend": backend,
                "label": label,
                "base_url": environment.text(f"{prefix}_BASE_URL") or base_url,
                "api_key": environment.text(f"{prefix}_API_KEY"),
                "id_pattern": environment.text(f"{prefix}_ID_PATTERN"),
                "limits_path": environment.text(f"{prefix}_LIMITS_PATH"),
            }
        elif environment.text(f"{prefix}_BASE_URL"):
            raise ImproperlyConfigured(
                f"{prefix}_BASE_URL is set without {prefix}_API_KEY. Set the key, or unset both."
            )
    return tables


def _account(alias: str, table: dict[str, str]) -> dict[str, Any]:
    where = _where(alias)
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", alias):
        raise ImproperlyConfigured(
            f"{where}: name it with a-z, 0-9 and -, beginning with a letter, 32 at most."
        )
    if unknown := table.keys() - KNOWN:
        raise ImproperlyConfigured(f"{where}: there is no key {min(unknown)}. Remove it.")
    if missing := REQUIRED - table.keys():
        raise ImproperlyConfigured(f"{where}: {min(missing)} is missing. Add it.")
    return {
        "BACKEND": table["backend"],
        "LABEL": table.get("label") or alias,
        "BASE_URL": _base_url(where, table["base_url"]),
        "API_KEY": Secret(_header_value(where, table["api_key"])),
        "ID_PATTERN": environment.pattern(f"{where}: id_pattern", table.get("id_pattern", "")),
        "LIMITS_PATH": _limits_path(where, table.get("limits_path", "")),
    }


def _where(alias: str) -> str:
    return f"The upstream {alias!r}"


def _base_url(where: str, url: str) -> str:
    parts = environment.split_address(url)
    if parts is None or "@" in parts.netloc or "?" in url or "#" in url:
        raise ImproperlyConfigured(
            f"{where}: base_url is not a plain address. Write it as in https://host:443/path, "
            "without user, query or fragment."
        )
    if not environment.is_private_transport(url):
        raise ImproperlyConfigured(
            f"{where}: base_url must begin with https:// (http only for a loopback address)."
        )
    return url.rstrip("/")


def _limits_path(where: str, path: str) -> str:
    if path and not re.fullmatch(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+/?", path):
        raise ImproperlyConfigured(
            f"{where}: limits_path is not a path. Write it from the host on, as in "
            "/customer/limits, without a query."
        )
    return path.rstrip("/")


def _header_value(where: str, key: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ImproperlyConfigured(f"{where}: api_key must be printable ASCII without spaces.")
    return key
