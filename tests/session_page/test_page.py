"""A session's page is put together before it is rendered: its templates fetch nothing."""

import pytest
from django.http import HttpRequest
from django.template.loader import render_to_string

from pingadmin.demo import cast
from pingadmin.oversight.team.panel import load_team
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.session_page.page import build_page, build_update
from tests.conftest import client_of
from tests.factories import RemoteSessionFactory
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

ADDRESS = f"/sessions/ping/{cast.PING_PAUSED}/"


@pytest.fixture
def session(as_support, support2):
    """A session with an outcome, an owner, a note, a colleague who views it, and a namesake."""
    colleague = client_of(support2)
    as_support.get(ADDRESS)
    as_support.post(ADDRESS + "resume/", {"reason": "Customer approved", "ticket": "INC-4412"})
    as_support.post(ADDRESS + "watch/", {"watch": "yes"})
    as_support.post(ADDRESS + "assign/", {"act": "take"})
    colleague.post(ADDRESS + "notes/add/", {"text": "Customer is waiting"})
    colleague.get(ADDRESS + "team/")
    RemoteSessionFactory(alias="agi", session_id=cast.PING_PAUSED)
    return RemoteSession.objects.get(alias="ping")


def request_of(person) -> HttpRequest:
    request = HttpRequest()
    request.user = person
    return request


def test_a_session_knows_the_address_of_its_page(session):
    assert session.get_absolute_url() == ADDRESS


@pytest.mark.parametrize("part", ["_session.html", "_session_and_bar.html"])
def test_rendering_a_page_makes_no_query(session, support, django_assert_num_queries, part):
    page = build_page(session, support)
    with django_assert_num_queries(0):
        html = render_to_string(f"session_page/{part}", {"page": page}, request_of(support))
    shown = parse(html)
    assert shown.one("#outcome")["data-result"] == "ok"
    assert "Customer is waiting" in shown.text("#team-notes")
    assert shown.texts("#team select option") == ["Choose…", "support (you)", "support2"]
    assert shown.has(f'a[href="/sessions/agi/{cast.PING_PAUSED}/"]')


def test_rendering_an_update_makes_no_query(session, support, django_assert_num_queries):
    team = load_team(session, support)
    update = build_update(session, team, support, shown_panel="")
    with django_assert_num_queries(0):
        html = render_to_string("session_page/_update.html", {"page": update}, request_of(support))
    replaced = parse(html).attributes("[hx-swap-oob=true]", "id")
    assert replaced == ["team-near", "team-watched", "team-notes", "card", "last", "resume"]


def test_an_update_tells_what_people_did_last(session, support):
    html = render_to_string(
        "session_page/_update.html",
        {"page": build_update(session, load_team(session, support), support, shown_panel="")},
        request_of(support),
    )
    assert "Customer is waiting" in parse(html).text("#last")


def test_an_update_leaves_a_panel_alone_that_is_as_it_is_shown(session, support):
    shown = build_page(session, support).resume_panel
    update = build_update(
        session, load_team(session, support), support, shown_panel=shown.state_version
    )
    assert update.resume_panel is None


def test_people_who_may_not_take_part_are_offered_nobody_to_assign_to(session, viewer):
    assert build_page(session, viewer).assignable_people == []
