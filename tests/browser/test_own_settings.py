"""One person at two machines: what is set at one is so at the other, with or without scripts."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from tests.support.appearance import appearance_faults

pytestmark = pytest.mark.browser


@pytest.fixture
def watched(panel):
    """A row on the board."""
    person = panel.login("support2")
    person.get(f"/sessions/ping/{cast.PING_CONNECTED}/")
    person.post(f"/sessions/ping/{cast.PING_CONNECTED}/watch/", {"watch": "yes"})


def headings(page):
    return page.locator(".board thead th")


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_what_is_set_at_one_machine_is_so_at_the_other(new_page, watched, scripts):
    one = new_page("support", java_script_enabled=scripts)
    other = new_page("support", timezone_id="Asia/Tokyo")
    one.goto("/sessions/")
    one.get_by_text("Columns", exact=True).click()
    one.get_by_role("checkbox", name="Down / up").uncheck()
    one.get_by_role("button", name="Move Team up").click()
    one.get_by_text("Columns", exact=True).click()
    one.get_by_role("button", name="Compact rows").click()
    one.get_by_text("Times in").click()
    one.get_by_label("Your time zone").fill("asia/kathmandu")
    one.get_by_role("button", name="Use it everywhere").click()
    expect(one.locator(".foot")).to_contain_text("Times in Asia/Kathmandu (UTC+5:45)")
    other.goto("/sessions/")
    expect(headings(other)).to_have_text(
        ["State", "Session", "Client", "Paused", "Team", "Last seen", "Actions"]
    )
    expect(other.locator("body.compact")).to_have_count(1)
    expect(other.locator(".foot")).to_contain_text("Times in Asia/Kathmandu (UTC+5:45)")


def test_the_open_menu_has_nothing_for_axe_to_find(new_page, watched):
    page = new_page("support")
    page.goto("/sessions/")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_text("Times in").click()
    assert appearance_faults(page) == []
