"""One watch list for the whole team: put on, taken off, and every change written down once."""

import pytest

from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import watching
from tests.oversight.conftest import ADDRESS, acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def entries() -> list[tuple[str, str]]:
    return list(TeamEntry.objects.order_by("id").values_list("kind", "by_name"))


def test_what_one_watches_all_watch(as_support, as_viewer, session):
    answer = as_support.post(ADDRESS + "watch/", {"watch": "yes"})
    assert answer.status_code == 302 and answer.url == ADDRESS + "#team"
    state = TeamState.objects.get()
    assert state.watched_since and state.watched_by_name == "support"
    assert "added by support" in as_viewer.get(ADDRESS).text
    assert entries() == [("watch", "support")]


def test_watching_twice_is_watching_once(session, support, support2):
    watching.watch(session=session, by=acting(support))
    since = TeamState.objects.get().watched_since
    watching.watch(session=session, by=acting(support2))
    state = TeamState.objects.get()
    assert (state.watched_since, state.watched_by_name) == (since, "support")
    assert entries() == [("watch", "support")]


def test_anybody_may_take_it_off_and_that_is_written_too(as_support2, session, support):
    watching.watch(session=session, by=acting(support))
    as_support2.post(ADDRESS + "watch/", {"watch": "no"})
    as_support2.post(ADDRESS + "watch/", {"watch": "no"})
    assert TeamState.objects.get().watched_since is None
    assert entries() == [("watch", "support"), ("unwatch", "support2")]


def test_the_board_sees_that_something_changed(session, support):
    before = session.changed_at
    watching.watch(session=session, by=acting(support))
    session.refresh_from_db()
    assert session.changed_at > before


def test_with_htmx_the_answer_is_the_part_of_the_page_and_its_head(as_support, session):
    part = as_support.post(
        ADDRESS + "watch/", {"watch": "yes"}, headers={"HX-Request": "true"}
    ).text
    assert part.lstrip().startswith('<div id="session"') and "<html" not in part
    assert 'id="team-bar" hx-swap-oob="true"' in part and "Stop watching<" in part


@pytest.mark.parametrize("which", [{}, {"watch": "maybe"}])
def test_a_post_that_does_not_say_which_changes_nothing(as_support, session, which):
    assert as_support.post(ADDRESS + "watch/", which).status_code == 400
    assert not TeamEntry.objects.exists()


def test_a_session_that_nobody_asked_for_cannot_be_watched(as_support):
    assert as_support.post(ADDRESS + "watch/", {"watch": "yes"}).status_code == 404
