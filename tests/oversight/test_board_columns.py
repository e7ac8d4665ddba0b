"""The board's columns are each person's choice; a saved view keeps those that it was saved with."""

import re

import pytest
from django.utils import timezone

from pingadmin.oversight.board.columns import COLUMNS, choose_columns, move_up
from pingadmin.oversight.models import SavedView
from pingadmin.remote_sessions.models import RemoteSession
from tests.oversight.board_sessions import make_session
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

ALL = ["client", "paused", "traffic", "seen", "team"]


def columns(client, address="/sessions/"):
    page = parse(client.get(address))
    headings = [name.removeprefix("col-") for name in page.attributes(".board th[class]", "class")]
    assert headings[:2] == ["state", "session"] and headings[-1] == "resume"
    assert all(len(row.css("td")) == len(headings) for row in page.css(".board tr:has(td)"))
    return headings[2:-1]


def choose(client, ticked, *, order=ALL, **more):
    return client.post("/sessions/columns/", {"order": order, "columns": ticked, **more})


@pytest.fixture(autouse=True)
def watched_session(db):
    return make_session("ses_a", watched=True)


def test_columns_are_hidden_and_moved_for_one_person_alone(as_support, as_viewer):
    assert columns(as_support) == ALL
    choose(as_support, ["client", "seen"])
    assert columns(as_support) == ["client", "seen"] and columns(as_viewer) == ALL
    choose(as_support, ["client", "seen"], order=["client", "seen", "paused"], up="seen")
    assert columns(as_support) == ["seen", "client"]
    menu = parse(as_support.get("/sessions/")).attributes("[name=order]", "value")
    assert menu == ["seen", "client", "paused", "traffic", "team"]
    choose(as_support, [])
    assert columns(as_support) == [], "what a session is stays"


def test_an_open_page_is_updated_in_the_columns_that_it_has(as_support):
    choose(as_support, ["seen"])
    page = parse(as_support.get("/sessions/"))
    choose(as_support, ["client", "team"])
    RemoteSession.objects.update(state="disconnected", changed_at=timezone.now())
    answer = as_support.get(f"{page.one('#live')['hx-get']}&shown={page.one('#shown')['value']}")
    assert "Disconnected" in answer.text
    [row] = re.findall("<tr>.*", answer.text)
    assert row.count("<td") == 4, "state, session, last seen, what can be done"
    assert "columns=seen" in parse(answer).one("#live")["hx-get"]


@pytest.mark.parametrize(
    "fields",
    [
        {"order": ALL, "columns": ["password"]},
        {"order": ["password"], "columns": ["password"]},
        {"order": ALL, "columns": ["client"], "up": "password"},
    ],
)
def test_a_column_that_there_is_not_changes_nothing_and_says_so(as_support, fields):
    choose(as_support, ["client"])
    page = parse(as_support.post("/sessions/columns/", fields, follow=True))
    assert "There is no such column." in page.text("main")
    assert columns(as_support) == ["client"]


def test_a_saved_view_keeps_its_columns_and_colleagues_see_them(as_support, as_support2):
    choose(as_support, ["traffic", "client"], order=["traffic", "client"])
    page = parse(as_support.get("/sessions/?state=connected"))
    query = page.one("[action='/sessions/views/'] [name=query]")["value"]
    as_support.post("/sessions/views/", {"name": "Traffic", "query": query})
    view = SavedView.objects.get()
    choose(as_support, ["team"])
    for client in (as_support, as_support2):
        assert columns(client, view.get_absolute_url()) == ["traffic", "client"]
        selected = parse(client.get(view.get_absolute_url())).texts("#views .chip-on")
        assert "Traffic" in selected
    assert columns(as_support) == ["team"] and columns(as_support2) == ALL
    answer = choose(as_support2, ["seen"], query=view.query)
    assert columns(as_support2, answer.url) == ["seen"], "one's own choice leaves the view"


@pytest.mark.parametrize("text", ["password,client", "client,,paused", "<b>", "a" * 500])
def test_odd_columns_in_an_address_still_lead_to_a_board(as_viewer, text):
    page = parse(as_viewer.get("/sessions/", {"columns": text}))
    assert page.has(".board td")


def test_columns_that_are_no_more_are_passed_over():
    keys = [column.key for column in choose_columns(None, ["gone", "team", "team"])]
    assert keys == ["state", "session", "team", "resume"]
    assert choose_columns(None, None) == COLUMNS
    assert move_up(["a", "b", "c"], "c") == ["a", "c", "b"]
    assert move_up(["a", "b"], "a") == ["a", "b"]
