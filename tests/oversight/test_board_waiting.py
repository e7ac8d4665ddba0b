"""Agents that wait for an answer on the board: a group of their own, a tag, a view."""

import pytest

from tests.factories import AgentTaskFactory, TeamStateFactory
from tests.oversight.board_sessions import ago, make_paused, make_session, make_unresolved
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def make_waiting(session_id: str, *, answered: float = 5, **fields):
    """A session whose agent has waited for five minutes, as was read so long ago."""
    session = make_session(session_id, alias="agi", **{"state": "running"} | fields)
    AgentTaskFactory(session=session, waiting_since=ago(300), answered_at=ago(answered))
    return session


def test_they_stand_between_unknown_outcomes_and_paused_sessions(as_viewer):
    make_paused("c-paused", alias="agi", state="paused")
    make_unresolved("b-unknown", alias="agi")
    make_waiting("a-waiting")
    page = parse(as_viewer.get("/sessions/"))
    assert page.texts("tbody label") == ["b-unknown", "a-waiting", "c-paused"]
    assert "Waiting for an answer" in page.text("table")
    (row,) = [row for row in page.css("tbody tr") if "a-waiting" in row.text()]
    assert row.text("td:first-child").startswith("Waiting for an answersince ")
    assert row.text("td:first-child").endswith("; Running")


def test_an_old_report_carries_a_question_mark(as_viewer):
    make_waiting("a-waiting", answered=300)
    page = parse(as_viewer.get("/sessions/"))
    assert "Waiting for an answer?" in page.text("tbody td:first-child")


def test_a_session_that_stopped_waiting_leaves_the_group(as_viewer):
    session = make_waiting("a-waiting", state="terminated", seen=1)
    TeamStateFactory(session=session, watched_since=ago(9))
    AgentTaskFactory(session=make_session("b-runs", alias="agi", state="running", watched=True))
    page = parse(as_viewer.get("/sessions/"))
    assert "Waiting for an answer" not in page.text("table")


def test_a_session_whose_own_state_says_so_is_in_the_group(as_viewer):
    make_session("a-waiting", alias="agi", state="waiting_for_input")
    page = parse(as_viewer.get("/sessions/?view=waiting"))
    assert page.text("tbody td:first-child") == "Waiting for an answerWaiting for input"


@pytest.mark.parametrize(("view", "shown"), [("waiting", ["a"]), ("look", ["a", "b"])])
def test_they_are_a_view_and_need_attention(as_viewer, view, shown):
    make_waiting("a")
    make_paused("b", alias="agi", state="paused")
    page = parse(as_viewer.get(f"/sessions/?view={view}"))
    assert page.texts("tbody label") == shown
