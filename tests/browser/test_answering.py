"""Answering an agent in a real browser: what was typed survives, and a double click sends once."""

import re

import pytest
from playwright.sync_api import expect

from tests.support.appearance import appearance_faults

pytestmark = pytest.mark.browser


@pytest.fixture
def address(panel, simulator):
    """The page of a session whose agent asks something; support may cancel its task."""
    panel.manage("sync_roles", CANCEL_ROLES="support")
    session_id = simulator.session("agi", question="Approve 249 EUR?")
    return f"/sessions/agi/{session_id}/"


@pytest.mark.parametrize("java_script_enabled", [True, False])
def test_the_question_is_shown_first_and_then_answered_once(
    new_page, address, simulator, java_script_enabled
):
    page = new_page("support", java_script_enabled=java_script_enabled)
    page.goto(address)
    form = page.locator("#answer-form")
    if java_script_enabled:
        expect(page.locator("#question blockquote")).to_have_text("Approve 249 EUR?")
    simulator.message(address.split("/")[3], "QUESTION", "Approve 300 EUR?")
    form.get_by_label("Message").fill("Yes,\ngo ahead")
    form.get_by_label("Reason").fill("Customer approved")
    form.get_by_role("button", name="Answer").click()
    expect(page.locator("#problem-answer")).to_contain_text("Approve 300 EUR?")
    expect(form.get_by_label("Message")).to_have_value("Yes,\ngo ahead")
    expect(form.get_by_label("Reason")).to_have_value("Customer approved")
    approve = form.get_by_role("button", name="Approve and resume")
    # Without JavaScript the second click would leave the page before its first answer.
    approve.dblclick() if java_script_enabled else approve.click()
    steps = page.locator("#answer-steps li")
    expect(steps.first).to_contain_text("Message: confirmed.")
    expect(steps.last).to_contain_text("Resume: not sent, the session isn’t paused.")
    expect(form.get_by_label("Message")).to_have_value("")
    # By the method: the page goes on reading what is at /messages.
    sent = {name: times for name, times in simulator.calls("POST ").items() if "/message" in name}
    assert list(sent.values()) == [1]


def test_a_question_that_stands_on_the_page_is_answered_with_one_click(support_page, address):
    support_page.goto(address)
    expect(support_page.locator("#question blockquote")).to_have_text("Approve 249 EUR?")
    form = support_page.locator("#answer-form")
    form.get_by_label("Message").fill("Yes")
    form.get_by_label("Reason").fill("Customer approved")
    form.get_by_role("button", name="Answer").click()
    expect(support_page.locator("#answer-steps li")).to_have_text(re.compile("Message: confirmed"))


def test_axe_finds_nothing_and_nothing_scrolls_sideways(support_page, address, simulator):
    support_page.goto(address)
    expect(support_page.locator("#question blockquote")).to_be_visible()
    simulator.message(address.split("/")[3], "QUESTION", "Approve 300 EUR?")
    assert appearance_faults(support_page) == []
    form = support_page.locator("#answer-form")
    form.get_by_label("Message").fill("No")
    form.get_by_label("Reason").fill("Too expensive")
    form.get_by_role("button", name="Decline").click()
    expect(support_page.locator("#problem-answer")).to_be_visible()
    assert appearance_faults(support_page) == []
