"""Two people at one session, each in a browser of their own."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from tests.support.browser import sign_in
from tests.support.processes import until

pytestmark = pytest.mark.browser

ADDRESS = f"/sessions/ping/{cast.PING_PAUSED}/"


def add_note(page, text):
    page.get_by_label("Add a note").fill(text)
    page.get_by_role("button", name="Add note").click()


def come_back_to(page):
    """As when somebody returns to the tab: the page looks at once and not only at its next turn."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def notes(page):
    return page.locator("#team-notes")


def test_two_people_see_each_other_and_each_others_notes_and_lose_nothing_typed(new_page, panel):
    first, second = new_page("support"), new_page("support2")
    first.goto(ADDRESS)
    expect(first.locator("#team-near")).to_contain_text("Only you are viewing this")
    second.goto(ADDRESS)
    second.get_by_label("Reason").fill("Half a reason")
    second.get_by_label("Add a note").fill("Half a note")
    second.get_by_label("Add a note").focus()
    expect(first.locator("#team-near")).to_contain_text("support2 is viewing this too")
    expect(first.locator("#team-looking")).to_contain_text("support2 is viewing this too")
    come_back_to(second)
    expect(second.locator("#team-near")).to_contain_text("support is viewing this too")

    add_note(first, "Called them.\n<b>They</b> call back.")
    expect(notes(first)).to_contain_text("<b>They</b> call back.")
    expect(first.get_by_label("Add a note")).to_have_value("")
    first.get_by_role("button", name="Assign to me").click()
    expect(first.locator("#team-near")).to_contain_text("Assigned to you")
    come_back_to(second)
    expect(notes(second)).to_contain_text("<b>They</b> call back.")
    expect(second.locator("#team-near")).to_contain_text("Assigned to support")
    assert notes(second).locator("b").count() == 0
    expect(second.get_by_label("Add a note")).to_be_focused()
    expect(second.get_by_label("Add a note")).to_have_value("Half a note")
    expect(second.get_by_label("Reason")).to_have_value("Half a reason")

    second.get_by_role("button", name="Assign to me").click()
    expect(second.locator("#problem-team")).to_contain_text("support assigned it to themselves")
    expect(second.get_by_label("Add a note")).to_have_value("Half a note")
    second.reload()
    expect(second.get_by_label("Add a note")).to_have_value("Half a note")


def test_a_double_click_is_one_note_and_the_head_shows_the_watch(support_page, panel):
    support_page.goto(ADDRESS)
    support_page.get_by_label("Add a note").fill("Once")
    support_page.get_by_role("button", name="Add note").dblclick()
    expect(notes(support_page)).to_contain_text("Once")
    support_page.get_by_role("button", name="Watch for the team").click()
    expect(support_page.get_by_role("button", name="Stop watching for the team")).to_be_visible()
    expect(support_page.locator("#team-watched")).to_contain_text("added by support")
    assert len(panel.rows("SELECT * FROM oversight_teamentry WHERE kind = 'note'")) == 1


def test_a_note_survives_a_sign_in_that_lapsed(support_page, panel):
    support_page.goto(ADDRESS)
    support_page.get_by_label("Add a note").fill("Typed for long")
    support_page.context.clear_cookies()
    support_page.get_by_role("button", name="Add note").click()
    sign_in(support_page, "support")
    expect(support_page.get_by_label("Add a note")).to_have_value("Typed for long")


def test_without_javascript_a_session_is_handed_over_and_taken_up(new_page, panel):
    first, second = (new_page(name, java_script_enabled=False) for name in ("support", "support2"))
    first.goto(ADDRESS)
    first.get_by_text("Hand over or assign").click()
    first.get_by_label("To", exact=True).select_option("support2")
    first.get_by_label("What do they need to know?").fill("Billing calls at 15:00")
    first.get_by_role("button", name="Hand over", exact=True).click()
    expect(
        first.get_by_role("heading", name="support handed this over to support2")
    ).to_be_visible()
    second.goto("/sessions/handover/")
    second.get_by_role("link", name=cast.PING_PAUSED).click()
    expect(second.get_by_role("heading", name="support handed this over to you")).to_be_visible()
    second.get_by_role("button", name="Assign to me").click()
    expect(second.get_by_role("heading", name="handed this over")).to_have_count(0)
    add_note(second, "On it")
    expect(notes(second)).to_contain_text("On it")


def test_a_colleagues_attempt_shows_on_an_open_page_and_wipes_nothing(new_page, simulator):
    first, second = new_page("support"), new_page("support2")
    for page in (first, second):
        page.goto(ADDRESS)
        expect(page.locator("#card")).to_have_attribute("data-state", "disconnected")
    reason = second.locator("#resume").get_by_label("Reason")
    reason.fill("Half a reason")
    note = second.get_by_label("Add a note")
    note.fill("Half a note")
    simulator.fault("delay", match="PATCH */resume", seconds=4)
    first.get_by_label("Reason").fill("Customer approved")
    first.get_by_role("button", name="Resume session").click()
    assert until(lambda: simulator.call_count("/resume") == 1)
    come_back_to(second)
    expect(second.locator("#resume")).to_contain_text("support is resuming this session")
    expect(second.get_by_role("button", name="Resume session")).to_have_count(0)
    expect(note).to_be_focused()
    expect(second.locator("#outcome")).to_have_attribute("data-result", "ok")
    expect(second.locator("#card")).to_have_attribute("data-paused", "no")
    expect(reason).to_have_value("Half a reason")
    expect(note).to_have_value("Half a note")
    expect(first.locator("#outcome")).to_have_attribute("data-result", "ok")
    expect(first.get_by_label("Reason")).to_have_value("")
    assert simulator.call_count("/resume") == 1


def test_a_change_that_was_received_shows_on_an_open_page(new_page, panel, simulator):
    page, colleague = new_page("viewer"), panel.login("support")
    page.goto(ADDRESS)
    expect(page.locator("#card")).to_have_attribute("data-state", "disconnected")
    simulator.ask("PATCH", f"/customer/v2/sessions/{cast.PING_PAUSED}/resume")
    simulator.advance(5)
    look_again = page.get_by_role("button", name="Look again")
    look_again.focus()
    colleague.post(ADDRESS + "refresh/")
    come_back_to(page)
    expect(page.locator("#card")).to_have_attribute("data-state", "connected")
    expect(look_again).to_be_focused()
