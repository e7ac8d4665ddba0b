"""The box in a real browser: it suggests while somebody types, by keyboard alone."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from tests.support.appearance import appearance_faults

pytestmark = pytest.mark.browser


@pytest.fixture
def box(support_page):
    """The box of somebody from support, once two sessions of one client are known."""
    for session_id in (cast.PING_CONNECTED, cast.PING_PAUSED):
        support_page.goto(f"/sessions/ping/{session_id}/")
    return support_page.get_by_label("Find sessions")


def suggestions(box):
    return box.page.locator("#suggestions a")


def test_records_are_suggested_and_reached_by_the_arrow_keys(box):
    page = box.page
    box.press_sequentially(cast.PING_CONNECTED[4:9])
    expect(suggestions(box)).to_have_count(1)
    expect(page.locator("#suggestions [role=status]")).to_contain_text("1 of our own records")
    assert appearance_faults(page) == []
    box.focus()
    page.keyboard.press("ArrowDown")
    expect(suggestions(box)).to_be_focused()
    page.keyboard.press("Escape")
    expect(box).to_be_focused()
    expect(suggestions(box)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(box).not_to_be_focused()


def test_enter_on_a_suggestion_opens_it_and_enter_in_the_box_searches(box):
    page = box.page
    box.press_sequentially(cast.PING_CONNECTED[4:9])
    expect(suggestions(box)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sessions/ping/{cast.PING_CONNECTED}/")
    page.get_by_label("Find sessions").fill(cast.PING_PAUSED.upper())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/sessions/ping/{cast.PING_PAUSED}/")


def test_suggestions_go_when_the_box_is_left(box):
    box.press_sequentially(cast.PING_CONNECTED[4:9])
    expect(suggestions(box)).to_be_visible()
    box.page.locator("h1").click()
    expect(suggestions(box)).to_be_hidden()


def test_a_reason_chip_adds_as_typing_would(support_page):
    page = support_page
    page.goto(f"/sessions/ping/{cast.PING_PAUSED}/")
    reason = page.get_by_label("Reason")
    reason.fill("Called them.")
    page.get_by_role("button", name="Customer approved").click()
    expect(reason).to_have_value("Called them. Customer approved")
    page.keyboard.press("Control+z")
    expect(reason).to_have_value("Called them.")


def test_a_typed_ticket_wins_over_the_one_that_a_colleague_brought(new_page, panel):
    page, colleague = new_page("support"), panel.login("support2")
    page.goto(f"/sessions/ping/{cast.PING_PAUSED}/")
    page.get_by_label("Reason").fill("Mine")
    page.get_by_label("Ticket").fill("INC-7001")
    address = f"/sessions/ping/{cast.PING_PAUSED}/resume/"
    colleague.post(address, data={"reason": "Theirs", "ticket": "INC-6000"})
    page.reload()
    page.get_by_text("Resume again…").click()
    expect(page.get_by_label("Reason")).to_have_value("Mine")
    expect(page.get_by_label("Ticket")).to_have_value("INC-7001")
