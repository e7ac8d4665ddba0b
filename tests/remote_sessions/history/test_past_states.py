"""What was known at a past moment is the newest snapshot that had begun by then."""

import pytest

from pingadmin.remote_sessions.history.past_states import find_snapshots_at
from tests.support.session_histories import add_failure, add_snapshot, at, create_session

pytestmark = pytest.mark.django_db


def state_at(session, seconds):
    snapshot = find_snapshots_at([session.pk], at(seconds))[session.pk]
    return snapshot and (snapshot.failure or snapshot.state)


def test_a_moment_has_the_newest_snapshot_that_had_begun():
    session = create_session()
    add_snapshot(session, 0, until=50)
    add_snapshot(session, 60, state="disconnected", until=90)
    add_failure(session, 100, until=130)
    expected = {
        -1: None,
        0: "connected",
        50: "connected",
        55: "connected",
        60: "disconnected",
        99: "disconnected",
        100: "timed_out",
        10**6: "timed_out",
    }
    assert {seconds: state_at(session, seconds) for seconds in expected} == expected
    assert find_snapshots_at([session.pk], at(95))[session.pk].last_at == at(90), (
        "so that its age can be shown"
    )


def test_a_late_answer_counts_for_its_own_time():
    session = create_session()
    add_snapshot(session, 100, state="disconnected")
    add_snapshot(session, 50, state="connected")
    assert [state_at(session, moment) for moment in (60, 110)] == ["connected", "disconnected"]


def test_of_two_at_the_same_moment_the_last_written_counts():
    session = create_session()
    add_snapshot(session, 0, state="connected")
    add_snapshot(session, 0, state="disconnected")
    assert state_at(session, 0) == "disconnected"


def test_a_bare_paused_report_does_not_hide_the_state():
    session = create_session()
    add_snapshot(session, 0)
    add_snapshot(session, 10, None, None, paused=True, state="")
    assert state_at(session, 20) == "connected"


def test_many_sessions_take_two_queries(django_assert_num_queries):
    sessions = [create_session(session_id=f"ses_{number}") for number in range(30)]
    for number, session in enumerate(sessions[:-1]):
        add_snapshot(session, number, state="connected" if number % 2 else "disconnected")
    with django_assert_num_queries(2):
        snapshots = find_snapshots_at([session.pk for session in sessions], at(20))
    assert [snapshots[session.pk] is not None for session in sessions] == [
        number <= 20 for number in range(30)
    ]
    assert snapshots[sessions[3].pk].state == "connected"


def test_no_sessions_have_no_snapshots():
    assert find_snapshots_at([], at(0)) == {}
