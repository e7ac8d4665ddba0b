"""Saved views of the board: shared by the team, checked, each change in the audit log."""

import json

import pytest

from pingadmin.audit.models import AuditEvent
from pingadmin.oversight.board import saved_views
from pingadmin.oversight.models import SavedView
from tests.support.html import parse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def save(client, name="Night shift", query="view=watched&system=ping"):
    return client.post("/sessions/views/", {"name": name, "query": query}, follow=True)


def recorded_detail(action: str) -> dict:
    return json.loads(AuditEvent.objects.get(action=action).detail)


def test_a_saved_view_is_everybodys_and_asks_what_was_asked(as_support, as_viewer):
    answer = save(as_support, query="view=watched&system=ping&page=3")
    assert answer.redirect_chain == [("/sessions/?view=watched&system=ping", 302)]
    links = parse(as_viewer.get("/sessions/")).css('a[href="/sessions/?view=watched&system=ping"]')
    assert "Night shift" in [link.text() for link in links]
    assert recorded_detail("view_saved") == {
        "name": "Night shift",
        "query": "view=watched&system=ping",
    }


def test_a_name_is_taken_once_and_what_is_wrong_is_said(as_support):
    save(as_support)
    assert "There is already a view named “night SHIFT”" in save(as_support, "night SHIFT").text
    for name in ("", "   ", "x" * 61, "a\u202eb"):
        assert "Give the view a name of 1 to 60 letters" in save(as_support, name).text
    assert SavedView.objects.count() == AuditEvent.objects.filter(action="view_saved").count() == 1


def test_a_name_that_is_refused_comes_back_in_its_open_form(as_support):
    save(as_support)
    save(as_support, "Day shift")
    assert parse(as_support.get("/sessions/")).has("details.menu:not([open])")
    open_menu = parse(save(as_support, "night SHIFT")).one("details.menu[open]")
    assert open_menu.has('[value="night SHIFT"][data-keep]')
    view = SavedView.objects.get(name="Day shift")
    response = as_support.post(
        f"/sessions/views/{view.pk}/rename/", {"name": "NIGHT shift"}, follow=True
    )
    assert "already" in response.text
    assert parse(response).one("details.menu[open]").has('[value="NIGHT shift"]')


def test_only_what_can_be_asked_is_saved(as_support):
    save(as_support, query="view=watched&system=<script>&next=//evil&size=7")
    assert SavedView.objects.get().query == "view=watched"


def test_there_is_an_end_to_saved_views(as_support, monkeypatch):
    monkeypatch.setattr(saved_views, "MAX_VIEWS", 1)
    save(as_support)
    assert "Delete one that nobody needs" in save(as_support, "Another").text


def test_a_view_is_renamed_and_deleted_with_an_event_each(as_support):
    save(as_support)
    view = SavedView.objects.get()
    as_support.post(f"/sessions/views/{view.pk}/rename/", {"name": "Day shift"})
    assert SavedView.objects.get().name == "Day shift"
    assert recorded_detail("view_renamed")["name_before"] == "Night shift"
    for _ in range(2):
        as_support.post(f"/sessions/views/{view.pk}/delete/")
    assert not SavedView.objects.exists() and recorded_detail("view_deleted")["name"] == "Day shift"
    assert as_support.post(f"/sessions/views/{view.pk}/rename/", {"name": "x"}).status_code == 404


def test_a_viewer_saves_nothing(as_viewer):
    assert as_viewer.post("/sessions/views/", {"name": "x"}).status_code == 403
    assert "Save view" not in as_viewer.get("/sessions/").text


def test_a_hostile_name_is_shown_as_text(as_support):
    assert "<b>x</b>" not in save(as_support, "<b>x</b>").text
