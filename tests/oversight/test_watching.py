"""One watch list for the whole team; every change of it is one entry."""

import pytest

from pingadmin.oversight.models import TeamEntry, TeamState
from pingadmin.oversight.team import watching
from tests.oversight.conftest import ADDRESS, acting

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def entries() -> list[tuple[str, str]]:
    return list(TeamEntry.objects.order_by("id").values_list("kind", "by_name"))


def test_what_one_person_watches_the_team_watches(as_support, as_viewer, session):
    response = as_support.post(ADDRESS + "watch/", {"watch": "yes"})
    assert response.status_code == 302 and response.url == ADDRESS + "#team"
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


def test_anybody_may_stop_watching_and_that_is_an_entry_too(as_support2, session, support):
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


def test_with_htmx_the_response_is_the_session_and_the_team_bar(as_support, session):
    part = as_support.post(
        ADDRESS + "watch/", {"watch": "yes"}, headers={"HX-Request": "true"}
    ).text
    assert part.lstrip().startswith('<div id="session"') and "<html" not in part
    assert 'id="team-bar" hx-swap-oob="true"' in part and "Stop watching<" in part


@pytest.mark.parametrize("which", [{}, {"watch": "maybe"}])
def test_a_post_that_does_not_say_which_changes_nothing(as_support, session, which):
    assert as_support.post(ADDRESS + "watch/", which).status_code == 400
    assert not TeamEntry.objects.exists()


def test_a_session_that_is_not_recorded_cannot_be_watched(as_support):
    assert as_support.post(ADDRESS + "watch/", {"watch": "yes"}).status_code == 404
