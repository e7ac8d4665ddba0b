"""The timeline shows when nobody was watching, so that "nothing happened" differs from it."""

import pytest

from pingadmin.remote_sessions.history import timeline
from pingadmin.remote_sessions.models import RemoteSession
from tests.support.html import parse
from tests.support.session_histories import (
    add_snapshot,
    add_snapshots,
    add_watch_span,
    at,
    create_session,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/sessions/ping/ses_8f2c71d09a/"


@pytest.fixture
def session():
    return create_session()


def timeline_of(session):
    """(seconds since START, text) of each item, newest first."""
    items, _ = timeline.build_timeline(session)
    return [((item.at - at(0)).total_seconds(), item.text) for item in items]


def test_a_gap_is_listed_in_order_with_its_reason(session):
    add_watch_span(-10, 1000, "the collector was restarted")
    add_watch_span(1480, None)
    add_snapshot(session, 0)
    add_snapshot(session, 900, state="disconnected")
    add_snapshot(session, 1500, state="connected")
    assert timeline_of(session) == [
        (1500, "Connected"),
        (1000, "Not watching: the collector was restarted. Nothing is known about these 8 min."),
        (900, "Disconnected"),
        (0, "Connected"),
    ]


def test_a_look_up_by_hand_inside_a_gap_is_listed(session):
    add_watch_span(-10, 100, "the collector was stopped")
    add_watch_span(400, None)
    add_snapshot(session, 0)
    add_snapshot(session, 200, state="disconnected", source="look-up")
    assert timeline_of(session)[:2] == [
        (200, "Disconnected"),
        (
            100,
            "Not watching: the collector was stopped. "
            "Only what is listed here is known about these 5 min.",
        ),
    ]


def test_equal_observations_are_not_joined_across_a_gap(session):
    add_watch_span(-10, 100, "the collector was stopped")
    add_watch_span(400, None)
    for begin in (0, 50, 450, 500):
        add_snapshot(session, begin, up=begin)
    assert [seconds for seconds, _ in timeline_of(session)] == [450, 100, 0]


def test_an_open_gap_says_that_it_continues(as_viewer, session):
    add_snapshot(session, 0)
    add_watch_span(-10, 100, "the stream broke off")
    timeline_text = parse(as_viewer.get(ADDRESS)).text(".timeline")
    assert "Not watching: the stream broke off." in timeline_text
    assert "It continues." in timeline_text


def test_without_a_break_in_watching_there_is_no_gap(as_viewer, session):
    add_snapshot(session, 0)
    add_watch_span(-10, None)
    assert timeline_of(session) == [(0, "Connected")]
    assert "Not watching" not in parse(as_viewer.get(ADDRESS)).text(".timeline")


@pytest.mark.parametrize(
    ("created", "note"), [(None, "first seen by us, may be older"), (at(-5), "first seen by us")]
)
def test_the_first_observation_is_noted_as_only_ours(session, created, note):
    RemoteSession.objects.filter(pk=session.pk).update(created_upstream_at=created)
    session.refresh_from_db()
    add_snapshot(session, 0)
    add_snapshot(session, 60, state="disconnected")
    items, since = timeline.build_timeline(session)
    assert [item.note for item in items if not item.is_gap] == ["", note]
    assert since is None


def test_a_late_answer_is_listed_at_its_own_time(session):
    add_watch_span(-10, None)
    add_snapshot(session, 100, state="disconnected")
    add_snapshot(session, 50, state="connected")
    assert timeline_of(session) == [(100, "Disconnected"), (50, "Connected")]


def test_hidden_gaps_are_mentioned(session):
    add_snapshot(session, 0)
    for number in range(timeline.MAX_GAPS + 2):
        add_watch_span(number * 100, number * 100 + 50, "the stream broke off")
    items, since = timeline.build_timeline(session)
    assert sum(item.is_gap for item in items) == timeline.MAX_GAPS
    assert since == min(item.at for item in items if item.is_gap)


def test_many_heartbeats_do_not_hide_an_old_change(session):
    add_watch_span(-10, None)
    add_snapshot(session, 0, state="created", up=0)
    add_snapshots(session, ({"first_at": at(30 * n), "uploaded_bytes": n} for n in range(1, 1000)))
    items, since = timeline.build_timeline(session)
    assert [(item.text, item.observation_count) for item in items] == [
        ("Connected", 999),
        ("Created", 1),
    ]
    assert (items[0].at, items[0].until_at, since) == (at(30), at(30 * 999), None)


@pytest.mark.parametrize("most", [3, 4])
def test_hidden_snapshots_are_mentioned_only_where_there_are_some(session, monkeypatch, most):
    monkeypatch.setattr(timeline, "MAX_SNAPSHOTS", most)
    add_watch_span(-10, None)
    for number in range(4):
        add_snapshot(session, number * 60, up=number)
    items, since = timeline.build_timeline(session)
    assert [item.observation_count for item in items] == [most]
    assert since == (None if most == 4 else at(60))


def test_a_gap_older_than_the_oldest_shown_observation_is_hidden(session, monkeypatch):
    monkeypatch.setattr(timeline, "MAX_RUNS", 1)
    add_watch_span(-10, 100, "the collector was stopped")
    add_watch_span(400, None)
    add_snapshot(session, 200, source="look-up")
    add_snapshot(session, 450, state="disconnected")
    assert timeline_of(session) == [(450, "Disconnected")]


@pytest.mark.parametrize("limit", ["MAX_RUNS", "MAX_SNAPSHOTS"])
def test_the_page_says_since_when_items_are_hidden(as_viewer, session, monkeypatch, limit):
    monkeypatch.setattr(timeline, limit, 2)
    add_watch_span(-10, None)
    for number, state in enumerate(["created", "connected", "disconnected", "connected"]):
        add_snapshot(session, number * 60, state=state)
    items, since = timeline.build_timeline(session)
    assert [item.text for item in items] == ["Connected", "Disconnected"]
    assert since == at(120) and all(not item.note for item in items)
    page = parse(as_viewer.get(ADDRESS))
    note = [
        text for text in page.texts("p:has(time)") if "Older entries are hidden: before" in text
    ]
    assert note and page.has('a[href$="/history.csv"], a[href*="/history.csv?"]')
