"""The frame in a real browser: nothing for axe to find, nothing that scrolls sideways, keys that
only move.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.support.appearance import appearance_faults
from tests.support.browser import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.process]

PAGES = {
    "login": ("", "/accounts/login/"),
    "missing": ("support", "/nothing/"),
    "forbidden": ("viewer", "/audit/"),
    "password": ("support", "/accounts/password/change/"),
    "second factor": ("support", "/accounts/2fa/"),
    "people": ("admin", "/people/"),
    "add a person": ("admin", "/people/add/"),
    "person": ("admin", "/people/1/"),
    "own sign-ins": ("support", "/accounts/sign-ins/"),
}


def test_axe_finds_nothing(new_page):
    faults = {}
    for name, (who, path) in PAGES.items():
        page = new_page(who)
        page.goto(path)
        if found := appearance_faults(page, widths=(1200,)):
            faults[name] = found
    assert faults == {}


def test_nothing_scrolls_sideways(support_page):
    wrong = []
    for path in ("/sessions/", "/audit/", "/accounts/2fa/", "/nothing/"):
        support_page.goto(path)
        for width in (360, 768, 1024, 1400):
            support_page.set_viewport_size({"width": width, "height": 800})
            if support_page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wrong.append(f"{path} at {width} px")
    assert wrong == []


def test_slash_goes_to_the_box_and_a_paste_stays_on_one_line(support_page):
    page = support_page
    page.goto("/accounts/2fa/")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find" and page.input_value("#find") == ""
    page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", "INC-1\\n  ses_1\\r\\nses_2 ");
            document.getElementById("find").dispatchEvent(
                new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }"""
    )
    assert page.input_value("#find") == "INC-1 ses_1 ses_2"


def test_the_help_opens_and_the_keys_can_be_switched_off_for_good(support_page):
    page = support_page
    page.goto("/accounts/2fa/")
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch these keys off").click()
    page.wait_for_load_state()
    for _ in range(2):
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") != "find"
        page.reload()
    page.get_by_label("Account of").click()
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_role("button", name="Switch these keys on").click()
    page.wait_for_load_state()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"


def test_keys_that_version_020_switched_off_in_a_browser_stay_off_everywhere(support_page):
    page = support_page
    page.goto("/accounts/2fa/")
    page.evaluate("localStorage.setItem('pingadmin.keys-off', '1')")
    with page.expect_response("**/accounts/settings/"):
        page.reload()
    page.reload()
    assert page.locator("#help").get_attribute("data-keys") == "off"


def test_keys_typed_into_a_field_are_letters(support_page):
    page = support_page
    page.goto("/accounts/password/change/")
    page.get_by_label("Current password").press_sequentially("/?jk")
    assert page.get_by_label("Current password").input_value() == "/?jk"
    assert not page.locator("dialog[open]").count()


def test_times_follow_the_browsers_zone_from_the_second_page_on(new_page):
    page = new_page("support", timezone_id="Asia/Tokyo")
    page.goto("/accounts/2fa/")
    page.reload()
    assert page.locator("footer").inner_text() == "Times in Asia/Tokyo (UTC+9)"


def test_a_person_signs_in_and_out_without_javascript(new_page):
    page = new_page(java_script_enabled=False)
    page.goto("/audit/")
    sign_in(page, "auditor")
    assert page.url.endswith("/audit/")
    page.locator("summary[aria-label^='Account of']").click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/audit/")
    assert "/accounts/login/" in page.url


def test_after_signing_out_the_back_button_shows_nothing(new_page):
    page = new_page("auditor")
    page.goto("/audit/")
    page.locator("summary[aria-label^='Account of']").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
    page.go_back()
    assert "/accounts/login/" in page.url


def test_the_keyboard_alone_reaches_the_content(support_page):
    page = support_page
    page.goto("/accounts/2fa/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_an_administrator_works_with_people_in_the_browser(new_page):
    page = new_page("admin")
    page.goto("/")
    page.get_by_role("link", name="People").click()
    expect(page).to_have_title(re.compile("pingadmin"))
    page.get_by_role("link", name="viewer", exact=True).click()
    page.get_by_role("combobox", name="Role").select_option("support")
    page.get_by_role("button", name="Set role").click()
    page.get_by_text("The role is support.").wait_for()
