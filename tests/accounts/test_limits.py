"""What limits sign-ins: who is counted as whom, and that nothing is forgotten while it counts."""

import pickle
import time

import pytest
from allauth.mfa.totp.internal import auth
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import Client, RequestFactory

from pingadmin.accounts.models import CacheEntry
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.web.client_address import client_address
from tests.support.people import PASSWORD

LOGIN = "/accounts/login/"
PROXY = "10.0.0.1"


def sign_in(username="support", password="wrong", **headers):
    return Client().post(LOGIN, {"login": username, "password": password}, **headers)


# --- Who is counted -------------------------------------------------------------------------------


def test_no_header_that_an_attacker_writes_gives_an_account_fresh_tries(support, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    settings.ALLOWED_HOSTS = ["*"]
    statuses = [
        sign_in(
            HTTP_HOST=f"127.0.0.1:{1000 + number}",
            HTTP_X_FORWARDED_HOST=f"other{number}.example",
            HTTP_X_FORWARDED_FOR=f"203.0.113.{number}",
            HTTP_USER_AGENT=f"agent {number}",
        ).status_code
        for number in range(7)
    ]
    assert statuses == [200] * 5 + [429] * 2
    assert sign_in(password=PASSWORD, HTTP_HOST="127.0.0.1:9999").status_code == 429


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "203.0.113.7:51008", "203.0.113.7"),
        (1, "[2001:db8::1]:443", "2001:db8::1"),
        (1, "[2001:DB8:0::1]", "2001:db8::1"),
        (1, "2001:db8::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.7", "203.0.113.7"),
        (1, "unknown", PROXY),
        (1, "", PROXY),
        (1, "203.0.113.7, ", PROXY),
        (1, "203.0.113.7;DROP TABLE", PROXY),
        (1, "١٢٧.0.0.1", PROXY),
        (1, "198.51.100.1, 203.0.113.7", "203.0.113.7"),
        (2, "198.51.100.1, 203.0.113.7, 192.0.2.1", "203.0.113.7"),
        (2, "203.0.113.7", PROXY),
        (0, "203.0.113.7", PROXY),
    ],
)
def test_the_clients_address_is_read_from_the_right(settings, proxies, forwarded, address):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    request = RequestFactory().get("/", REMOTE_ADDR=PROXY, HTTP_X_FORWARDED_FOR=forwarded)
    assert client_address(request) == address
    assert Actor.visitor(request).source_address == address


@pytest.mark.parametrize(("peer", "address"), [("::ffff:10.0.0.1", "10.0.0.1"), ("", "")])
def test_a_peer_has_its_canonical_address(peer, address):
    assert client_address(RequestFactory().get("/", REMOTE_ADDR=peer)) == address


def test_ten_failures_of_one_client_leave_the_others_behind_the_proxy_alone(support, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(12):
        last = sign_in(f"nobody{number}", HTTP_X_FORWARDED_FOR="203.0.113.66")
    assert last.status_code == 429
    assert sign_in(password=PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 302


def test_a_forwarded_address_that_is_rubbish_stops_nobody(support, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert sign_in(password=PASSWORD, HTTP_X_FORWARDED_FOR="unknown").status_code == 302


def test_a_proxy_that_nobody_counted_is_refused(settings):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    with pytest.raises(SystemCheckError, match="Set TRUSTED_PROXIES"):
        call_command("check")
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    call_command("check")


# --- What must not be forgotten -------------------------------------------------------------------


def test_failures_count_however_many_others_fail_meanwhile(support):
    for _ in range(5):
        sign_in()
    CacheEntry.objects.bulk_create(CacheEntry(key=f"other {n}", value="[1]") for n in range(1000))
    cache.set("one-more", 1)
    assert sign_in(password=PASSWORD).status_code == 429


def test_what_has_expired_goes_when_something_is_stored(db):
    cache.set("old", 1, timeout=-1)
    assert CacheEntry.objects.count() == 1 and cache.get("old") is None
    assert cache.add("new", {"a": [1, None]}, timeout=60)
    assert list(CacheEntry.objects.values_list("key", flat=True)) == [":1:new"]
    assert cache.get("new") == {"a": [1, None]}


def test_the_cache_keeps_djangos_promises(db):
    assert cache.add("key", 1) and not cache.add("key", 2) and cache.get("key") == 1
    cache.set("key", 3)
    assert cache.get_many(["key", "missing"]) == {"key": 3} and cache.incr("key") == 4
    assert cache.touch("key", 60) and not cache.touch("missing")
    assert cache.delete("key") and not cache.delete("key") and cache.get("key", "none") == "none"
    cache.set("for-ever", 1, timeout=None)
    cache.clear()
    assert CacheEntry.objects.count() == 0


def test_nothing_that_is_stored_is_unpickled(support, tmp_path):
    mark = tmp_path / "run"

    class Payload:
        def __reduce__(self):
            return (open, (str(mark), "w"))

    sign_in()
    [entry] = CacheEntry.objects.filter(
        key__contains="login_failed", key__endswith=key_of_support()
    )
    entry.value = pickle.dumps(Payload(), protocol=0).decode()
    entry.save()
    client = Client(raise_request_exception=False)
    client.post(LOGIN, {"login": "support", "password": PASSWORD})
    assert not mark.exists()


def key_of_support() -> str:
    import hashlib

    return hashlib.sha256(b"support").hexdigest()


def test_the_cache_table_of_0_2_0_is_not_read(support):
    assert "cache" not in connection.introspection.table_names()
    assert sign_in(password=PASSWORD).status_code == 302


# --- One-time codes -------------------------------------------------------------------------------


@pytest.fixture
def second_factor(support):
    """The secret of a second factor that support has."""
    secret = auth.generate_totp_secret()
    auth.TOTP.activate(support, secret)
    return secret


def code_of_step(secret: str, offset: int) -> str:
    return auth.format_hotp_value(auth.hotp_value(secret, int(time.time()) // 30 + offset))


def enter(code: str):
    client = Client()
    client.post(LOGIN, {"login": "support", "password": PASSWORD})
    return client.post("/accounts/2fa/authenticate/", {"code": code})


@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_code_of_a_clock_that_is_a_step_off_is_accepted(second_factor, time_machine, offset):
    time_machine.move_to("2026-11-22T12:00:10Z", tick=False)
    assert enter(code_of_step(second_factor, offset)).status_code == 302


@pytest.mark.parametrize("offset", [-3, -2, 2, 3])
def test_a_code_of_another_time_is_not(second_factor, time_machine, offset):
    time_machine.move_to("2026-11-22T12:00:10Z", tick=False)
    answer = enter(code_of_step(second_factor, offset))
    assert answer.status_code == 200 and "phone’s clock" in answer.text


@pytest.mark.parametrize("seconds", [0, 31, 59])
def test_a_code_that_was_used_is_refused_for_all_its_life(second_factor, time_machine, seconds):
    time_machine.move_to("2026-11-22T12:00:01Z", tick=False)
    code = code_of_step(second_factor, 1)
    assert enter(code).status_code == 302
    time_machine.shift(seconds)
    assert enter(code).status_code == 200


def test_each_wrong_code_is_an_event(second_factor):
    for _ in range(4):
        enter("000000")
    events = AuditEvent.objects.filter(action="second_factor_failed")
    assert [event.actor_name for event in events] == ["support"] * 4
