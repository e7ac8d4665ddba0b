"""The main job in a real browser: look up, resume, and every way in which it can go wrong."""

import re

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from tests.support.browser import sign_in
from tests.support.processes import until

pytestmark = pytest.mark.browser

RESUME = "PATCH */resume"


def open_session(page, session_id=cast.PING_PAUSED, alias="ping"):
    page.goto(f"/sessions/{alias}/{session_id}/")


def click_resume(page, reason="Customer approved"):
    page.locator("#resume").get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Resume session").click()


def outcome(page):
    return page.locator("#outcome[data-result]")


def test_a_person_signs_in_pastes_an_id_resumes_and_a_reviewer_reads_who_did_it(
    page, new_page, panel
):
    page.goto("/")
    sign_in(page, "support")
    box = page.get_by_label("Find sessions")
    expect(page.get_by_role("heading", name="Sessions", exact=True)).to_be_visible()
    page.keyboard.press("/")
    expect(box).to_be_focused()
    box.fill(f"INC-4412: {cast.PING_PAUSED} hangs")
    box.press("Enter")
    expect(page.get_by_role("heading", name=cast.PING_PAUSED)).to_be_visible()
    page.get_by_label("Ticket").fill("INC-4412")
    click_resume(page)
    expect(outcome(page)).to_have_attribute("data-result", "ok")
    expect(outcome(page)).to_have_attribute("data-verified", "false")
    expect(outcome(page)).to_be_focused()

    reviewer = new_page("auditor")
    reviewer.goto("/audit/")
    row = reviewer.locator("[data-seq]").filter(has_text=cast.PING_PAUSED)
    for words in ("support", cast.PING_PAUSED, "Customer approved", "INC-4412", "Accepted"):
        expect(row).to_contain_text(words)


def test_an_agents_resume_is_confirmed_by_looking(support_page):
    open_session(support_page, cast.AGI_PAUSED, "agi")
    expect(support_page.locator("[data-state]").first).to_have_attribute("data-paused", "yes")
    click_resume(support_page)
    expect(outcome(support_page)).to_have_attribute("data-verified", "true")
    expect(support_page.locator("[data-state]").first).to_have_attribute("data-state", "running")


def test_a_double_click_is_one_attempt(support_page, simulator):
    simulator.fault("delay", match=RESUME, seconds=1)
    open_session(support_page)
    support_page.get_by_label("Reason").fill("Customer approved")
    support_page.get_by_role("button", name="Resume session").dblclick()
    expect(outcome(support_page)).to_have_attribute("data-result", "ok")
    assert simulator.call_count("/resume") == 1


def test_while_it_is_sent_the_button_is_off_and_says_what_happens(support_page, simulator):
    simulator.fault("delay", match=RESUME, seconds=4)
    open_session(support_page)
    click_resume(support_page)
    expect(support_page.get_by_role("button", name="Resume session")).to_be_disabled()
    expect(support_page.get_by_text("Asking Ping once")).to_be_visible()
    expect(outcome(support_page)).to_have_attribute("data-result", "ok")


def test_a_refusal_is_shown_in_the_upstreams_words_as_plain_text(support_page, simulator):
    body = '{"error": {"code": "quota", "message": "<img src=x onerror=alert(1)> ask billing"}}'
    simulator.fault("status", match=RESUME, status=400, body=body)
    open_session(support_page)
    click_resume(support_page)
    expect(outcome(support_page)).to_have_attribute("data-result", "rejected")
    expect(outcome(support_page)).to_contain_text("<img src=x onerror=alert(1)> ask billing")
    assert support_page.locator("#outcome img").count() == 0


def test_a_lost_answer_is_violet_and_takes_the_button_away_until_somebody_looked(
    support_page, simulator
):
    simulator.fault("reset", match=RESUME, after=True)
    open_session(support_page)
    click_resume(support_page)
    expect(outcome(support_page)).to_have_attribute("data-result", "unknown")
    expect(support_page.locator(".notice-ok")).to_have_count(0)
    expect(support_page.get_by_role("button", name="Resume session")).to_have_count(0)
    support_page.get_by_role("button", name="Look again").click()
    support_page.get_by_text("Resume again…").click()
    expect(support_page.get_by_role("button", name="Resume session")).to_be_visible()
    expect(outcome(support_page)).to_have_attribute("data-result", "unknown")


def test_a_colleagues_resume_is_seen_without_reloading_and_its_outcome_follows(
    new_page, panel, simulator
):
    simulator.fault("delay", match=RESUME, seconds=6.5)
    first, second = new_page("support"), new_page("support2")
    open_session(first)
    click_resume(first)
    assert until(lambda: simulator.call_count("/resume") == 1)
    open_session(second)
    expect(second.get_by_text("support is resuming this session")).to_be_visible()
    expect(second.get_by_role("button", name="Resume session")).to_have_count(0)
    expect(outcome(second)).to_have_attribute("data-result", "ok")
    assert simulator.call_count("/resume") == 1


def test_what_was_typed_survives_look_again(support_page):
    open_session(support_page)
    support_page.get_by_label("Reason").fill("Half a sent")
    support_page.get_by_role("button", name="Look again").click()
    expect(support_page.locator("[data-age='0']").first).to_be_visible()
    expect(support_page.get_by_label("Reason")).to_have_value("Half a sent")


