"""Who is asked, in which order, how often, and what comes of it; lists likewise."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.collector.models import FeedStatus
from pingadmin.collector.steps.lister import Lister
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession, WatchSpan
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionEvent
from tests.factories import RemoteSessionFactory, TeamStateFactory
from tests.support.processes import until

pytestmark = pytest.mark.django_db


def create_session(session_id, *, ago=120.0, watched=False, **facts) -> RemoteSession:
    """A session that was last seen that many seconds ago; the team may watch it."""
    at = timezone.now() - timedelta(seconds=ago)
    session = RemoteSessionFactory(session_id=session_id, first_seen_at=at, **facts)
    if watched:
        TeamStateFactory(session=session, watched_since=at)
    return session


def polled_sessions(simulator) -> list[str]:
    """The session ids whose status the poller asked for."""
    return [name.split("/")[-2] for name in simulator.calls("/status")]


def test_open_sessions_without_a_recent_event_are_polled_and_others_are_not(
    collector_for, simulator
):
    create_session(cast.PING_CONNECTED, ago=61)
    create_session(cast.PING_CREATED, state="created", ago=3600)
    create_session(cast.PING_CONNECTED_LONG, ago=5)
    create_session(cast.PING_ENDED, state="disconnected", ago=3600)
    ping = collector_for()
    ping.poll()
    assert sorted(polled_sessions(simulator)) == sorted([cast.PING_CONNECTED, cast.PING_CREATED])
    session = RemoteSession.objects.get(session_id=cast.PING_CONNECTED)
    assert session.source == "poll" and session.uploaded_bytes
    ping.poll()
    assert simulator.call_count("/status") == 2, "seen just now"


def test_what_the_team_watches_comes_first_whatever_its_state(collector_for, simulator, settings):
    settings.COLLECT_POLLS_A_SECOND = 1
    create_session(cast.PING_CONNECTED, ago=9000)
    create_session(cast.PING_ENDED, state="disconnected", ago=61, watched=True)
    ping = collector_for()
    ping.poller.step()
    ping.threads.shutdown()
    assert polled_sessions(simulator) == [cast.PING_ENDED]


def test_a_gap_makes_every_session_due_that_sent_no_event_since(collector_for, simulator):
    create_session(cast.PING_CONNECTED, ago=5)
    ping = collector_for()
    ping.poller.resync(timezone.now())
    ping.poll()
    assert polled_sessions(simulator) == [cast.PING_CONNECTED]


def test_a_doubtful_session_is_polled_at_once_and_the_answer_resolves_the_doubt(
    collector_for, simulator
):
    session = create_session(
        cast.PING_CONNECTED, ago=30, duration_seconds=10**6, uploaded_bytes=10**12
    )
    ping = collector_for()
    late_event = SessionEvent(
        session.session_id, "session_heartbeat", "connected", "x", None, 10, 5, 5, timezone.now()
    )
    ping.inbox.put_events([late_event])
    ping.writer.step()
    ping.poll()
    session.refresh_from_db()
    assert (session.source, session.uploaded_before_reset) == ("poll", 10**12)
    assert session.uploaded_bytes < 10**12


def test_the_budget_of_a_second_holds(collector_for, simulator, settings):
    settings.COLLECT_POLLS_A_SECOND = 5
    for number in range(50):
        create_session(f"ses_{number:010x}")
    ping = collector_for()
    ping.poller.step()
    ping.threads.shutdown()
    assert simulator.call_count("/status") == 1


def test_a_poll_that_ends_starts_the_next_one_without_the_loop(collector_for, simulator, settings):
    settings.COLLECT_POLLS_AT_ONCE, settings.COLLECT_POLLS_A_SECOND = 1, 10_000
    asked = [simulator.session("ping", client_id="open") for _ in range(5)]
    for session_id in asked:
        create_session(session_id)
    ping = collector_for()
    ping.poller.step()
    assert until(lambda: sorted(polled_sessions(simulator)) == sorted(asked))


def test_asked_to_slow_down_it_waits_and_keeps_the_last_known_state(collector_for, simulator):
    for number in range(20):
        create_session(f"ses_{number:010x}")
    simulator.fault("status", status=429, headers={"Retry-After": "50"}, times=0)
    ping = collector_for()
    ping.poller.step()
    ping.threads.shutdown()
    asked = simulator.call_count("/status")
    for _ in range(20):
        ping.poller.send_next()
    assert 0 < simulator.call_count("/status") == asked < 20
    ping.writer.step()
    failed = RemoteSession.objects.filter(failure="rate_limited")
    assert failed.count() == asked and failed.first().state == "connected"


def test_an_upstream_that_is_back_is_asked_again_though_nobody_else_asks_it(
    collector_for, simulator, settings
):
    settings.UPSTREAM_CIRCUIT_FAILURES = 1
    settings.UPSTREAM_CIRCUIT_OPEN_SECONDS = 0.2
    create_session(cast.PING_CONNECTED, ago=120)
    ping = collector_for()
    simulator.fault("close", match="*/status", times=0)
    with pytest.raises(UpstreamError):
        ping.api.look_up(cast.PING_CREATED)
    simulator.clear_faults()
    assert ping.api.circuit_state().status == "open"
    ping.poller.step()
    assert until(
        lambda: ping.poller.send_next() or simulator.call_count(f"/{cast.PING_CONNECTED}/status")
    )


def test_a_dead_upstream_is_not_asked_while_its_circuit_is_open_and_not_by_all_when_it_is_back(
    collector_for, simulator, settings
):
    settings.UPSTREAM_CIRCUIT_FAILURES = 1
    settings.UPSTREAM_CIRCUIT_OPEN_SECONDS = 3600
    for number in range(50):
        create_session(f"ses_{number:010x}")
    simulator.fault("close", times=0)
    ping = collector_for()
    ping.poller.step()
    ping.threads.shutdown()
    asked = simulator.call_count("/status")
    assert ping.api.circuit_state().status == "open"
    ping.poller.send_next()
    assert simulator.call_count("/status") == asked
    ping.feed.save()
    feed = FeedStatus.objects.get(alias="ping")
    assert feed.polls_failed >= 1 and feed.circuit_open_until > timezone.now()


def test_a_session_that_is_gone_is_not_asked_for_ever_unless_it_is_watched(
    collector_for, simulator
):
    create_session("ses_00000000aa")
    create_session("ses_00000000bb", watched=True)
    ping = collector_for()
    ping.poll()
    assert simulator.call_count("/status") == 2
    RemoteSession.objects.update(failed_at=timezone.now() - timedelta(seconds=90))
    again = collector_for()
    again.poll()
    assert simulator.calls("bb/status").popitem()[1] == 2
    assert simulator.calls("aa/status").popitem()[1] == 1


def test_a_list_finds_sessions_and_says_that_it_watched(collector_for, simulator):
    agi = collector_for("agi")
    lister = Lister(agi.api, agi.inbox, agi.feed)
    lister.step()
    agi.writer.step()
    assert RemoteSession.objects.filter(alias="agi", source="list").count() == len(
        cast.AGI_SESSIONS
    )
    assert RemoteSession.objects.get(session_id=cast.AGI_PAUSED).paused_reported is True
    assert WatchSpan.objects.get(alias="agi").end_reason == ""


def test_a_list_that_fails_ends_the_watching_where_it_was_last_given(collector_for, simulator):
    agi = collector_for("agi")
    lister = Lister(agi.api, agi.inbox, agi.feed)
    lister.step()
    simulator.fault("status", status=500, match="GET */sessions", times=0)
    lister.step()
    agi.writer.step()
    span = WatchSpan.objects.get(alias="agi")
    assert span.end_reason == "asked for its list, the system reported an internal error"
    agi.feed.save()
    assert FeedStatus.objects.get(alias="agi").error == "server_error"
    simulator.clear_faults()
    lister.step()
    agi.writer.step()
    assert WatchSpan.objects.filter(alias="agi").count() == 2
    agi.feed.save()
    assert FeedStatus.objects.get(alias="agi").error == ""


def test_lists_are_spread_over_time_and_wait_as_long_as_they_are_asked_to(
    collector_for, simulator, settings
):
    settings.COLLECT_LIST_SECONDS = 10
    agi = collector_for("agi")
    lister = Lister(agi.api, agi.inbox, agi.feed)
    assert len({lister.rest_seconds() for _ in range(50)}) > 10
    assert all(9 <= lister.rest_seconds() <= 11 for _ in range(50))
    simulator.fault("status", status=429, headers={"Retry-After": "40"}, match="GET */sessions")
    lister.step()
    assert lister.rest_seconds() == 40
