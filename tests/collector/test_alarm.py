"""Silence of more than two minutes is told on every page, to everybody who is signed in (T57)."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.collector import health
from pingadmin.collector.models import FeedStatus, Heartbeat
from pingadmin.notifications.models import Notification

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SOUND = {"started_at": NOW - timedelta(hours=1), "beat_at": NOW, "host": "box", "process": 1}


@pytest.fixture(autouse=True)
def two_accounts(settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping"}, "agi": {"LABEL": "AGI"}}


def heard(alias: str, seconds_ago: float | None, kind="stream") -> None:
    at = None if seconds_ago is None else NOW - timedelta(seconds=seconds_ago)
    FeedStatus.objects.create(alias=alias, kind=kind, received_at=at)


def told() -> list[tuple]:
    return [(alarm.kind, alarm.label) for alarm in health.find_alarms()]


def test_never_started_is_told():
    assert told() == [("never", "")]


def test_all_is_heard():
    Heartbeat.objects.create(**SOUND)
    heard("ping", 119)
    heard("agi", 1, kind="list")
    assert told() == []


@pytest.mark.parametrize(("seconds", "expected"), [(119, []), (121, [("silent", "")])])
def test_a_collector_without_a_sign_of_life(seconds, expected):
    Heartbeat.objects.create(**SOUND | {"beat_at": NOW - timedelta(seconds=seconds)})
    heard("ping", 1)
    heard("agi", 1)
    assert told() == expected


def test_a_collector_that_was_stopped_is_told_at_once():
    Heartbeat.objects.create(**SOUND, stopped_at=NOW)
    assert told() == [("stopped", "")]


def test_only_the_accounts_that_are_not_heard_are_named():
    Heartbeat.objects.create(**SOUND)
    heard("ping", 121)
    heard("agi", 1)
    assert told() == [("disconnected", "Ping")]
    assert health.find_alarms()[0].since == NOW - timedelta(seconds=121)


def test_an_account_that_nobody_wrote_of_counts_from_the_start():
    Heartbeat.objects.create(**SOUND | {"started_at": NOW - timedelta(seconds=119)})
    heard("ping", None)
    assert told() == []
    Heartbeat.objects.update(started_at=NOW - timedelta(seconds=121))
    assert told() == [("disconnected", "Ping"), ("disconnected", "AGI")]


def test_one_that_is_asked_session_by_session_is_no_alarm():
    Heartbeat.objects.create(**SOUND)
    heard("ping", 9999, kind="polls")
    heard("agi", 1)
    assert told() == []


def test_one_that_is_no_longer_set_is_no_alarm():
    Heartbeat.objects.create(**SOUND)
    heard("ping", 1)
    heard("agi", 1)
    heard("old", 9999)
    assert told() == []


def test_without_an_upstream_there_is_no_alarm_and_no_query(settings, django_assert_num_queries):
    settings.UPSTREAMS = {}
    with django_assert_num_queries(0):
        assert told() == []


def test_it_costs_one_query(django_assert_num_queries):
    Heartbeat.objects.create(**SOUND)
    heard("ping", 121)
    with django_assert_num_queries(1):
        health.find_alarms()


@pytest.mark.parametrize("who", ["as_viewer", "as_support", "as_auditor", "as_admin"])
def test_every_page_tells_it_to_everybody(request, who):
    Heartbeat.objects.create(**SOUND)
    heard("ping", 121)
    heard("agi", 1)
    client = request.getfixturevalue(who)
    for path in ("/accounts/2fa/", "/nowhere/"):
        html = client.get(path).content.decode()
        assert 'data-alarm="disconnected"' in html and "Nothing received from Ping since" in html
        assert "Each state is as old as it says" in html and 'href="/collector/"' in html


def test_nobody_is_told_before_signing_in(client):
    assert b"data-alarm" not in client.get("/accounts/login/").content


def test_an_open_page_learns_of_it_and_of_its_end(as_viewer):
    row = Heartbeat.objects.create(**SOUND)
    heard("ping", 1)
    heard("agi", 1)
    address = (
        as_viewer.get("/accounts/2fa/")
        .content.decode()
        .split('hx-get="/collector/alarm/')[1]
        .split('"')[0]
    )
    assert as_viewer.get(f"/collector/alarm/{address}").status_code == 304
    Heartbeat.objects.filter(pk=row.pk).update(stopped_at=NOW)
    changed = as_viewer.get(f"/collector/alarm/{address}").content.decode()
    assert 'data-alarm="stopped"' in changed and "<html" not in changed
    assert 'hx-trigger="every 5s"' in changed, "its end shows as soon as the board is live again"
    Heartbeat.objects.filter(pk=row.pk).update(stopped_at=None)
    address = changed.split('hx-get="/collector/alarm/')[1].split('"')[0]
    ended = as_viewer.get(f"/collector/alarm/{address}")
    assert ended.status_code == 200 and b"data-alarm" not in ended.content
    assert b'hx-trigger="every 30s"' in ended.content


def test_messages_that_were_given_up_are_told_to_administrators_alone(as_admin, as_viewer):
    Heartbeat.objects.create(**SOUND)
    Notification.objects.create(
        event_seq=1, reason="unknown", made_at=NOW, tries=6, failure="refused"
    )
    assert (
        "1 message to the team could not be delivered"
        in as_admin.get("/accounts/2fa/").content.decode()
    )
    assert b'data-alarm="messages"' not in as_viewer.get("/accounts/2fa/").content


def test_labels_are_escaped(as_viewer, settings):
    settings.UPSTREAMS = {"ping": {"LABEL": "<b>\u202ePing"}}
    Heartbeat.objects.create(**SOUND)
    html = as_viewer.get("/accounts/2fa/").content.decode()
    assert "<b>" not in html and "\u202e" not in html and "\\u202ePing since" in html
