"""Speaks HTTP to Ping and AGI, and is the only package that does.

The door is here: `aliases()` names the accounts, `api_for(alias)` gives the one object that talks to it.
Above this package there are only records, result words and UpstreamError: no requests, no status codes to interpret.
"""

from functools import cache

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string


class UnknownAlias(LookupError):
    """No account of that name is configured."""


def aliases() -> list[str]:
    """The configured accounts, in the order of the settings."""
    return list(settings.UPSTREAMS)


def api_for(alias: str):
    """The API object of one account (see backend.SessionAPI). Raises UnknownAlias."""
    if alias not in settings.UPSTREAMS:
        raise UnknownAlias(alias)
    return _api(alias)


@cache
def _api(alias: str):
    account = settings.UPSTREAMS[alias]
    return import_string(account["BACKEND"])(alias=alias, account=account)


def _forget(*, setting, **kwargs):
    if setting.startswith("UPSTREAM"):
        _api.cache_clear()


setting_changed.connect(_forget)
