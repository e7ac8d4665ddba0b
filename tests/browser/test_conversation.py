"""What an agent asks appears by itself, and an update leaves an opened list and a text alone."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# What the page's own poll sends, without waiting for it.
POLL = """(address) => htmx.ajax("GET", address + "?have=old", {
    target: "#conversation-poll", swap: "outerHTML", headers: {"X-Poll": "1"},
})"""


def test_the_question_appears_and_an_update_keeps_what_is_open_and_typed(support_page, simulator):
    session_id = simulator.session("agi", question="Which colour?")
    support_page.goto(f"/sessions/agi/{session_id}/")
    panel = support_page.locator("#conversation")
    expect(panel.locator("#question blockquote")).to_have_text("Which colour?")
    panel.get_by_text("The last steps of the agent").click()
    message = support_page.get_by_label("Message")
    message.fill("Blue")
    simulator.message(session_id, "QUESTION", "Which colour, please?")
    support_page.evaluate(POLL, f"/sessions/agi/{session_id}/conversation/")
    expect(panel.locator("#question blockquote")).to_have_text("Which colour, please?")
    expect(panel.locator("#steps li")).to_have_count(2)
    expect(message).to_have_value("Blue")
    expect(panel.locator("#steps li").first).to_be_visible()
