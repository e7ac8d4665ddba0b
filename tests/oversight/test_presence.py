"""Who has the page open: the page renews it itself, it ends when the page does, and it is cheap."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.http import HttpResponse
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.oversight.models import Presence
from pingadmin.oversight.team import presence
from pingadmin.oversight.templatetags.team_text import also_viewing
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observations import mark_session_changed
from tests.factories import UnseenSessionFactory
from tests.oversight.board_sessions import make_attempt
from tests.oversight.conftest import ADDRESS
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]
NOW = ADDRESS + "team/"


def poll(client, have="", drawn=""):
    return client.get(
        NOW, {"have": have, "drawn": drawn}, headers={"HX-Request": "true", "X-Poll": "1"}
    )


def version_in(response: HttpResponse) -> str:
    """The version of the team's panel that the page's next poll sends."""
    address = parse(response).attributes("[hx-get*='team/?have=']", "hx-get")[0]
    return parse_qs(urlsplit(address).query)["have"][0]


def drawn_in(response: HttpResponse) -> str:
    """The stamp of the resume panel in a page."""
    return parse(response).one("[name=drawn]")["value"]


def test_a_viewer_is_shown_to_others_and_not_to_themselves(as_viewer, as_support, session):
    assert "Only you are viewing" in poll(as_viewer).text
    page = parse(as_support.get(ADDRESS))
    assert page.text().count("viewer is viewing this too") == 2 and "VI" in page.texts("span")
    in_order = [item["id"] or item.text() for item in page.css("strong, #resume-button")]
    assert in_order.index("viewer is viewing this too") < in_order.index("resume-button")
    assert "is viewing this too" not in as_viewer.get(ADDRESS).text


def test_opening_a_page_without_polling_leaves_no_presence(as_viewer, as_support, session):
    as_viewer.get(ADDRESS)
    assert not Presence.objects.exists()


def test_it_ends_with_its_lease(as_support, session, viewer):
    presence.renew_presence(session=session, person=viewer)
    with time_machine.travel(timezone.now() + timedelta(seconds=29)):
        assert presence.viewers_by_session([session.pk]) == {session.pk: ["viewer"]}
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        assert presence.viewers_by_session([session.pk]) == {}
        assert "is viewing this too" not in as_support.get(ADDRESS).text


def test_a_lease_with_enough_time_left_is_not_written_again(
    session, viewer, django_assert_num_queries
):
    presence.renew_presence(session=session, person=viewer)
    until = Presence.objects.get().lease_until
    with time_machine.travel(timezone.now() + timedelta(seconds=9)), django_assert_num_queries(1):
        presence.renew_presence(session=session, person=viewer)
    assert Presence.objects.get().lease_until == until
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        presence.renew_presence(session=session, person=viewer)
    assert Presence.objects.get().lease_until > until


def test_a_presence_starts_again_after_a_break(session, viewer):
    presence.renew_presence(session=session, person=viewer)
    since = Presence.objects.get().since
    with time_machine.travel(timezone.now() + timedelta(seconds=25)):
        presence.renew_presence(session=session, person=viewer)
    assert Presence.objects.get().since == since
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        presence.renew_presence(session=session, person=viewer)
    assert Presence.objects.get().since > since


def test_the_viewers_of_many_sessions_take_one_query(
    session, viewer, support, django_assert_num_queries
):
    other, empty = (UnseenSessionFactory(alias="agi", session_id=name) for name in ("a", "b"))
    for each in (session, other):
        presence.renew_presence(session=each, person=viewer)
    presence.renew_presence(session=session, person=support)
    with django_assert_num_queries(1):
        found = presence.viewers_by_session([session.pk, other.pk, empty.pk])
    assert found == {session.pk: ["viewer", "support"], other.pk: ["viewer"]}


def test_a_presence_that_ended_yesterday_is_deleted(session, viewer, support):
    with time_machine.travel(timezone.now() - timedelta(hours=25)):
        presence.renew_presence(session=session, person=viewer)
    presence.renew_presence(session=session, person=support)
    assert Presence.objects.get().person == support


def test_a_poll_that_changes_nothing_has_no_body(as_viewer, session):
    first = poll(as_viewer)
    second = poll(as_viewer, have=version_in(first))
    assert second.status_code == 204 and not second.content


def test_the_version_on_the_page_is_that_of_the_poll(as_viewer, session):
    assert poll(as_viewer, have=version_in(as_viewer.get(ADDRESS))).status_code == 204


@pytest.mark.parametrize(
    "act",
    [
        lambda client: client.post(ADDRESS + "notes/add/", {"text": "x"}),
        lambda client: client.post(ADDRESS + "watch/", {"watch": "yes"}),
        lambda client: client.post(ADDRESS + "assign/", {"act": "take"}),
        poll,
    ],
)
def test_everything_a_colleague_does_is_in_the_next_poll(as_viewer, as_support, session, act):
    have = version_in(poll(as_viewer))
    act(as_support)
    response = poll(as_viewer, have=have)
    assert response.status_code == 200 and version_in(response) != have


def test_a_poll_brings_no_field_that_somebody_may_be_typing_into(as_support, session):
    drawn = drawn_in(as_support.get(ADDRESS))
    response = parse(poll(as_support, drawn=drawn))
    assert response.has('[hx-swap-oob="true"]')
    assert not response.has("textarea, select, input[type=text], [name=reason]")


def test_a_new_observation_is_in_the_next_poll_and_the_resume_panel_stays(as_support, session):
    page = as_support.get(ADDRESS)
    RemoteSession.objects.filter(pk=session.pk).update(
        state="disconnected", changed_at=timezone.now()
    )
    response = parse(poll(as_support, have=version_in(page), drawn=drawn_in(page)))
    card = response.one("section#card")
    assert (card["hx-swap-oob"], card["data-state"]) == ("true", "disconnected")
    assert not response.has("#resume")


def test_a_state_that_grows_old_is_in_the_next_poll(as_support, session):
    RemoteSession.objects.filter(pk=session.pk).update(
        state="connected", last_seen_at=timezone.now()
    )
    have = version_in(poll(as_support))
    with time_machine.travel(timezone.now() + timedelta(seconds=62)):
        assert "Connected?" in poll(as_support, have=have).text


def test_a_colleagues_resume_removes_the_button_in_the_next_poll(as_support, session, support2):
    page = as_support.get(ADDRESS)
    make_attempt(session, actor_id=str(support2.pk), actor_name="support2", is_open=True, result="")
    mark_session_changed(session)
    response = poll(as_support, have=version_in(page), drawn=drawn_in(page))
    assert parse(response).one("#resume")["hx-swap-oob"] == "true"
    assert "support2 is resuming this session" in response.text
    assert "resume-button" not in response.text
    assert not parse(poll(as_support, drawn=drawn_in(response))).has("#resume"), "once"


def test_an_own_resume_under_way_leaves_the_panel_to_its_response(as_support, session, support):
    page = as_support.get(ADDRESS)
    make_attempt(session, actor_id=str(support.pk), actor_name="support", is_open=True, result="")
    mark_session_changed(session)
    response = poll(as_support, have=version_in(page), drawn=drawn_in(page))
    assert not parse(response).has("#resume")


def test_an_own_bulk_resume_under_way_removes_the_button_too(as_support, session, support):
    page = as_support.get(ADDRESS)
    make_attempt(
        session, actor_id=str(support.pk), actor_name="support", is_open=True, result="", batch="b"
    )
    mark_session_changed(session)
    response = poll(as_support, have=version_in(page), drawn=drawn_in(page)).text
    assert "support is resuming this session" in response and "resume-button" not in response


def test_presence_is_not_audited(as_support, session):
    before = AuditEvent.objects.count()
    poll(as_support)
    assert AuditEvent.objects.count() == before


def test_a_session_that_is_not_recorded_has_no_team(as_support):
    assert poll(as_support).status_code == 404


def test_a_poll_takes_few_queries_whatever_was_written(
    as_support, as_support2, session, django_assert_num_queries
):
    poll(as_support2)
    for number in range(20):
        as_support2.post(ADDRESS + "notes/add/", {"text": f"note {number}"})
    first = poll(as_support)
    with django_assert_num_queries(POLL_QUERIES):
        assert poll(as_support, have=version_in(first)).status_code == 204
    with django_assert_num_queries(POLL_QUERIES + PANEL_QUERIES):
        poll(as_support)


POLL_QUERIES, PANEL_QUERIES = 9, 5


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["Ben"], "Ben is viewing this too"),
        (["Ben", "Cleo"], "Ben and Cleo are viewing this too"),
        (["Ben", "Cleo", "Dan"], "Ben, Cleo and Dan are viewing this too"),
        (["Ben", "Cleo", "Dan", "Eve"], "Ben, Cleo and 2 others are viewing this too"),
    ],
)
def test_names_make_a_sentence(names, words):
    assert also_viewing(names) == words
