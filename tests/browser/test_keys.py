"""The keyboard: keys that move, a focus that is never lost, a paste from anywhere."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast

pytestmark = pytest.mark.browser

ADDRESS = f"/sessions/ping/{cast.PING_PAUSED}/"


@pytest.fixture
def board(new_page, panel):
    """The board of somebody from support, with the sessions that AGI lists on it."""
    page = new_page("support")
    page.goto("/sessions/")
    page.get_by_role("button", name="Get sessions from AGI").click()
    page.goto("/sessions/")
    return page


def links(page):
    return page.locator("#board tbody tr:not(.group) a[href]:not([href*='#'])")


def test_j_k_and_the_arrows_move_between_rows_at_once_and_enter_opens_one(board):
    board.keyboard.press("j")
    expect(links(board).nth(0)).to_be_focused()
    board.keyboard.press("ArrowDown")
    expect(links(board).nth(1)).to_be_focused()
    board.keyboard.press("k")
    expect(links(board).nth(0)).to_be_focused()
    address = links(board).nth(0).get_attribute("href")
    board.keyboard.press("Enter")
    board.wait_for_url(f"**/{address}")


def test_the_keys_work_from_a_check_box(board):
    board.locator("#board").get_by_role("checkbox").nth(1).focus()
    board.keyboard.press("k")
    expect(links(board).nth(0)).to_be_focused()
    board.locator("#board").get_by_role("checkbox").nth(0).focus()
    board.keyboard.press("?")
    expect(board.get_by_role("dialog")).to_be_visible()
    board.keyboard.press("ArrowDown")
    board.keyboard.press("Escape")
    expect(board.get_by_role("dialog")).to_be_hidden()


def test_escape_leaves_the_search_box(board):
    board.keyboard.press("/")
    expect(board.get_by_label("Find sessions")).to_be_focused()
    board.keyboard.press("Escape")
    board.keyboard.press("j")
    expect(links(board).nth(0)).to_be_focused()


def test_a_paste_goes_to_the_search_box_from_anywhere_but_a_field(board):
    paste = """(text) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text", text);
        document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }"""
    board.locator("h1").click()
    board.evaluate(paste, f"{cast.PING_PAUSED}\n")
    expect(board.get_by_label("Find sessions")).to_have_value(cast.PING_PAUSED)
    expect(board.get_by_label("Find sessions")).to_be_focused()
    board.get_by_label("Search this view").focus()
    board.evaluate(paste, "elsewhere")
    expect(board.get_by_label("Find sessions")).to_have_value(cast.PING_PAUSED)


def test_the_focus_is_never_lost_to_the_pages_top(support_page):
    page = support_page
    page.goto(ADDRESS)
    page.get_by_role("button", name="Assign to me").click()
    expect(page.locator("#team-near")).to_contain_text("Assigned to you")
    expect(page.locator("#team-head")).to_be_focused()
    page.get_by_role("link", name="6 h", exact=True).click()
    expect(page.locator("#traffic")).to_contain_text("last 6 h")
    expect(page.get_by_role("link", name="6 h", exact=True)).to_be_focused()


def test_a_refused_ticket_gets_the_focus(new_page, panel):
    page = new_page("support")
    page.goto(ADDRESS)
    page.get_by_label("Reason").first.fill("Customer approved")
    ticket = page.get_by_label("Ticket").first
    ticket.fill("no ticket\u202e")
    page.get_by_role("button", name="Resume session").click()
    expect(page.locator("#ticket-error")).not_to_be_empty()
    expect(ticket).to_be_focused()
    expect(ticket).to_have_attribute("aria-invalid", "true")
    ticket.press("End")
    ticket.press("Backspace")
    expect(ticket).not_to_have_attribute("aria-invalid", "true")
