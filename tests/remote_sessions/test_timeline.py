"""The timeline says where nobody was looking, so that "nothing happened" differs from it."""

import pytest
from django.utils import timezone

from pingadmin.remote_sessions.history import timeline
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan
from tests.remote_sessions.history import answer, at, session_seen

pytestmark = pytest.mark.django_db


@pytest.fixture
def session():
    return session_seen()


def told(session):
    """(seconds since the beginning, words) of each moment, newest first."""
    moments, _ = timeline.timeline(session)
    return [((moment.at - at(0)).total_seconds(), moment.words) for moment in moments]


def span(begin, end, why=""):
    until = end if end is None else at(end)
    WatchSpan.objects.create(
        alias="ping", from_at=at(begin), until_at=until or timezone.now(), end_reason=why
    )


def test_a_gap_stands_in_its_place_with_its_reason(session):
    span(-10, 1000, "the collector was restarted")
    span(1480, None)
    answer(session, 0)
    answer(session, 900, state="disconnected")
    answer(session, 1500, state="connected")
    assert told(session) == [
        (1500, "Connected"),
        (1000, "Not watching: the collector was restarted. Nothing is known of these 8 min."),
        (900, "Disconnected"),
        (0, "Connected"),
    ]


def test_what_was_asked_by_hand_in_a_gap_stays(session):
    span(-10, 100, "the collector was stopped")
    span(400, None)
    answer(session, 0)
    answer(session, 200, state="disconnected", source="look-up")
    assert told(session)[:2] == [
        (200, "Disconnected"),
        (
            100,
            "Not watching: the collector was stopped. Only what stands here is known of these 5 min.",
        ),
    ]


def test_equal_sightings_are_not_joined_across_a_gap(session):
    span(-10, 100, "the collector was stopped")
    span(400, None)
    for begin in (0, 50, 450, 500):
        answer(session, begin, up=begin)
    assert [seconds for seconds, _ in told(session)] == [450, 100, 0]


def test_a_gap_that_goes_on_says_so(as_viewer, session):
    answer(session, 0)
    span(-10, 100, "the stream broke off")
    page = as_viewer.get("/sessions/ping/ses_8f2c71d09a/").content.decode()
    assert "Not watching: the stream broke off." in page
    assert "It goes on." in page


def test_watched_all_along_there_is_no_gap(as_viewer, session):
    answer(session, 0)
    span(-10, None)
    assert told(session) == [(0, "Connected")]
    assert "Not watching" not in as_viewer.get("/sessions/ping/ses_8f2c71d09a/").content.decode()


@pytest.mark.parametrize(
    ("created", "note"), [(None, "first seen by us, may be older"), (at(-5), "first seen by us")]
)
def test_the_first_sighting_is_only_ours(session, created, note):
    RemoteSession.objects.filter(pk=session.pk).update(created_upstream_at=created)
    session.refresh_from_db()
    answer(session, 0)
    answer(session, 60, state="disconnected")
    moments, since = timeline.timeline(session)
    assert [moment.note for moment in moments if not moment.gap] == ["", note]
    assert since is None


def test_a_late_answer_stands_at_its_own_time(session):
    span(-10, None)
    answer(session, 100, state="disconnected")
    answer(session, 50, state="connected")
    assert told(session) == [(100, "Disconnected"), (50, "Connected")]


def test_more_gaps_than_are_shown_are_said_to_be_cut(session):
    answer(session, 0)
    for number in range(timeline.GAPS + 2):
        span(number * 100, number * 100 + 50, "the stream broke off")
    moments, since = timeline.timeline(session)
    assert sum(moment.gap for moment in moments) == timeline.GAPS
    assert since == min(moment.at for moment in moments if moment.gap)


def test_a_change_of_long_ago_is_not_hidden_by_many_heartbeats(session):
    span(-10, None)
    answer(session, 0, state="created", up=0)
    many = [
        StatusSnapshot(
            session=session,
            source="stream",
            state="connected",
            uploaded_bytes=n,
            first_at=at(30 * n),
        )
        for n in range(1, 1000)
    ]
    StatusSnapshot.objects.bulk_create(many)
    moments, since = timeline.timeline(session)
    assert [(moment.words, moment.times) for moment in moments] == [
        ("Connected", 999),
        ("Created", 1),
    ]
    assert (moments[0].at, moments[0].until, since) == (at(30), at(30 * 999), None)


@pytest.mark.parametrize("most", [3, 4])
def test_nothing_is_said_to_be_left_out_while_nothing_is(session, monkeypatch, most):
    monkeypatch.setattr(timeline, "SNAPSHOTS", most)
    span(-10, None)
    for number in range(4):
        answer(session, number * 60, up=number)
    moments, since = timeline.timeline(session)
    assert [moment.times for moment in moments] == [most]
    assert since == (None if most == 4 else at(60))


def test_a_gap_before_what_is_shown_claims_nothing(session, monkeypatch):
    monkeypatch.setattr(timeline, "SIGHTINGS", 1)
    span(-10, 100, "the collector was stopped")
    span(400, None)
    answer(session, 200, source="look-up")
    answer(session, 450, state="disconnected")
    assert told(session) == [(450, "Disconnected")]


@pytest.mark.parametrize("limit", ["SIGHTINGS", "SNAPSHOTS"])
def test_what_is_left_out_is_said(as_viewer, session, monkeypatch, limit):
    monkeypatch.setattr(timeline, limit, 2)
    span(-10, None)
    for number, state in enumerate(["created", "connected", "disconnected", "connected"]):
        answer(session, number * 60, state=state)
    moments, since = timeline.timeline(session)
    assert [moment.words for moment in moments] == ["Connected", "Disconnected"]
    assert since == at(120) and all(not moment.note for moment in moments)
    page = as_viewer.get("/sessions/ping/ses_8f2c71d09a/").content.decode()
    assert "Older entries are hidden: before <time" in page and "/history.csv" in page
