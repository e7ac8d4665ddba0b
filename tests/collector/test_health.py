"""The health page shows what is received, what is not, since when, and what to do."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.config.secret import Secret
from tests.factories import (
    FeedStatusFactory,
    HeartbeatFactory,
    NotificationFactory,
    WatchSpanFactory,
)
from tests.support.html import Element, parse

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def stopped_clock(time_machine, two_accounts):
    time_machine.move_to(NOW, tick=False)


def ago(**span) -> datetime:
    return NOW - timedelta(**span)


def watch(since: float = 25, until: float = 0, reason: str = "") -> None:
    """A span of watching Ping's account, in hours before now."""
    WatchSpanFactory(from_at=ago(hours=since), until_at=ago(hours=until), end_reason=reason)


def open_health_page(client) -> Element:
    return parse(client.get("/collector/"))


def account_card(page: Element, alias: str) -> Element:
    return page.one(f'[data-account="{alias}"]')


def status(page: Element, alias: str) -> str:
    return account_card(page, alias)["data-status"]


def collector_card(page: Element, status: str) -> str:
    """The text of the collector's card, which must show that status."""
    return page.text(f'[data-collector="{status}"]')


def test_before_the_first_start_it_says_what_to_start(as_viewer):
    page = open_health_page(as_viewer)
    card = collector_card(page, "never")
    assert "has never run" in card and "manage.py collect" in card
    assert status(page, "ping") == status(page, "agi") == "waiting"
    assert "watching had not begun" in page.text()


