"""The event stream, from the simulator's socket to the rows."""

import json
from datetime import timedelta

import pytest

from pingadmin.collector.models import FeedStatus
from pingadmin.demo import cast
from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan
from tests.support.processes import until
from tests.support.raw_server import says

pytestmark = pytest.mark.django_db


def storm_sessions():
    return RemoteSession.objects.filter(client_name__startswith="storm-")


@pytest.fixture
def following(collector_for, simulator):
    ping = collector_for()
    ping.follow()
    return ping


def test_events_alone_create_and_update_sessions(following, simulator):
    assert following.write_until(
        lambda: RemoteSession.objects.filter(session_id=cast.PING_CONNECTED).exists()
    )
    session = RemoteSession.objects.get(session_id=cast.PING_CONNECTED)
    assert (session.state, session.source, session.client_name) == (
        "connected",
        "stream",
        "acme-frankfurt-014",
    )
    assert session.uploaded_bytes > 0
    assert simulator.call_count("/status") == 0


def test_a_storm_is_written_whole(following, simulator):
    simulator.storm(sessions=500, heartbeats=4)
    assert following.write_until(
        lambda: storm_sessions().filter(duration_seconds=120).count() == 500
    )
    assert StatusSnapshot.objects.filter(session__in=storm_sessions()).count() == 500 * 5
    index = 321
    session = storm_sessions().get(client_name=f"storm-{index}")
    assert (session.uploaded_bytes, session.downloaded_bytes) == (
        4 * (1_000_000 + index),
        4 * (9_000_000 + index),
    )
    assert following.inbox.dropped == 0


def test_a_storm_that_nobody_writes_keeps_the_newest_of_each_session(collector_for, simulator):
    ping = collector_for(most=300)
    ping.follow()
    simulator.storm(sessions=200, heartbeats=9)
    assert until(lambda: not simulator.storm_report()["running"])
    assert until(lambda: ping.feed.counts["events"] >= 2000)
    assert ping.write_until(lambda: storm_sessions().filter(duration_seconds=270).count() == 200)
    assert ping.inbox.dropped > 1000
    ping.feed.save()
    assert FeedStatus.objects.get(alias="ping").dropped == ping.inbox.dropped
    assert WatchSpan.objects.filter(
        alias="ping", end_reason="more events came than could be written"
    ).exists()


def test_duplicates_and_disorder_change_nothing(following, simulator):
    simulator.stream_fault("duplicate", times=200)
    simulator.stream_fault("disorder", times=200)
    for _ in range(5):
        simulator.advance(5)
    following.write_until(lambda: following.feed.counts["repeated"] > 10)
    for session in RemoteSession.objects.exclude(uploaded_bytes=None):
        rows = list(
            session.snapshots.oldest_first().values_list("uploaded_bytes", "duration_seconds")
        )
        assert rows == sorted(rows), "history is in the order in which it happened"
        assert len(rows) == len(set(rows)), "each event is one row"
        assert (session.uploaded_before_reset, session.uploaded_bytes) == (0, rows[-1][0])


def test_a_break_is_a_gap_and_what_was_missed_is_asked_for(following, simulator):
    following.write_until(lambda: len(following.resyncs) == 1)
    simulator.stream_fault("drop")
    assert following.write_until(lambda: len(following.resyncs) == 2)
    assert following.write_until(lambda: WatchSpan.objects.filter(alias="ping").count() == 2)
    before, after = WatchSpan.objects.filter(alias="ping").order_by("from_at")
    assert before.end_reason == "the event stream broke off"
    gaps = coverage.find_gaps("ping", before.from_at, after.until_at)
    assert [(gap.from_at, gap.until_at, gap.why) for gap in gaps] == [
        (before.until_at, after.from_at, "the event stream broke off")
    ]
    following.feed.save()
    assert FeedStatus.objects.get(alias="ping").reconnects == 1


def test_a_stream_that_fell_silent_was_not_watched_from_its_last_byte_on(
    following, simulator, settings
):
    settings.EVENT_STREAM_IDLE_SECONDS = 2.5
    simulator.storm(sessions=3, heartbeats=0)
    assert following.write_until(lambda: storm_sessions().count() == 3)
    last = storm_sessions().order_by("last_seen_at").last().last_seen_at
    simulator.stream_fault("silence", seconds=30)
    assert following.write_until(
        lambda: WatchSpan.objects.filter(end_reason="the event stream fell silent").exists()
    )
    ended = WatchSpan.objects.get(end_reason="the event stream fell silent").until_at
    assert timedelta(0) <= ended - last < timedelta(seconds=1.5)


