"""What was known at a past moment is the snapshot that had begun by then, for many sessions at once."""

import pytest

from pingadmin.remote_sessions.history.past_states import find_snapshots_at
from tests.remote_sessions.history import answer, at, failure, session_seen

pytestmark = pytest.mark.django_db


def state(session, seconds):
    held = find_snapshots_at([session], at(seconds))[session.pk]
    return held and (held.failure or held.state)


def test_each_moment_has_the_newest_that_had_begun():
    session = session_seen()
    answer(session, 0, until=50)
    answer(session, 60, state="disconnected", until=90)
    failure(session, 100, until=130)
    moments = (-1, 0, 50, 55, 60, 99, 100, 10**6)
    assert [state(session, moment) for moment in moments] == [
        None, "connected", "connected", "connected", "disconnected", "disconnected", "timed_out", "timed_out",
    ]  # fmt: skip
    assert find_snapshots_at([session], at(95))[session.pk].last_at == at(90), (
        "so that it can be told how old it was"
    )


def test_a_late_answer_counts_for_its_own_time():
    session = session_seen()
    answer(session, 100, state="disconnected")
    answer(session, 50, state="connected")
    assert [state(session, moment) for moment in (60, 110)] == ["connected", "disconnected"]


def test_of_two_at_the_same_moment_the_one_that_was_written_last():
    session = session_seen()
    answer(session, 0, state="connected")
    answer(session, 0, state="disconnected")
    assert state(session, 0) == "disconnected"


def test_a_bare_statement_does_not_hide_the_state():
    session = session_seen()
    answer(session, 0)
    answer(session, 10, None, None, paused=True, state="")
    assert state(session, 20) == "connected"


def test_many_sessions_take_two_queries(django_assert_num_queries):
    sessions = [session_seen(session_id=f"ses_{number}") for number in range(30)]
    for number, session in enumerate(sessions[:-1]):
        answer(session, number, state="connected" if number % 2 else "disconnected")
    with django_assert_num_queries(2):
        found = find_snapshots_at(sessions, at(20))
    assert [found[session.pk] is not None for session in sessions] == [
        number <= 20 for number in range(30)
    ]
    assert found[sessions[3].pk].state == "connected"


def test_of_no_sessions_nothing_is_told():
    assert find_snapshots_at([], at(0)) == {}