@pytest.fixture
def everything_runs(db) -> None:
    """A collector and two feeds, of which Ping's has counted everything that it can."""
    HeartbeatFactory(process=4711)
    FeedStatusFactory(
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
    FeedStatusFactory(alias="agi", kind="list")
    watch()


@pytest.mark.usefixtures("everything_runs")
def test_while_it_runs_every_figure_is_there(as_viewer):
    page = open_health_page(as_viewer)
    card = collector_card(page, "running")
    assert "box" in card and "process 4711" in card
    assert (status(page, "ping"), status(page, "agi")) == ("receiving", "receiving")
    for figure in (
        "1,234 ms",
        "12.3",
        "1,000,000",
        "7 late, 8 repeated",
        "9 superseded, 3 unreadable",
        "2 failed",
        "last failure 3 h ago",
        "none yet",
        "Event stream",
        "List",
        "without a gap",
    ):
        assert figure in page.text(), figure
    assert "What to do" not in page.text()


def test_a_silent_collector_is_named_with_its_process(as_viewer):
    HeartbeatFactory(beat_at=ago(seconds=121), process=4711)
    FeedStatusFactory()
    page = open_health_page(as_viewer)
    assert "check whether process 4711 is alive" in collector_card(page, "silent")
    assert status(page, "ping") == "disconnected"


def test_a_collector_that_was_stopped_says_so(as_viewer):
    HeartbeatFactory(stopped_at=ago(seconds=5))
    page = open_health_page(as_viewer)
    assert "on purpose" in collector_card(page, "stopped")


def test_an_account_that_is_disconnected_says_why_and_since_when(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory(
        up_since=None,
        received_at=ago(minutes=9),
        error="timed_out",
        error_message="<b>canary",
        error_at=ago(seconds=4),
        circuit_open_until=NOW + timedelta(seconds=9),
    )
    page = open_health_page(as_viewer)
    card = account_card(page, "ping")
    assert card["data-status"] == "disconnected" and "9 min ago" in card.text()
    assert "it did not answer in time" in card.text()
    assert card.text("blockquote") == "<b>canary" and not card.has("blockquote *")
    assert "no look-ups are sent until" in card.text() and "What to do" in card.text()


def test_a_refused_key_says_what_to_fix(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory(
        up_since=None, received_at=ago(minutes=9), error="refused_key", error_at=ago(seconds=4)
    )
    assert "Give the account a working key" in open_health_page(as_viewer).text()


def test_an_account_whose_connection_ended_is_interrupted_until_it_is_back(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory(
        up_since=None, received_at=ago(seconds=9), error="rate_limited", error_at=ago(seconds=4)
    )
    page = open_health_page(as_viewer)
    card = account_card(page, "ping")
    assert card["data-status"] == "interrupted"
    assert "not right now" in card.text() and "9 s ago" in card.text()
    assert "without interruption since" not in page.text()


def test_a_collector_that_was_killed_is_not_shown_as_running_or_receiving(as_viewer):
    """Its silence becomes an alarm after two minutes. Until then its last report is not current."""
    HeartbeatFactory(beat_at=ago(seconds=21))
    FeedStatusFactory(received_at=ago(seconds=21))
    FeedStatusFactory(alias="agi", kind="polls")
    page = open_health_page(as_viewer)
    assert page.has('[data-collector="late"]') and not page.has("[data-alarm]")
    assert "The collector is running" not in page.text()
    assert status(page, "ping") == status(page, "agi") == "interrupted"
    assert "without interruption since" not in page.text()


def test_a_list_has_no_figures_of_a_stream(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory(alias="agi", kind="list", events_a_second=0.0, unreadable=3)
    card = account_card(open_health_page(as_viewer), "agi")
    assert "3" in card.texts("dd") and "unreadable, all lists added up" in card.texts("dd")
    for label in ("Events", "Delay", "Reconnects", "superseded"):
        assert label not in card.text(), label


def test_an_account_that_is_polled_session_by_session_may_be_silent(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory(kind="polls", received_at=ago(hours=1))
    assert status(open_health_page(as_viewer), "ping") == "polled"


def test_an_account_that_is_no_longer_configured_stays_readable(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory(alias="old")
    assert status(open_health_page(as_viewer), "old") == "unset"


def test_gaps_are_listed_newest_first_with_their_reasons(as_viewer):
    HeartbeatFactory()
    FeedStatusFactory()
    watch(since=25, until=20, reason="the stream broke off")
    watch(since=19, until=10, reason="the collector was stopped")
    watch(since=9, until=0)
    card = account_card(open_health_page(as_viewer), "ping")
    newest, oldest = [text for text in card.texts("li") if "Not watched" in text]
    assert "the collector was stopped" in newest and "the stream broke off" in oldest
    assert "Not watched before" not in card.text()
    drawn = [(gap["x"], gap["width"]) for gap in card.css("rect.gap")]
    assert sorted(drawn) == [("240", "60"), ("840", "60")]


def test_a_gap_that_lasts_has_no_end(as_viewer):
    HeartbeatFactory()
    watch(since=25, until=1, reason="the stream broke off")
    assert account_card(open_health_page(as_viewer), "ping").text("strong.stale") == "now"


def test_a_gap_that_began_before_the_24_hours_is_given_no_beginning(as_viewer):
    HeartbeatFactory()
    watch(since=1)
    page = open_health_page(as_viewer)
    (gap,) = [gap for gap in account_card(page, "ping").css("li") if gap.has("time")]
    assert gap.text().startswith("Not watched before ") and "watching had not begun" in gap.text()
    assert account_card(page, "agi").text("strong.stale") == "for all of these hours"


def test_messages_that_failed_are_listed_without_the_address(as_support, settings):
    settings.NOTIFY_URL = Secret("https://hooks.example/canary-webhook")
    facts = {"session_id": "ses_1", "made_at": ago(hours=1), "tries": 6}
    NotificationFactory(event_seq=41, failure="refused", status=403, next_try_at=None, **facts)
    later = NOW + timedelta(minutes=1)
    NotificationFactory(event_seq=42, failure="timed_out", next_try_at=later, **facts)
    response = as_support.get("/collector/")
    assert "canary" not in response.text
    messages = parse(response).one('[data-messages="on"]')
    items = {item.text("a"): item.text() for item in messages.css("li")}
    assert "the webhook refused the request (status 403)" in items["#41"]
    assert "given up" in items["#41"]
    assert "the webhook did not answer in time" in items["#42"]
    assert "tried again at" in items["#42"]
    assert messages.has('a[href="/audit/41/"]')


def test_without_a_webhook_it_says_that_nobody_is_notified(as_viewer, settings):
    settings.NOTIFY_URL = Secret("")
    assert "NOTIFY_URL" in open_health_page(as_viewer).text('[data-messages="off"]')


def test_without_an_upstream_there_is_nothing_to_receive(as_viewer, settings):
    settings.UPSTREAMS = {}
    assert "There is nothing to receive" in open_health_page(as_viewer).text()


def test_the_poll_is_answered_only_when_something_changed(as_viewer, time_machine):
    heartbeat = HeartbeatFactory(beat_at=ago(seconds=1))
    FeedStatusFactory()
    watch()
    address = open_health_page(as_viewer).one("#health")["hx-get"]
    assert address.startswith("/collector/now/")
    same = as_viewer.get(address)
    assert (same.status_code, same.content) == (304, b"")
    time_machine.move_to(NOW + timedelta(seconds=15), tick=False)
    assert as_viewer.get(address).status_code == 304
    heartbeat.beat_at = NOW
    heartbeat.save()
    changed = as_viewer.get(address)
    assert changed.status_code == 200 and "<html" not in changed.text
    assert parse(changed).has("#health")


def test_time_alone_can_be_a_change(as_viewer, time_machine):
    HeartbeatFactory()
    address = open_health_page(as_viewer).one("#health")["hx-get"]
    time_machine.move_to(NOW + timedelta(seconds=125), tick=False)
    assert parse(as_viewer.get(address)).has('[data-collector="silent"]')


def test_the_page_polls_without_keeping_a_sign_in_alive(as_viewer):
    headers = open_health_page(as_viewer).attributes("[data-poll]", "hx-headers")
    assert headers == ['{"X-Poll": "1"}'] * 2


def test_an_admin_may_see_it_too(as_admin):
    assert as_admin.get("/collector/").status_code == 200
