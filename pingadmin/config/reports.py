"""Where reports of the panel's own working go: settings that need a package of an extra."""

import re
from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured

from pingadmin.config import environment
from pingadmin.config.secret import Secret


def sentry_dsn(name: str) -> Secret:
    """A DSN of Sentry, or nothing. Who holds it may send reports, so no sentence repeats it.

    Raises ImproperlyConfigured where it is no DSN, or its package is not installed.
    """
    value = environment.text(name)
    if value:
        match = re.fullmatch(r"(https?)://\w+@([^/@?#\s]+)(/[\w/]+)?/\d+", value)
        if not match or not environment.is_private_transport(f"{match[1]}://{match[2]}"):
            raise ImproperlyConfigured(
                f"{name} is no DSN. Copy it from Sentry: https://key@host/number "
                "(http only for a loopback address)."
            )
        _require("sentry_sdk", name, "sentry")
    return Secret(value)


def otlp_endpoint(name: str) -> str:
    """The base address of a receiver of OpenTelemetry's protocol over HTTP, or nothing.

    Raises ImproperlyConfigured where it is no address, or its package is not installed.
    """
    value = environment.text(name).rstrip("/")
    if value:
        if "@" in value or not environment.is_private_transport(value):
            raise ImproperlyConfigured(
                f"{name} is not the address of a receiver. Write it as in "
                "https://host:4318 (http only for a loopback address)."
            )
        _require("opentelemetry", name, "opentelemetry")
    return value


def otlp_headers(name: str) -> dict[str, str]:
    """Headers for the receiver as `name=value,name=value`; they may hold a secret."""
    pairs = [pair.partition("=") for pair in environment.word_list(name)]
    if not all(re.fullmatch(r"[A-Za-z0-9-]+", key.strip()) and equals for key, equals, _ in pairs):
        raise ImproperlyConfigured(f"{name} is no list of headers. Write name=value,name=value.")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _require(module: str, name: str, extra: str) -> None:
    if find_spec(module) is None:
        raise ImproperlyConfigured(
            f"{name} needs a package that is not installed: pip install 'pingadmin[{extra}]', "
            f"or unset {name}."
        )
