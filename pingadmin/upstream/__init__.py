"""Speaks to Ping and AGI, and is the only package that does.

`aliases()` names the accounts, `api_for(alias)` gives the one object that talks to an account.
Above this package there are only records, results and UpstreamError: no HTTP and no status codes
to interpret.
"""

import threading
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import import_string

if TYPE_CHECKING:
    from pingadmin.upstream.session_api import SessionAPI

_apis: "dict[str, SessionAPI]" = {}
_apis_lock = threading.Lock()


class UnknownAlias(LookupError):  # noqa: N818 - named as Django names DoesNotExist
    """No account of that name is configured."""


def aliases() -> list[str]:
    """The configured accounts, in the order of the settings."""
    return list(settings.UPSTREAMS)


def api_for(alias: str) -> "SessionAPI":
    """The one API object of an account in this process. Raises UnknownAlias."""
    if alias not in settings.UPSTREAMS:
        raise UnknownAlias(alias)
    with _apis_lock:
        if alias not in _apis:
            account = settings.UPSTREAMS[alias]
            _apis[alias] = import_string(account["BACKEND"])(alias=alias, account=account)
        return _apis[alias]


def get_label(alias: str) -> str:
    """What people call an account. Raises UnknownAlias."""
    return api_for(alias).label


def can_list(alias: str) -> bool:
    """Whether this account can list its sessions; False where it is not set."""
    return alias in settings.UPSTREAMS and api_for(alias).can_list


def can_converse(alias: str) -> bool:
    """Whether sessions of this account can be read and spoken to; False where it is not set."""
    return alias in settings.UPSTREAMS and api_for(alias).can_converse


def canonical_id(alias: str, session_id: str) -> str:
    """The one spelling of an id, where an account's system takes several for the same session."""
    return api_for(alias).canonical_id(session_id) if alias in settings.UPSTREAMS else session_id


def states_paused(alias: str) -> bool:
    """Whether every look-up at this account says if a session is paused; False where not set."""
    return alias in settings.UPSTREAMS and api_for(alias).states_paused


def is_running_state(alias: str, state: str) -> bool:
    """Whether a session in this state runs, so that resuming it does nothing; False where not set.

    It says nothing of systems whose look-ups say whether a session is paused.
    """
    return alias in settings.UPSTREAMS and state in api_for(alias).running_states


def reports_traffic(alias: str) -> bool:
    """Whether look-ups at this account say how much was sent and received; True where not set."""
    return alias not in settings.UPSTREAMS or api_for(alias).reports_traffic


def has_limits(alias: str) -> bool:
    """Whether this account's system can be asked for its limits; False where it is not set."""
    return alias in settings.UPSTREAMS and api_for(alias).has_limits


def _forget_apis(*, setting: str, **kwargs: Any) -> None:
    if setting.startswith("UPSTREAM"):
        _apis.clear()


setting_changed.connect(_forget_apis)
