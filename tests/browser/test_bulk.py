"""A bulk resume in a real browser: choose, preview, click once, and follow it through a reload."""

import pytest
from playwright.sync_api import expect

from tests.support.appearance import appearance_faults
from tests.support.browser import sign_in
from tests.support.bulk_resumes import THREE
from tests.support.processes import until

pytestmark = pytest.mark.browser


def choose(page, ids=THREE):
    """Paste the ids, and wait until all of them were looked up."""
    page.goto("/resumes/bulk/")
    page.get_by_label("Session ids").fill(f"INC-4412: {' and '.join(ids)} hang")
    page.get_by_role("button", name="Preview").click()
    expect(resume_button(page)).to_have_text(f"Resume {len(ids)} sessions")


def resume_button(page):
    return page.locator("#bulk-form .button-primary")


def resume_selected(page):
    page.get_by_label("Reason").fill("Customer approved")
    resume_button(page).click()


def item(page, session_id):
    return page.locator(f"#bulk [data-item='ping/{session_id}']")


def test_progress_is_followed_and_survives_a_reload(new_page, panel, simulator):
    simulator.fault("delay", match=f"PATCH */{THREE[0]}/resume", seconds=3)
    simulator.fault("delay", match=f"PATCH */{THREE[1]}/resume", seconds=4)
    page = new_page("support")
    choose(page)
    resume_selected(page)
    expect(page.locator("progress")).to_have_attribute("value", "0")
    expect(item(page, THREE[0])).to_contain_text("Asking")
    expect(item(page, THREE[0])).to_contain_text("Accepted")
    page.reload()
    expect(page.locator("progress")).to_have_attribute("value", "1")
    colleague = new_page("viewer")
    colleague.goto(page.url)
    for each in (page, colleague):
        expect(each.locator("#bulk")).to_have_attribute("data-running", "false")
        expect(each.locator("#bulk [data-result='ok']")).to_have_count(3)
        expect(each.locator("progress")).to_have_count(0)
        expect(each.locator("#bulk")).not_to_have_attribute("hx-get", "")
    assert simulator.call_count("/resume") == 3


def test_a_double_click_starts_it_once_and_stop_leaves_the_rest_for_a_retry(
    support_page, panel, simulator
):
    simulator.fault("delay", match=f"PATCH */{THREE[0]}/resume", seconds=2)
    choose(support_page)
    support_page.get_by_label("Reason").fill("Customer approved")
    resume_button(support_page).dblclick()
    support_page.get_by_role("button", name="Stop after this session").click()
    expect(support_page.get_by_role("button", name="Retry 2 unsent sessions")).to_be_visible()
    expect(item(support_page, THREE[0])).to_contain_text("Accepted")
    assert simulator.call_count("/resume") == 1
    assert len(panel.rows("SELECT * FROM resumes_bulkresume")) == 1
    support_page.get_by_role("button", name="Retry 2 unsent sessions").click()
    expect(support_page.get_by_label("Reason")).to_have_value("Customer approved")
    expect(support_page.get_by_label(f"Resume {THREE[0]}")).to_have_count(0)


def test_axe_finds_nothing_and_nothing_scrolls_sideways(support_page, simulator):
    simulator.fault("delay", match=f"PATCH */{THREE[2]}/resume", seconds=4)
    choose(support_page)
    faults = appearance_faults(support_page)
    resume_selected(support_page)
    expect(item(support_page, THREE[2])).to_contain_text("Asking")
    assert faults + appearance_faults(support_page) == []


def test_it_all_works_without_javascript(new_page, simulator):
    page = new_page("support", java_script_enabled=False)
    simulator.fault("delay", match=f"PATCH */{THREE[0]}/resume", seconds=1)
    page.goto("/resumes/bulk/")
    page.get_by_label("Session ids").fill(" ".join(THREE[:2]))
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Look up 2 sessions").click()
    expect(page.get_by_label(f"Resume {THREE[0]}")).to_be_checked()
    resume_selected(page)
    assert until(lambda: simulator.call_count("/resume") == 2)
    page.get_by_role("link", name="Refresh").click()
    until(lambda: page.reload() and page.locator("#bulk").get_attribute("data-running") == "false")
    expect(page.locator("#bulk [data-result='ok']")).to_have_count(2)


def test_what_was_typed_survives_a_lapsed_sign_in_until_it_is_begun(support_page, panel, simulator):
    choose(support_page)
    support_page.get_by_label("Reason").fill("Customer approved")
    support_page.get_by_label("Ticket").fill("INC-4412")
    support_page.context.clear_cookies(name="session")
    resume_button(support_page).click()
    sign_in(support_page, "support")
    expect(support_page.get_by_label("Session ids")).to_have_value(
        f"INC-4412: {' and '.join(THREE)} hang"
    )
    support_page.get_by_role("button", name="Preview").click()
    expect(support_page.get_by_label("Reason")).to_have_value("Customer approved")
    expect(support_page.get_by_label("Ticket")).to_have_value("INC-4412")
    expect(resume_button(support_page)).to_have_text("Resume 3 sessions")
    resume_button(support_page).click()
    expect(support_page.locator("#bulk")).to_have_attribute("data-running", "false")
    support_page.goto("/resumes/bulk/")
    expect(support_page.get_by_label("Session ids")).to_have_value("")
    assert simulator.call_count("/resume") == 3


def test_the_button_counts_what_is_selected_and_looking_up_keeps_what_was_typed(
    support_page, simulator
):
    simulator.fault("delay", match=f"GET */{THREE[2]}/status", seconds=1)
    page = support_page
    page.goto("/resumes/bulk/")
    page.get_by_label("Session ids").fill(" ".join(THREE))
    page.get_by_role("button", name="Preview").click()
    page.get_by_label("Reason").fill("Card renewed")
    expect(resume_button(page)).to_have_text("Resume 3 sessions")
    expect(page.get_by_label("Reason")).to_have_value("Card renewed")
    page.get_by_label(f"Resume {THREE[0]}").uncheck()
    expect(resume_button(page)).to_have_text("Resume 2 sessions")
    for session_id in THREE[1:]:
        page.locator(f"[data-item='ping/{session_id}'] input[type=checkbox]").uncheck()
    expect(resume_button(page)).to_be_disabled()