def test_a_jump_of_the_numbers_is_a_gap(following, simulator):
    simulator.storm(sessions=30, heartbeats=0)
    following.write_until(lambda: storm_sessions().count() == 30)
    simulator.stream_fault("jump", count=7)
    simulator.storm(sessions=30, heartbeats=1)
    simulator.advance(5)
    assert following.write_until(
        lambda: WatchSpan.objects.filter(end_reason="the event stream left events out").exists()
    )
    assert len(following.resyncs) == 2
    before, after = WatchSpan.objects.filter(alias="ping").order_by("from_at")
    assert before.until_at < after.from_at
    assert (
        storm_sessions()
        .filter(last_seen_at__gt=before.until_at, last_seen_at__lt=after.from_at)
        .count()
        == 0
    )


def test_garbage_costs_itself_and_is_counted(following, simulator):
    faults = ["giant_line", "garbage", "unknown_type", "bad_utf8", "carriage_returns", "crlf"]
    for name in faults:
        simulator.stream_fault(name)
    simulator.advance(5)
    assert following.write_until(
        lambda: following.feed.counts["unreadable"] >= 2 and following.feed.counts["dropped"]
    )
    simulator.storm(sessions=20, heartbeats=0)
    assert following.write_until(lambda: storm_sessions().count() == 20), "the stream goes on"
    following.feed.save()
    feed = FeedStatus.objects.get(alias="ping")
    assert feed.unreadable >= 2 and feed.dropped >= 1 and feed.reconnects == 0


def test_a_refused_stream_says_why_and_rests_longer_each_time(collector_for, simulator):
    ping = collector_for()
    simulator.fault("status", status=401, match="GET */events", times=8)
    rests = []
    for _ in range(7):
        assert ping.follower.step() is False
        rests.append([ping.follower.rest_seconds() for _ in range(200)])
    ping.feed.save()
    feed = FeedStatus.objects.get(alias="ping")
    assert (feed.error, feed.up_since) == ("refused_key", None)
    assert max(rests[0]) <= 2 < max(rests[3]) and 20 < max(rests[6]) <= 60
    assert min(min(each) for each in rests) >= 1
    assert len(set(rests[6])) > 100, "never the same for all"
    assert not WatchSpan.objects.filter(alias="ping").exists()


@pytest.mark.parametrize("status", [204, 400, 404, 410, 412])
def test_an_id_that_is_refused_is_dropped_once(collector_for, raw_server, settings, status):
    """Else the same id would be sent for ever, and nothing received until a restart."""
    server = raw_server(
        says(200, event_text(1), kind="text/event-stream"),
        says(status, b""),
        says(200, event_text(2), kind="text/event-stream"),
    )
    settings.UPSTREAMS = {
        "ping": {**settings.UPSTREAMS["ping"], "BASE_URL": server.address},
    }
    ping = collector_for()
    for _ in range(3):
        ping.follower.step()
    asked = [request.headers.get("last-event-id") for request in server.requests]
    assert asked == [None, "1", None]
    while ping.writer.step():
        pass
    assert StatusSnapshot.objects.filter(source="stream").count() == 2
    gaps = coverage.find_gaps("ping", *span_of_coverage())
    assert [gap.why for gap in gaps] == ["the event stream broke off"]


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_another_refusal_keeps_the_id(collector_for, raw_server, settings, status):
    event = says(200, event_text(1), kind="text/event-stream")
    server = raw_server(event, says(status, b""), event)
    settings.UPSTREAMS = {
        "ping": {**settings.UPSTREAMS["ping"], "BASE_URL": server.address},
    }
    ping = collector_for()
    for _ in range(3):
        ping.follower.step()
    asked = [request.headers.get("last-event-id") for request in server.requests]
    assert asked == [None, "1", "1"]


def event_text(number: int) -> bytes:
    data = {
        "event_type": "session_heartbeat",
        "session_id": "ses_1",
        "client_id": "c",
        "duration": number,
        "uploaded_bytes": number,
        "downloaded_bytes": 0,
    }
    return f"id: {number}\ndata: {json.dumps(data)}\n\n".encode()


def span_of_coverage():
    spans = WatchSpan.objects.order_by("from_at")
    return spans.first().from_at, spans.last().until_at


def test_lag_and_counts_are_recorded(following, simulator):
    simulator.storm(sessions=50, heartbeats=1)
    following.write_until(lambda: storm_sessions().filter(duration_seconds=30).count() == 50)
    following.feed.save()
    feed = FeedStatus.objects.get(alias="ping")
    assert (
        feed.kind == "stream" and feed.up_since and feed.events >= 100 and feed.lag_ms is not None
    )
    assert feed.received_at - feed.up_since < timedelta(minutes=5)
