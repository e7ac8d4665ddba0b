"""From a session to its client, and what the page does there by itself."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast

pytestmark = pytest.mark.browser

SESSION = f"/sessions/ping/{cast.PING_PAUSED}/"


def test_a_client_is_one_click_from_its_session(support_page, simulator):
    simulator.limits(client={"max_sessions": 3})
    support_page.goto(SESSION)
    support_page.get_by_role("link", name="acme-frankfurt-022").click()
    expect(support_page.get_by_role("heading", level=1)).to_have_text("acme-frankfurt-022")
    limits = support_page.locator("#limits")
    expect(limits).to_contain_text("Stated by Ping, just now")
    expect(limits).to_contain_text("0 of 3")


def test_a_note_appears_and_leaves_an_empty_field(support_page, panel):
    support_page.goto(SESSION)
    support_page.goto("/clients/ping/acme-frankfurt-022/")
    field = support_page.get_by_label("Add a note")
    field.fill("Pays by invoice.")
    support_page.get_by_role("button", name="Add note").click()
    expect(support_page.locator("#notes .user-text")).to_have_text("Pays by invoice.")
    expect(field).to_have_value("")


def test_selected_sessions_are_counted_and_sent_to_the_preview(support_page, panel):
    support_page.goto(SESSION)
    support_page.goto("/clients/ping/acme-frankfurt-022/")
    support_page.get_by_role("checkbox", name=cast.PING_PAUSED).check()
    expect(support_page.locator("#selection")).to_contain_text("1 selected")
    support_page.get_by_role("button", name="Resume selected…").click()
    expect(support_page.get_by_role("heading", level=1)).to_have_text("Resume these sessions?")