def test_a_reason_that_is_missing_is_asked_for_and_the_ticket_stays(new_page, simulator):
    page = new_page("support", java_script_enabled=False)
    open_session(page)
    page.get_by_label("Ticket").fill("not a ticket!")
    page.get_by_label("Reason").fill("Customer approved")
    page.get_by_role("button", name="Resume session").click()
    expect(page.get_by_text("This doesn’t look like a ticket")).to_be_visible()
    expect(page.get_by_label("Ticket")).to_have_value("not a ticket!")
    expect(page.get_by_label("Reason")).to_have_value("Customer approved")
    assert simulator.call_count("/resume") == 0


def test_everything_that_matters_works_without_javascript(new_page, simulator):
    page = new_page("support", java_script_enabled=False)
    page.goto("/sessions/")
    page.get_by_label("Find sessions").fill(cast.PING_PAUSED)
    page.get_by_role("button", name="Find sessions").click()
    click_resume(page)
    expect(outcome(page)).to_have_attribute("data-result", "ok")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("link", name="Audit", exact=True).click()
    expect(page.locator("[data-seq]").filter(has_text=cast.PING_PAUSED)).to_be_visible()


def test_a_lapsed_sign_in_leads_to_the_sign_in_page_and_sends_nothing(support_page, simulator):
    open_session(support_page)
    support_page.context.clear_cookies(name="session")
    click_resume(support_page)
    expect(support_page).to_have_url(re.compile("/accounts/login/"))
    assert simulator.call_count("/resume") == 0


def test_a_stale_csrf_token_says_reload_and_keeps_what_was_typed(support_page, simulator):
    open_session(support_page)
    support_page.context.clear_cookies(name="csrf")
    click_resume(support_page, "A long reason that took a while")
    expect(support_page.get_by_text("Reload this page: nothing was sent")).to_be_visible()
    expect(support_page.get_by_label("Reason")).to_have_value("A long reason that took a while")
    assert simulator.call_count("/resume") == 0


def test_what_was_typed_is_there_again_after_a_lapsed_sign_in_and_after_a_reload(support_page):
    open_session(support_page)
    support_page.context.clear_cookies(name="session")
    support_page.get_by_label("Ticket").fill("INC-4412")
    click_resume(support_page, "A long reason that took a while")
    expect(support_page).to_have_url(re.compile("/accounts/login/"))
    sign_in(support_page, "support")
    expect(support_page.get_by_label("Reason")).to_have_value("A long reason that took a while")
    support_page.reload()
    expect(support_page.get_by_label("Ticket")).to_have_value("INC-4412")


def test_polling_takes_nothing_away_from_somebody_who_is_using_it(support_page, simulator):
    page = support_page
    page.clock.install()
    simulator.fault("reset", match=RESUME, after=True)
    open_session(page)
    click_resume(page)
    expect(outcome(page)).to_have_attribute("data-result", "unknown")
    polls = []
    page.on(
        "request",
        lambda request: polls.append(request.url) if request.url.endswith("/now/") else None,
    )
    with page.expect_response(re.compile("/now/$")):
        page.clock.run_for(2100)
    page.get_by_text("Resolve it yourself").click()
    note = page.get_by_label("How do you know")
    note.fill("The customer")
    polls.clear()
    page.clock.run_for(5000)
    assert polls == []
    expect(note).to_be_visible()
    expect(note).to_be_focused()
    expect(note).to_have_value("The customer")


def test_look_again_keeps_the_keyboards_place(support_page):
    open_session(support_page)
    button = support_page.get_by_role("button", name="Look again")
    button.focus()
    support_page.keyboard.press("Enter")
    support_page.wait_for_load_state("networkidle")
    expect(button).to_be_focused()


def test_the_whole_job_is_possible_with_the_keyboard_alone(support_page):
    page = support_page
    page.goto("/sessions/")
    page.keyboard.press("Tab")
    page.locator("h1").click()
    page.keyboard.press("/")
    page.keyboard.type(cast.PING_PAUSED)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=cast.PING_PAUSED)).to_be_visible()
    reason = page.get_by_label("Reason")
    for _ in range(40):
        page.keyboard.press("Tab")
        if reason.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.type("Customer approved")
    button = page.get_by_role("button", name="Resume session")
    for _ in range(20):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(outcome(page)).to_have_attribute("data-result", "ok")


def test_no_single_key_resumes(support_page, simulator):
    open_session(support_page)
    support_page.locator("h1").click()
    for key in "abcdefghijklmnopqrstuvwxyz0123456789":
        support_page.keyboard.press(key)
    support_page.keyboard.press("Enter")
    assert simulator.call_count("/resume") == 0


def paste_into_search(page, text):
    page.get_by_label("Find sessions").evaluate(
        """(box, text) => {
            const data = new DataTransfer();
            data.setData("text", text);
            const paste = { clipboardData: data, bubbles: true, cancelable: true };
            box.dispatchEvent(new ClipboardEvent("paste", paste));
        }""",
        text,
    )
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    "between", ["\n", " says the customer \r\n" * 600], ids=["two lines", "a long ticket"]
)
def test_pasted_ids_are_found_however_long_the_ticket(support_page, between):
    page = support_page
    page.goto("/sessions/")
    paste_into_search(page, f"{cast.PING_PAUSED}{between}{cast.PING_CONNECTED}\r\n")
    for session_id in (cast.PING_PAUSED, cast.PING_CONNECTED):
        expect(page.get_by_role("link", name=session_id)).to_be_visible()
