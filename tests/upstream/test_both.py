"""What is the same for every system: Retry-After, clocks, and that systems may disagree."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.upstream.errors import UpstreamError
from tests.support.raw_server import says
from tests.support.upstream_clients import ID, agi_at, ping_at

PING = {"client_id": "acme", "status": "connected"}
AGI = {
    "session_id": ID,
    "agent_name": "agi-0",
    "status": "paused",
    "created_at": "2026-11-22T15:00:00+01:00",
}


def test_t30_systems_that_disagree_are_both_recorded_each_with_its_own_time(raw_server):
    before = datetime.now(UTC)
    ping = ping_at(raw_server(says(200, PING | {"status": "disconnected"})).address).look_up(ID)
    agi = agi_at(raw_server(says(200, AGI | {"status": "running"})).address).look_up(ID)
    assert (ping.state, agi.state) == ("disconnected", "running")
    assert before <= ping.answered_at <= agi.answered_at


@pytest.mark.parametrize(
    "said, seconds",
    [
        ("7", 7),
        ("0", 0),
        ("86400", 86_400),
        ("999999999", 86_400),
        ("99999999999999999999", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("7.5", None),
        ("\u0667".encode().decode("latin-1"), None),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Fri, 99 Foo 9999 99:99:99 GMT", None),
    ],
)
@pytest.mark.parametrize("api_at", [ping_at, agi_at])
def test_t25_retry_after_is_seconds_up_to_a_day_or_nothing(raw_server, api_at, said, seconds):
    server = raw_server(says(429, b"", f"Retry-After: {said}"))
    answer = api_at(server.address).resume(ID)
    assert (answer.result, answer.failure, answer.retry_after) == (
        "rejected",
        "rate_limited",
        seconds,
    )
    assert len(server.requests) == 1


def test_t25_retry_after_may_be_a_date(raw_server):
    when = datetime.now(UTC) + timedelta(seconds=90)
    server = raw_server(says(429, b"", when.strftime("Retry-After: %a, %d %b %Y %H:%M:%S GMT")))
    with pytest.raises(UpstreamError) as caught:
        ping_at(server.address).look_up(ID)
    assert 60 <= caught.value.retry_after <= 90


def test_skew_is_the_upstreams_date_minus_our_clock(raw_server):
    when = datetime.now(UTC) - timedelta(minutes=10)
    server = raw_server(says(200, PING, when.strftime("Date: %a, %d %b %Y %H:%M:%S GMT")))
    assert -660 < ping_at(server.address).look_up(ID).skew_seconds < -540


@pytest.mark.parametrize("header", ["X: y", "Date: today", "Date: Mon, 32 Jan 2026 00:00:00 GMT"])
def test_skew_without_a_usable_date_is_unknown(raw_server, header):
    assert ping_at(raw_server(says(200, PING, header)).address).look_up(ID).skew_seconds is None


def test_may_own_follows_the_documented_form_or_the_setting(settings):
    agi = agi_at("http://127.0.0.1:1")
    assert agi.can_own(ID) and agi.can_own(ID.upper()) and not agi.can_own("ps-1")
    assert ping_at("http://127.0.0.1:1").can_own("ps-1")
