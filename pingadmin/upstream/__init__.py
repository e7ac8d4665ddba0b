"""Speaks HTTP to Ping and AGI, and is the only package that does.

The door is here: `aliases()` names the accounts, `api_for(alias)` gives the one object that talks to it.
Above this package there are only records, result words and UpstreamError: no requests, no
status codes to interpret.
"""

import threading

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

_apis = {}
_making = threading.Lock()


class UnknownAlias(LookupError):  # noqa: N818 - named as Django names DoesNotExist
    """No account of that name is configured."""


def aliases() -> list[str]:
    """The configured accounts, in the order of the settings."""
    return list(settings.UPSTREAMS)


def api_for(alias: str):
    """The one API object of an account in this process (see backend.SessionAPI). Raises UnknownAlias."""
    if alias not in settings.UPSTREAMS:
        raise UnknownAlias(alias)
    with _making:
        if alias not in _apis:
            account = settings.UPSTREAMS[alias]
            _apis[alias] = import_string(account["BACKEND"])(alias=alias, account=account)
        return _apis[alias]


def canonical_id(alias: str, session_id: str) -> str:
    """The one spelling of an id that an account's system takes for the same session."""
    return api_for(alias).canonical_id(session_id) if alias in settings.UPSTREAMS else session_id


def states_paused(alias: str) -> bool:
    """Whether each look-up at this account tells if a session is paused; False where it is not set."""
    return alias in settings.UPSTREAMS and api_for(alias).states_paused


def state_of(alias: str):
    """The isolation.CircuitState of an account in this process. Raises UnknownAlias."""
    return api_for(alias).circuit()


def _forget(*, setting, **kwargs):
    if setting.startswith("UPSTREAM"):
        _apis.clear()


setting_changed.connect(_forget)
