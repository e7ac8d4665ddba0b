"""Sessions that are to be resumed later on the board: a group of their own, a view, a countdown."""

import pytest
from django.utils import timezone

from tests.factories import ScheduledResumeFactory
from tests.oversight.board_sessions import make_paused, make_session, make_unresolved
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


@pytest.fixture
def sessions():
    """A paused session; one that is to be resumed, not watched, and paused for an hour; and one of
    each beside an unknown outcome.
    """
    make_paused("b-paused")
    ScheduledResumeFactory(session=make_paused("a-later"))
    ScheduledResumeFactory(session=make_session("d-later", state="connected", seen=9000))
    ScheduledResumeFactory(session=make_unresolved("c-unknown"))


def test_they_stand_after_paused_sessions_with_their_time_and_a_countdown(as_viewer, sessions):
    page = parse(as_viewer.get("/sessions/"))
    assert page.texts("tbody label") == ["c-unknown", "b-paused", "a-later", "d-later"]
    assert "Resume scheduled" in page.text("table")
    (row,) = [row for row in page.css("tbody tr") if "a-later" in row.text()]
    assert "Resumes at " in row.text("td:first-child")
    assert row.text("time[data-until]") == "in 9 min"


@pytest.mark.parametrize(
    ("view", "shown"),
    [("scheduled", ["c-unknown", "a-later", "d-later"]), ("look", ["c-unknown", "b-paused"])],
)
def test_they_are_a_view_and_need_no_attention(as_viewer, sessions, view, shown):
    page = parse(as_viewer.get(f"/sessions/?view={view}"))
    assert page.texts("tbody label") == shown


def test_one_that_was_cancelled_is_where_it_was(as_viewer):
    ScheduledResumeFactory(
        session=make_paused("a-paused"), state="cancelled", ended_at=timezone.now()
    )
    page = parse(as_viewer.get("/sessions/"))
    assert "Resume scheduled" not in page.text("table") and not page.has("time[data-until]")
