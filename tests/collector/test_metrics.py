"""/metrics: true figures in a format that Prometheus reads, for who is on this machine or has the
token.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from pingadmin.audit.integrity import run_seal
from pingadmin.audit.models import VerificationRun
from pingadmin.config.secret import Secret
from tests.audit.factories import record_entry
from tests.factories import (
    AttemptFactory,
    FeedStatusFactory,
    HeartbeatFactory,
    NotificationFactory,
    RemoteSessionFactory,
    WatchSpanFactory,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOKEN = "canary-token-0123456789"
SAMPLE = re.compile(
    r"(?P<name>[a-z_:][a-z0-9_:]*)"
    r'(?:\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (?P<value>\S+)'
)


@pytest.fixture(autouse=True)
def one_account(settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping", "API_KEY": Secret("canary-key")}}
    settings.METRICS_TOKEN = Secret(TOKEN)


def scrape(client, **more) -> dict[str, float]:
    """name{labels} -> value; every line must parse, every family must be described before its
    samples, once.
    """
    answer = client.get("/metrics", **more)
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    text = answer.content.decode()
    assert text.endswith("\n")
    found, described, kinds = {}, set(), {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, what, name, words = line.split(" ", 3)
            assert (what, name) not in described and name not in {
                key.partition("{")[0] for key in found
            }
            described.add((what, name))
            kinds[name] = words if what == "TYPE" else kinds.get(name)
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name = match["name"]
        if kinds.get(histogram := re.sub("_(bucket|count|sum)$", "", name)) == "histogram":
            name = histogram
        assert {("HELP", name), ("TYPE", name)} <= described
        assert (kinds[name] == "counter") == name.endswith("_total")
        key = line.rpartition(" ")[0]
        assert key not in found
        found[key] = float(match["value"])
    return found


def test_a_new_panel_reports_zeros_and_leaves_out_what_is_unknown(client):
    found = scrape(client)
    assert found["pingadmin_collector_up"] == 0 and found["pingadmin_alarms"] == 1
    assert found["pingadmin_audit_head_seq"] == 0 and found["pingadmin_notifications_on"] == 0
    known = [name for name in found if 'process="' not in name]
    assert not any("time_seconds" in name or "account" in name for name in known)


@pytest.fixture
def collected(db) -> None:
    """A collector that runs, what it counted for Ping, and AGI, of which it received nothing."""
    HeartbeatFactory()
    FeedStatusFactory(
        lag_ms=250,
        events_a_second=1.5,
        events=2**40,
        late=1,
        repeated=2,
        dropped=3,
        unreadable=4,
        polls=5,
        polls_failed=6,
        reconnects=7,
        error_at=NOW,
        circuit_open_until=NOW + timedelta(seconds=1),
    )
    FeedStatusFactory(alias="agi", kind="list", up_since=None, received_at=None)
    WatchSpanFactory()


@pytest.mark.usefixtures("collected")
def test_what_the_collector_wrote_is_reported_in_base_units(client):
    found = scrape(client)
    of_ping = {
        name.removeprefix("pingadmin_account_").partition("{")[0]: value
        for name, value in found.items()
        if name.endswith('{account="ping"}')
    }
    assert of_ping == {
        "up": 1,
        "heard_time_seconds": NOW.timestamp(),
        "lag_seconds": 0.25,
        "events_per_second": 1.5,
        "error_time_seconds": NOW.timestamp(),
        "circuit_open": 1,
        "events_total": 2**40,
        "late_total": 1,
        "repeated_total": 2,
        "dropped_total": 3,
        "unreadable_total": 4,
        "polls_total": 5,
        "polls_failed_total": 6,
        "reconnects_total": 7,
        "watched_until_time_seconds": NOW.timestamp(),
    }


@pytest.mark.usefixtures("collected")
def test_a_collector_that_runs_is_up_and_an_account_without_a_feed_is_not(client):
    found = scrape(client)
    assert found["pingadmin_collector_up"] == 1 and found["pingadmin_alarms"] == 0
    assert found["pingadmin_collector_start_time_seconds"] == NOW.timestamp() - 3600
    assert found['pingadmin_account_up{account="agi"}'] == 0
    assert 'pingadmin_account_lag_seconds{account="agi"}' not in found


def test_the_last_figures_of_a_killed_collector_are_not_reported_as_current(client, settings):
    killed_at = NOW - timedelta(seconds=21)
    HeartbeatFactory(beat_at=killed_at)
    FeedStatusFactory(received_at=killed_at, events_a_second=1.5)
    found = scrape(client)
    assert found["pingadmin_collector_up"] == found['pingadmin_account_up{account="ping"}'] == 0
    assert 'pingadmin_account_events_per_second{account="ping"}' not in found
    assert found["pingadmin_alarms"] == 0, "that comes after two minutes"


def test_an_account_that_is_no_longer_configured_is_not_up(client):
    HeartbeatFactory()
    FeedStatusFactory(alias="old")
    assert scrape(client)['pingadmin_account_up{account="old"}'] == 0


def test_attempts_and_messages_are_counted(client, settings):
    settings.NOTIFY_URL = Secret("https://hooks.example/canary")
    record_entry("unknown")
    session = RemoteSessionFactory()
    AttemptFactory(session=session)
    AttemptFactory(session=session, result="unknown", next_check_at=NOW - timedelta(seconds=1))
    AttemptFactory(session=session, result="unknown", resolved_at=NOW)
    NotificationFactory()
    NotificationFactory(failure="refused", tries=6, next_try_at=None)
    found = scrape(client)
    counts = {
        name: found[f"pingadmin_{name}"]
        for name in (
            "audit_head_seq",
            "attempts_open",
            "attempts_unsettled",
            "attempts_due",
            "notifications_on",
            "notifications_waiting",
            "notifications_given_up",
        )
    }
    assert list(counts.values()) == [2, 1, 1, 1, 1, 1, 1]


def test_labels_are_escaped_and_no_secret_is_reported(client):
    FeedStatusFactory(alias='a"b\\c\nd', kind="list", error_message="canary")
    record_entry("ok", session_id="canary-session", reason="canary")
    body = client.get("/metrics").content.decode()
    assert r'{account="a\"b\\c\nd"}' in body and "canary" not in body
    scrape(client)


LOOPBACK = [{"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "::1"}, {"REMOTE_ADDR": "127.9.9.9"}]
STRANGERS = [
    {"REMOTE_ADDR": "192.0.2.7"},
    {"REMOTE_ADDR": ""},
    {"REMOTE_ADDR": "192.0.2.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=127.0.0.1"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": "192.0.2.7"},
    {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"},
]
WRONG = [
    "",
    TOKEN,
    f"Bearer {TOKEN}x",
    f"Bearer {TOKEN[:-1]}",
    "Bearer ",
    "Bearer é",
    f"Basic {TOKEN}",
]


@pytest.mark.parametrize("came_from", LOOPBACK)
def test_a_request_from_this_machine_needs_no_token(came_from):
    assert Client(**came_from).get("/metrics").status_code == 200


@pytest.mark.parametrize("came_from", STRANGERS)
def test_every_other_request_needs_the_token(came_from):
    client = Client(**came_from)
    refused = client.get("/metrics")
    assert (
        refused.status_code == 403
        and b"METRICS_TOKEN" in refused.content
        and TOKEN.encode() not in refused.content
    )
    scrape(client, headers={"Authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize("given", WRONG)
def test_a_wrong_token_is_refused(given):
    assert (
        Client(REMOTE_ADDR="192.0.2.7")
        .get("/metrics", headers={"Authorization": given})
        .status_code
        == 403
    )


def test_without_a_configured_token_none_is_accepted(settings):
    settings.METRICS_TOKEN = Secret("")
    for given in ("Bearer ", "Bearer", ""):
        assert (
            Client(REMOTE_ADDR="192.0.2.7")
            .get("/metrics", headers={"Authorization": given})
            .status_code
            == 403
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALLAUTH_TRUSTED_PROXY_COUNT", 1),
        ("SECURE_PROXY_SSL_HEADER", ("HTTP_X_FORWARDED_PROTO", "https")),
    ],
)
def test_behind_our_proxy_no_request_counts_as_from_this_machine(client, settings, name, value):
    setattr(settings, name, value)
    assert client.get("/metrics").status_code == 403


def test_in_production_a_token_counts_over_https_alone(settings):
    settings.HTTPS_ONLY = settings.SECURE_SSL_REDIRECT = True
    there = Client(REMOTE_ADDR="192.0.2.7", headers={"Authorization": f"Bearer {TOKEN}"})
    assert there.get("/metrics").status_code == 403
    assert there.get("/metrics", secure=True).status_code == 200
    assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 200


def test_signing_in_does_not_open_the_metrics(as_admin):
    assert as_admin.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403


@pytest.mark.parametrize(
    ("outcome", "verified"), [("whole", 1), ("broken", 0), ("empty", None), ("", None)]
)
def test_the_verdict_of_a_verification_is_told_where_there_is_one(client, outcome, verified):
    run = VerificationRun(
        started_at=NOW, ended_at=NOW if outcome else None, started_by="ana", outcome=outcome
    )
    run_seal.seal(run)
    run.save()
    assert scrape(client).get("pingadmin_audit_verified") == verified
