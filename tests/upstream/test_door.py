"""The door of the package, and the checks on its settings."""

import concurrent.futures
import contextlib
import threading

import pytest
from django.core.checks import run_checks

from pingadmin import upstream
from pingadmin.upstream.agi import AgiAPI
from pingadmin.upstream.checks import check_upstreams
from pingadmin.upstream.ping import PingAPI
from tests.support.upstream_clients import PING_KEY, account

PING = account("https://api.example/v2", PING_KEY) | {"BACKEND": "pingadmin.upstream.ping.PingAPI"}
AGI = account("http://127.0.0.1:1/v1", PING_KEY) | {"BACKEND": "pingadmin.upstream.agi.AgiAPI"}


def test_aliases_lead_to_their_own_accounts(settings):
    settings.UPSTREAMS = {"ping": PING, "staging": PING, "agi": AGI}
    assert upstream.aliases() == ["ping", "staging", "agi"]
    assert isinstance(upstream.api_for("agi"), AgiAPI)
    assert isinstance(upstream.api_for("ping"), PingAPI)
    assert upstream.api_for("staging").alias == "staging"
    assert upstream.api_for("staging") is not upstream.api_for("ping")
    assert upstream.api_for("ping").circuit_state().status == "closed"


def test_an_account_that_is_not_set_raises_unknown_alias(settings):
    settings.UPSTREAMS = {}
    with pytest.raises(upstream.UnknownAlias):
        upstream.api_for("ping")


class SlowToMake(PingAPI):
    """Gives a second thread every chance to make a second one."""

    both_are_here = threading.Barrier(2)

    def __init__(self, **options):
        with contextlib.suppress(threading.BrokenBarrierError):
            self.both_are_here.wait(0.3)
        super().__init__(**options)


def test_all_threads_share_one_api_for_an_account_or_its_slots_would_not_count(settings):
    settings.UPSTREAMS = {"ping": PING | {"BACKEND": f"{__name__}.SlowToMake"}}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        one, other = pool.map(upstream.api_for, ["ping", "ping"])
    assert one is other


def test_right_settings_pass_the_checks_silently(settings):
    settings.UPSTREAMS = {"ping": PING, "agi": AGI}
    assert check_upstreams(None) == []


def test_no_upstream_at_all_passes_silently(settings):
    settings.UPSTREAMS = {}
    assert check_upstreams(None) == []


WRONG = {
    "TLS verification switched off": ({"VERIFY": False}, "E001"),
    "backend that is not there": ({"BACKEND": "pingadmin.upstream.nothing.NothingAPI"}, "E002"),
    "backend that is no path": ({"BACKEND": "ping"}, "E002"),
    "backend of another kind": ({"BACKEND": "pingadmin.config.secret.Secret"}, "E002"),
    "backend that is a function": ({"BACKEND": "pingadmin.upstream.ids.is_session_id"}, "E002"),
    "plain http elsewhere": ({"BASE_URL": "http://api.example/v2"}, "E003"),
    "no scheme": ({"BASE_URL": "api.example/v2"}, "E003"),
    "user in the address": ({"BASE_URL": "https://me:x@api.example/v2"}, "E003"),
    "query in the address": ({"BASE_URL": "https://api.example/v2?x=y"}, "E003"),
    "loopback only by its first letters": ({"BASE_URL": "http://127.0.0.1.example/v2"}, "E003"),
    "empty key": ({"API_KEY": account("", "")["API_KEY"]}, "E004"),
}


@pytest.mark.parametrize("change, number", WRONG.values(), ids=WRONG)
def test_wrong_settings_are_errors_that_name_the_account_and_not_the_key(settings, change, number):
    settings.UPSTREAMS = {"ping": PING, "wrong": PING | change}
    errors = [error for error in run_checks() if error.id and error.id.startswith("upstream.")]
    assert [error.id for error in errors] == [f"upstream.{number}"]
    assert "'wrong'" in errors[0].msg and PING_KEY not in errors[0].msg
