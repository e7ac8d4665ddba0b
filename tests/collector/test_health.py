"""The health page tells what is heard, what is not, since when, and what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.collector.models import FeedStatus, Heartbeat
from pingadmin.config.secret import Secret
from pingadmin.notifications.models import Notification
from pingadmin.remote_sessions.models import WatchSpan

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def two_accounts(settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping"}, "agi": {"LABEL": "AGI"}}


def ago(**span) -> datetime:
    return NOW - timedelta(**span)


def beat(**given) -> Heartbeat:
    facts = {"started_at": ago(hours=2), "beat_at": ago(seconds=1), "host": "box", "process": 4711}
    return Heartbeat.objects.create(**(facts | given))


def feed(alias="ping", **given) -> FeedStatus:
    facts = {"kind": "stream", "up_since": ago(hours=1), "received_at": ago(seconds=2)}
    return FeedStatus.objects.create(alias=alias, **(facts | given))


def watched(alias="ping", since=25, until=0.0, why="") -> None:
    WatchSpan.objects.create(
        alias=alias, from_at=ago(hours=since), until_at=ago(hours=until), end_reason=why
    )


def page(client) -> str:
    return client.get("/collector/").content.decode()


def status(html: str, alias: str) -> str:
    return html.split(f'data-account="{alias}" data-status="')[1].split('"')[0]


def test_before_the_first_start_it_says_what_to_start(as_viewer):
    html = page(as_viewer)
    assert (
        'data-collector="never"' in html and "has never run" in html and "manage.py collect" in html
    )
    assert status(html, "ping") == status(html, "agi") == "waiting"
    assert "not watched yet" in html


def test_while_it_runs_every_figure_is_there(as_viewer):
    beat()
    feed(
        lag_ms=1234,
        events_a_second=12.34,
        events=1_000_000,
        late=7,
        repeated=8,
        dropped=9,
        unreadable=3,
        polls=11,
        polls_failed=2,
        reconnects=5,
        error_at=ago(hours=3),
    )
    feed("agi", kind="list")
    watched()
    html = page(as_viewer)
    assert 'data-collector="running"' in html and "box" in html and "process 4711" in html
    assert (status(html, "ping"), status(html, "agi")) == ("receiving", "receiving")
    for figure in (
        "1,234 ms",
        "12.3",
        "1,000,000",
        "7 late, 8 repeated",
        "9 superseded, 3 unreadable",
        "2 failed",
        "last failure <time",
        "none yet",
        "Event stream",
        "List",
        "without a gap",
    ):
        assert figure in html, figure
    assert "What to do" not in html


def test_a_silent_collector_is_named_with_its_process(as_viewer):
    beat(beat_at=ago(seconds=121))
    feed()
    html = page(as_viewer)
    assert 'data-collector="silent"' in html and "check whether process 4711 is alive" in html
    assert status(html, "ping") == "disconnected"


def test_one_that_was_stopped_says_so(as_viewer):
    beat(stopped_at=ago(seconds=5))
    html = page(as_viewer)
    assert 'data-collector="stopped"' in html and "on purpose" in html


def test_an_account_that_is_not_heard_says_why_and_since_when(as_viewer):
    beat()
    feed(
        up_since=None,
        received_at=ago(minutes=9),
        error="timed_out",
        error_message="<b>canary",
        error_at=ago(seconds=4),
        circuit_open_until=NOW + timedelta(seconds=9),
    )
    html = page(as_viewer)
    assert status(html, "ping") == "disconnected" and "9 min ago" in html
    assert (
        "it did not answer in time" in html
        and "&lt;b&gt;canary" in html
        and "<b>canary" not in html
    )
    assert "no look-ups are sent until" in html and "What to do" in html


def test_a_refused_key_says_what_to_mend(as_viewer):
    beat()
    feed(up_since=None, received_at=ago(minutes=9), error="refused_key", error_at=ago(seconds=4))
    assert "Give the account a working key" in page(as_viewer)


def test_one_whose_connection_ended_is_not_called_heard_until_it_is_back(as_viewer):
    beat()
    feed(up_since=None, received_at=ago(seconds=9), error="rate_limited", error_at=ago(seconds=4))
    html = page(as_viewer)
    assert status(html, "ping") == "interrupted" and "not right now" in html and "9 s ago" in html
    assert "without interruption since" not in html


def test_a_collector_that_was_killed_is_not_said_to_run_or_to_hear(as_viewer):
    """Its silence is an alarm after two minutes; that it was heard a minute ago is no reason to say
    that it is.
    """
    beat(beat_at=ago(seconds=21))
    feed(received_at=ago(seconds=21))
    feed("agi", kind="polls")
    html = page(as_viewer)
    assert (
        'data-collector="late"' in html
        and "The collector is running" not in html
        and "data-alarm" not in html
    )
    assert (
        status(html, "ping") == status(html, "agi") == "interrupted"
        and "without interruption since" not in html
    )


def test_a_list_has_no_figures_of_a_stream(as_viewer):
    beat()
    feed("agi", kind="list", events_a_second=0.0, unreadable=3)
    agi = page(as_viewer).split('data-account="agi"')[1].split("data-messages")[0]
    assert "3</dd>" in agi and "unreadable, all lists added up" in agi
    for word in ("Events", "Delay", "Reconnects", "superseded"):
        assert word not in agi, word


def test_one_that_is_asked_session_by_session_may_be_silent(as_viewer):
    beat()
    feed(kind="polls", received_at=ago(hours=1))
    assert status(page(as_viewer), "ping") == "polled"


def test_an_account_that_is_no_longer_set_stays_readable(as_viewer):
    beat()
    feed("old")
    assert status(page(as_viewer), "old") == "unset"


def test_gaps_are_listed_newest_first_with_their_reasons(as_viewer):
    beat()
    feed()
    watched(since=25, until=20, why="the stream broke off")
    watched(since=19, until=10, why="the collector was stopped")
    watched(since=9, until=0)
    html = page(as_viewer)
    ping = html.split('data-account="ping"')[1].split('data-account="agi"')[0]
    assert (
        ping.count("Not watched") == 2
        and "Not watched before" not in ping
        and ping.count('class="gap"') == 2
    )
    assert ping.index("the collector was stopped") < ping.index("the stream broke off")
    assert 'x="240" width="60"' in ping and 'x="840" width="60"' in ping


def test_a_gap_that_lasts_has_no_end(as_viewer):
    beat()
    watched(since=25, until=1, why="the stream broke off")
    ping = page(as_viewer).split('data-account="ping"')[1].split('data-account="agi"')[0]
    assert '<strong class="stale">now</strong>' in ping


def test_a_gap_that_began_before_the_24_hours_is_given_no_beginning(as_viewer):
    beat()
    watched(since=1)
    html = page(as_viewer)
    ping, agi = html.split('data-account="ping"')[1].split('data-account="agi"')
    assert "Not watched before <time" in ping and "not watched yet" in ping
    assert '<strong class="stale">for all of these hours</strong>' in agi


def test_messages_that_failed_are_listed_without_the_address(as_support, settings):
    settings.NOTIFY_URL = Secret("https://hooks.example/canary-webhook")
    facts = {"reason": "unknown", "session_id": "ses_1", "made_at": ago(hours=1), "tries": 6}
    Notification.objects.create(event_seq=41, failure="refused", status=403, **facts)
    Notification.objects.create(
        event_seq=42, failure="timed_out", next_try_at=NOW + timedelta(minutes=1), **facts
    )
    html = page(as_support)
    assert 'data-messages="on"' in html and "canary" not in html
    assert "the webhook refused the request (status 403)" in html and "given up" in html
    assert "the webhook did not answer in time" in html and "tried again at" in html
    assert '<a href="/audit/41/">' in html


def test_without_a_webhook_it_says_that_nobody_is_told(as_viewer, settings):
    settings.NOTIFY_URL = Secret("")
    assert 'data-messages="off"' in page(as_viewer) and "NOTIFY_URL" in page(as_viewer)


def test_without_an_upstream_there_is_nothing_to_hear(as_viewer, settings):
    settings.UPSTREAMS = {}
    assert "There is nothing to receive" in page(as_viewer)


def test_the_poll_is_answered_only_when_something_changed(as_viewer, time_machine):
    row = beat()
    feed()
    watched()
    html = page(as_viewer)
    address = html.split('hx-get="/collector/now/')[1].split('"')[0]
    same = as_viewer.get(f"/collector/now/{address}")
    assert (same.status_code, same.content) == (304, b"")
    time_machine.move_to(NOW + timedelta(seconds=15), tick=False)
    assert as_viewer.get(f"/collector/now/{address}").status_code == 304
    row.beat_at = NOW
    row.save()
    changed = as_viewer.get(f"/collector/now/{address}")
    assert (
        changed.status_code == 200
        and b"<html" not in changed.content
        and b'id="health"' in changed.content
    )


def test_time_alone_can_be_a_change(as_viewer, time_machine):
    beat()
    address = page(as_viewer).split('hx-get="/collector/now/')[1].split('"')[0]
    time_machine.move_to(NOW + timedelta(seconds=125), tick=False)
    assert b'data-collector="silent"' in as_viewer.get(f"/collector/now/{address}").content


def test_the_page_polls_without_keeping_a_sign_in_alive(as_viewer):
    html = page(as_viewer)
    assert html.count("""hx-headers='{"X-Poll": "1"}'""") == 2


def test_an_admin_may_see_it_too(as_admin):
    assert as_admin.get("/collector/").status_code == 200
