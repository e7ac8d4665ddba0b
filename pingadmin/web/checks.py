"""Deploy checks of our own: what must hold in production and Django cannot know."""

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

LOOSE_SOURCES = {"'unsafe-inline'", "'unsafe-eval'", "*", "data:", "http:", "https:"}


@register(deploy=True)
def check_debug_is_off(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    hint = "Unset DEBUG: with it, keys may be samples and error pages show the panel's inside."
    return [Error("DEBUG is on.", hint=hint, id="pingadmin.E001")]


@register(deploy=True)
def check_audit_key(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    key = settings.AUDIT_KEY.reveal()
    if len(key) >= 50 and not key.startswith("debug-only-") and key != settings.SECRET_KEY:
        return []
    hint = "Set AUDIT_KEY to at least 50 random characters of its own."
    problem = "AUDIT_KEY is a sample, too short, or equal to SECRET_KEY."
    return [Error(problem, hint=hint, id="pingadmin.E002")]


@register(deploy=True)
def check_content_security_policy(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    loose = sorted(name for name, sources in directives.items() if LOOSE_SOURCES & set(sources))
    if not loose and directives.get("default-src") == ["'none'"]:
        return []
    hint = "Begin with default-src 'none' and allow only 'self'."
    problem = f"CONTENT_SECURITY_POLICY is loose: {', '.join(loose) or 'default-src'}."
    return [Error(problem, hint=hint, id="pingadmin.E003")]


@register(deploy=True)
def check_https(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not getattr(settings, "ALLOW_HTTP", False):
        return []
    hint = "Unset it where anybody but you uses the panel: passwords would travel in the clear."
    return [Warning("ALLOW_HTTP is on.", hint=hint, id="pingadmin.W001")]


@register
def check_client_address(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.SECURE_PROXY_SSL_HEADER is None or settings.ALLAUTH_TRUSTED_PROXY_COUNT:
        return []
    problem = "BEHIND_TLS_PROXY is set and TRUSTED_PROXIES is 0."
    hint = (
        "Set TRUSTED_PROXIES to how many proxies of yours stand before the panel. Without it"
        " everybody seems to come from the proxy: the audit log names it, and one attacker's"
        " failures stop everybody's sign-in."
    )
    return [Error(problem, hint=hint, id="pingadmin.E004")]


@register(deploy=True)
def check_writable_directories(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    checkpoints = settings.CHECKPOINT_FILE.parent
    hint = "Make it, and let the panel's user write there: outcomes and checkpoints are kept in it."
    return [
        Warning(f"{name} needs {directory}, which can't be written.", hint=hint, id=number)
        for name, directory, number in (
            ("DATA_DIR", settings.DATA_DIR, "pingadmin.W003"),
            ("CHECKPOINT_FILE", checkpoints, "pingadmin.W004"),
        )
        if not _may_be_written(directory)
    ]


def _may_be_written(directory: Path) -> bool:
    """Whether files may be made in it, or where there is none yet, it may be made."""
    existing = next(path for path in (directory, *directory.parents) if path.exists())
    return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)


@register(deploy=True)
def check_redis_is_not_expected(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.REDIS_URL:
        return []
    hint = "Unset it: limits are in the database, which all machines share and which forgets none."
    return [Warning("REDIS_URL is not used any more.", hint=hint, id="pingadmin.W002")]
