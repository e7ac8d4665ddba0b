"""Every page says when nothing was received for two minutes, to all who are signed in (T57)."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.collector import health
from pingadmin.collector.models import Heartbeat
from tests.factories import FeedStatusFactory, HeartbeatFactory, NotificationFactory
from tests.support.html import parse

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped_clock(time_machine, two_accounts):
    time_machine.move_to(NOW, tick=False)


def create_feed(alias: str, seconds_ago: float | None, kind: str = "stream") -> None:
    """A feed that received something that long ago, or nothing yet."""
    at = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    FeedStatusFactory(alias=alias, kind=kind, received_at=at, up_since=None)


def alarms() -> list[tuple[str, str]]:
    """(kind, account's label) of each alarm."""
    return [(alarm.kind, alarm.label) for alarm in health.find_alarms()]


def test_a_collector_that_never_started_is_an_alarm():
    assert alarms() == [("never", "")]


def test_there_is_no_alarm_while_everything_is_received():
    HeartbeatFactory()
    create_feed("ping", 119)
    create_feed("agi", 1, kind="list")
    assert alarms() == []


@pytest.mark.parametrize(("seconds", "expected"), [(119, []), (121, [("silent", "")])])
def test_a_collector_without_a_heartbeat_for_two_minutes_is_an_alarm(seconds, expected):
    HeartbeatFactory(beat_at=NOW - timedelta(seconds=seconds))
    create_feed("ping", 1)
    create_feed("agi", 1)
    assert alarms() == expected


def test_a_collector_that_was_stopped_is_an_alarm_at_once():
    HeartbeatFactory(stopped_at=NOW)
    assert alarms() == [("stopped", "")]


def test_only_the_accounts_that_are_disconnected_are_named():
    HeartbeatFactory()
    create_feed("ping", 121)
    create_feed("agi", 1)
    assert alarms() == [("disconnected", "Ping")]
    assert health.find_alarms()[0].since == NOW - timedelta(seconds=121)


def test_an_account_that_never_received_anything_counts_from_the_start():
    HeartbeatFactory(started_at=NOW - timedelta(seconds=119))
    create_feed("ping", None)
    assert alarms() == []
    Heartbeat.objects.update(started_at=NOW - timedelta(seconds=121))
    assert alarms() == [("disconnected", "Ping"), ("disconnected", "AGI")]


def test_an_account_that_is_polled_session_by_session_is_no_alarm():
    HeartbeatFactory()
    create_feed("ping", 9999, kind="polls")
    create_feed("agi", 1)
    assert alarms() == []


def test_an_account_that_is_no_longer_configured_is_no_alarm():
    HeartbeatFactory()
    create_feed("ping", 1)
    create_feed("agi", 1)
    create_feed("old", 9999)
    assert alarms() == []


def test_without_an_upstream_there_is_no_alarm_and_no_query(settings, django_assert_num_queries):
    settings.UPSTREAMS = {}
    with django_assert_num_queries(0):
        assert alarms() == []


def test_it_costs_one_query(django_assert_num_queries):
    HeartbeatFactory()
    create_feed("ping", 121)
    with django_assert_num_queries(1):
        health.find_alarms()


@pytest.mark.parametrize("client_fixture", ["as_viewer", "as_support", "as_auditor", "as_admin"])
def test_every_page_shows_the_alarm_to_everybody(request, client_fixture):
    HeartbeatFactory()
    create_feed("ping", 121)
    create_feed("agi", 1)
    client = request.getfixturevalue(client_fixture)
    for path in ("/accounts/2fa/", "/nowhere/"):
        alarm = parse(client.get(path)).one('[data-alarm="disconnected"]')
        assert "Nothing received from Ping since" in alarm.text()
        assert "Each state is as old as it says" in alarm.text()
        assert alarm.has('a[href="/collector/"]')


def test_nobody_sees_an_alarm_before_signing_in(client):
    assert not parse(client.get("/accounts/login/")).has("[data-alarm]")


def test_an_open_page_shows_the_alarm_and_its_end(as_viewer):
    heartbeat = HeartbeatFactory()
    create_feed("ping", 1)
    create_feed("agi", 1)
    address = parse(as_viewer.get("/accounts/2fa/")).one("#alarm")["hx-get"]
    assert address.startswith("/collector/alarm/")
    assert as_viewer.get(address).status_code == 304
    Heartbeat.objects.filter(pk=heartbeat.pk).update(stopped_at=NOW)
    changed = as_viewer.get(address)
    assert "<html" not in changed.text
    region = parse(changed).one("#alarm")
    assert region.has('[data-alarm="stopped"]')
    assert region["hx-trigger"] == "every 5s", "its end shows as soon as the board is live again"
    Heartbeat.objects.filter(pk=heartbeat.pk).update(stopped_at=None)
    ended = as_viewer.get(region["hx-get"])
    assert ended.status_code == 200
    region = parse(ended).one("#alarm")
    assert not region.has("[data-alarm]") and region["hx-trigger"] == "every 30s"


def test_only_administrators_see_that_messages_were_given_up(as_admin, as_viewer):
    HeartbeatFactory()
    NotificationFactory(tries=6, next_try_at=None, failure="refused")
    undelivered = '[data-alarm="messages"]'
    shown = parse(as_admin.get("/accounts/2fa/")).text(undelivered)
    assert "1 message to the team could not be delivered" in shown
    assert not parse(as_viewer.get("/accounts/2fa/")).has(undelivered)


def test_labels_are_escaped(as_viewer, settings):
    settings.UPSTREAMS = {"ping": {"LABEL": "<b>\u202ePing"}}
    HeartbeatFactory()
    html = as_viewer.get("/accounts/2fa/").content.decode()
    assert "<b>" not in html and "\u202e" not in html and "\\u202ePing since" in html
