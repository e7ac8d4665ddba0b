"""Pausing in a real browser: it stands back behind the resume, warns, and ends in one outcome."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from tests.support.appearance import appearance_faults

pytestmark = pytest.mark.browser

SESSION = f"/sessions/ping/{cast.PING_CONNECTED}/"


@pytest.fixture
def pausing(panel):
    """Support may pause here."""
    panel.manage("sync_roles", PAUSE_ROLES="support")
    return panel


def test_somebody_who_may_pauses_and_the_session_says_by_whom(new_page, pausing, simulator):
    page = new_page("support")
    page.goto(SESSION)
    block = page.locator("details.pause")
    expect(page.get_by_role("button", name="Resume session")).to_be_visible()
    expect(page.get_by_role("button", name="Pause session")).to_be_hidden()
    block.get_by_text("Pause this session").click()
    expect(block.get_by_text("Pausing disconnects everybody")).to_be_visible()
    block.get_by_label("Reason").fill("Card dispute")
    block.get_by_label("Ticket").fill("INC-4412")
    page.get_by_role("button", name="Pause session").dblclick()
    outcome = page.locator("#outcome[data-result]")
    expect(outcome).to_have_attribute("data-result", "ok")
    expect(outcome).to_be_focused()
    expect(page.locator("[data-paused]").first).to_have_attribute("data-paused", "yes")
    expect(page.locator(".paused-verdict").first).to_contain_text("Paused by support")
    assert simulator.call_count("/pause") == 1 and simulator.call_count("/resume") == 0


def test_without_javascript_it_pauses_too_and_keeps_what_was_typed(new_page, pausing, simulator):
    page = new_page("support", java_script_enabled=False)
    page.goto(SESSION)
    block = page.locator("details.pause")
    for ticket in ("no ticket!", "INC-4412"):
        if not block.get_by_label("Reason").is_visible():
            block.get_by_text("Pause this session").click()
        if ticket == "no ticket!":
            block.get_by_label("Reason").fill("Card dispute")
        block.get_by_label("Ticket").fill(ticket)
        page.get_by_role("button", name="Pause session").click()
    expect(page.locator("#outcome[data-result]")).to_have_attribute("data-result", "ok")
    expect(page.get_by_role("list").get_by_text("“Card dispute”")).to_be_visible()
    assert simulator.call_count("/pause") == 1


def test_axe_finds_nothing_in_the_open_form_and_nothing_scrolls_sideways(support_page, pausing):
    support_page.goto(SESSION)
    support_page.locator("details.pause").get_by_text("Pause this session").click()
    assert appearance_faults(support_page) == []
