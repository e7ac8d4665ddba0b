"""Equal answers share a snapshot, the newest wins, and late ones become history."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.observations import (
    mark_paused_doubtful,
    record_failure,
    record_observation,
    record_paused_report,
)
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord
from tests.support.stream_events import NOW, after

RECORD = SessionRecord(
    session_id="ses_8f2c71d09a",
    state="connected",
    is_known_state=True,
    client_name="client-2041",
    paused=None,
    answered_at=NOW,
    duration_seconds=60,
    uploaded_bytes=10,
    downloaded_bytes=20,
)

pytestmark = pytest.mark.django_db


def observe(source="look-up", **changes):
    """The session as known after an answer, and the snapshot that holds the answer."""
    record = replace(RECORD, **changes)
    session = record_observation(alias="ping", record=record, source=source)
    return session, session.snapshots.begun_by(record.answered_at).newest_first().first()


def test_the_first_answer_creates_the_session_and_its_first_snapshot():
    session, snapshot = observe()
    assert (session.state, session.client_name, session.last_seen_at, session.first_seen_at) == (
        "connected",
        "client-2041",
        NOW,
        NOW,
    )
    assert (snapshot.first_at, snapshot.last_at, snapshot.observation_count) == (NOW, NOW, 1)


def test_an_equal_answer_extends_the_snapshot_even_when_the_duration_grew():
    observe()
    session, snapshot = observe(answered_at=after(30), duration_seconds=90)
    assert StatusSnapshot.objects.count() == 1
    assert (snapshot.last_at, snapshot.observation_count, snapshot.duration_seconds) == (
        after(30),
        2,
        90,
    )
    assert session.last_seen_at == after(30)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "disconnected"},
        {"uploaded_bytes": 11},
        {"downloaded_bytes": None},
        {"paused": True},
    ],
)
def test_a_changed_answer_is_a_snapshot_of_its_own(change):
    observe()
    observe(answered_at=after(30), **change)
    assert StatusSnapshot.objects.count() == 2


def test_a_late_answer_is_only_history():
    observe(answered_at=after(30), state="disconnected")
    session, late = observe(answered_at=NOW, state="connected")
    assert (session.state, session.last_seen_at) == ("disconnected", after(30))
    assert (late.state, late.first_at) == ("connected", NOW)


def test_a_late_paused_report_does_not_replace_a_newer_one():
    session, _ = observe(answered_at=after(30), paused=False)
    observe(answered_at=NOW, paused=True)
    session.refresh_from_db()
    assert (session.paused_reported, session.paused_reported_at) == (False, after(30))


@pytest.fixture
def set_back(time_machine):
    """set_back(...) observes while the clock is an hour ahead, and sets it right afterwards."""
    now = datetime.now(UTC)
    ahead = now + timedelta(hours=1)

    def observe_ahead(**changes):
        time_machine.move_to(ahead, tick=False)
        session, _ = observe(answered_at=ahead, **changes)
        mark_paused_doubtful(session=session, at=ahead)
        time_machine.move_to(now, tick=False)
        return session, now

    return observe_ahead


def test_after_the_clock_was_set_back_the_answer_received_last_counts(set_back):
    _, now = set_back(state="connected", paused=False)
    session, _ = observe(answered_at=now, state="disconnected", paused=True, source="poll")
    assert (session.state, session.last_seen_at) == ("disconnected", now)
    assert (session.paused_reported, session.paused_reported_at) == (True, now)
    assert session.paused_doubted_at <= now
    assert session.snapshots.newest_first().first().state == "disconnected"


def test_after_the_clock_was_set_back_the_answer_to_a_resume_counts(set_back):
    session, now = set_back(paused=True)
    record_paused_report(session=session, paused=False, at=now, source="resume")
    session.refresh_from_db()
    assert (session.paused_reported, session.paused_reported_at) == (False, now)
    assert session.paused_doubted_at <= now


def test_failures_leave_the_last_facts_and_share_a_snapshot():
    session, _ = observe()
    error = UpstreamError("timed_out", sent=True)
    record_failure(session=session, error=error, source="look-up")
    session = record_failure(session=session, error=error, source="look-up")
    assert (session.state, session.last_seen_at, session.failure) == ("connected", NOW, "timed_out")
    assert session.failing_since < session.failed_at
    newest = session.snapshots.latest("id")
    assert (newest.failure, newest.state, newest.observation_count) == ("timed_out", "", 2)


def test_an_answer_ends_the_failure():
    session, _ = observe()
    record_failure(session=session, error=UpstreamError("timed_out", sent=True), source="look-up")
    session, _ = observe(answered_at=datetime.now(UTC))
    assert (session.failure, session.failing_since) == ("", None)


def test_a_paused_report_from_a_resume_has_its_source():
    session, _ = observe()
    record_paused_report(session=session, paused=False, at=after(5), source="resume")
    session.refresh_from_db()
    assert (session.paused_reported, session.paused_reported_source) == (False, "resume")
    assert session.state == "connected"


def test_accounts_are_kept_apart():
    observe()
    record_observation(alias="ping-staging", record=RECORD, source="look-up")
    assert RemoteSession.objects.filter(session_id=RECORD.session_id).count() == 2
