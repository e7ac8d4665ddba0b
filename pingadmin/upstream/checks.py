"""System checks for UPSTREAMS, for settings that did not pass environment.py's own strictness.

No upstream at all is not an error: the panel then starts, says so, and serves history and audit.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string

from pingadmin.config import environment
from pingadmin.upstream.session_api import SessionAPI

KEYS = {"BACKEND", "LABEL", "BASE_URL", "API_KEY", "ID_PATTERN"}
OPTIONAL_KEYS = {"LIMITS_PATH"}


@checks.register(checks.Tags.security)
def check_upstreams(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every account names a backend, a safe address and a key, and nothing that we do not know."""
    return [
        error
        for alias, account in settings.UPSTREAMS.items()
        for error in _check_account(alias, account)
    ]


def _check_account(alias: str, account: dict[str, Any]) -> Iterator[checks.Error]:
    # An unknown option may be meant to switch something off, such as the verification of TLS.
    if account.keys() - OPTIONAL_KEYS != KEYS:
        yield _error(alias, f"must have exactly the keys {', '.join(sorted(KEYS))}", "E001")
        return
    if not _is_backend(account["BACKEND"]):
        backend = account["BACKEND"]
        yield _error(
            alias, f"names a BACKEND, {backend}, that is not a SessionAPI to import", "E002"
        )
    if not _is_safe_address(account["BASE_URL"]):
        yield _error(
            alias, "must have a BASE_URL with https://, or http:// to a loopback address", "E003"
        )
    if not account["API_KEY"]:
        yield _error(alias, "has no API_KEY", "E004")


def _error(alias: str, problem: str, number: str) -> checks.Error:
    return checks.Error(f"The upstream {alias!r} {problem}.", id=f"upstream.{number}")


def _is_backend(path: str) -> bool:
    try:
        return issubclass(import_string(path), SessionAPI)
    except (ImportError, TypeError):
        return False


def _is_safe_address(url: str) -> bool:
    parts = urlsplit(url)
    if parts.username is not None or parts.query or parts.fragment or not parts.hostname:
        return False
    is_loopback_http = parts.scheme == "http" and environment.is_loopback(parts.hostname)
    return parts.scheme == "https" or is_loopback_http
