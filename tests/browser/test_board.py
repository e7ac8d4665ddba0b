"""The board in real browsers: changes arrive by themselves, and take nothing from its users."""

import re

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast

pytestmark = pytest.mark.browser

ONE, TWO = cast.PING_CONNECTED, cast.PING_CONNECTED_LONG


@pytest.fixture
def watching(panel):
    """Somebody who looked at two sessions and put them on the team's list."""
    person = panel.login("support2")
    for session_id in (ONE, TWO):
        person.get(f"/sessions/ping/{session_id}/")
        person.post(f"/sessions/ping/{session_id}/watch/", {"watch": "yes"})
    return person


def row(page, session_id):
    return page.locator("#board tr").filter(has_text=session_id)


def pause(simulator, person, session_id):
    """Pause it upstream, then resume it here: of all that the board shows only "paused" changes."""
    simulator.ask("PATCH", f"/customer/v2/sessions/{session_id}/pause")
    return person.post(f"/sessions/ping/{session_id}/resume/", {"reason": "Customer approved"})


def test_a_change_shows_in_every_open_board_and_no_row_moves(new_page, watching, simulator):
    pages = [new_page("support"), new_page("viewer")]
    for page in pages:
        page.goto("/sessions/")
        expect(row(page, ONE)).to_contain_text("not reported")
    places = [row(page, ONE).bounding_box()["y"] for page in pages]
    pause(simulator, watching, ONE)
    for page in pages:
        expect(row(page, ONE)).to_contain_text("Not paused")
    assert [row(page, ONE).bounding_box()["y"] for page in pages] == places


def test_what_is_selected_focused_and_typed_survives_polls_and_a_reload_of_the_rows(
    new_page, watching, simulator
):
    page = new_page("support")
    page.goto("/sessions/")
    box = row(page, ONE).get_by_role("checkbox")
    box.check()
    search = page.get_by_label("Search this view")
    search.fill("half a wor")
    pause(simulator, watching, ONE)
    expect(row(page, ONE)).to_contain_text("Not paused")
    expect(box).to_be_checked()
    expect(search).to_be_focused()
    expect(search).to_have_value("half a wor")
    watching.get(f"/sessions/ping/{cast.PING_CREATED}/")
    watching.post(f"/sessions/ping/{cast.PING_CREATED}/watch/", {"watch": "yes"})
    changes = page.locator("#changes")
    expect(changes).to_contain_text("1 session is new.")
    expect(row(page, cast.PING_CREATED)).to_have_count(0)
    changes.get_by_role("link", name="Show").click()
    expect(row(page, cast.PING_CREATED)).to_be_visible()
    expect(row(page, ONE).get_by_role("checkbox")).to_be_checked()
    expect(search).to_have_value("half a wor")
    expect(changes).to_be_empty()


def test_look_ups_that_fail_and_work_by_turns_move_no_row_and_announce_nothing(
    new_page, watching, simulator
):
    pages = [new_page("support"), new_page("viewer")]
    for page in pages:
        page.goto("/sessions/")
    ids = [page.locator("#board tbody a").all_inner_texts() for page in pages]
    for _ in range(2):
        simulator.fault("status", match=f"GET */{ONE}/status", status=401, times=0)
        watching.post(f"/sessions/ping/{ONE}/refresh/")
        for page in pages:
            expect(row(page, ONE)).to_contain_text("Connected?")
            expect(page.locator("#changes")).to_contain_text("1 session changed place.")
        simulator.clear_faults()
        watching.post(f"/sessions/ping/{ONE}/refresh/")
        for page in pages:
            expect(row(page, ONE)).not_to_contain_text("Connected?")
            expect(page.locator("#changes")).to_be_empty()
    assert [page.locator("#board tbody a").all_inner_texts() for page in pages] == ids


def test_the_focus_stays_on_a_row_that_changes(new_page, watching, simulator):
    page = new_page("support")
    page.goto("/sessions/")
    link = page.get_by_role("link", name=ONE)
    link.focus()
    pause(simulator, watching, ONE)
    expect(row(page, ONE)).to_contain_text("Not paused")
    expect(link).to_be_focused()


def test_a_bar_comes_with_the_first_tick_and_counts(new_page, watching):
    page = new_page("support")
    page.goto("/sessions/")
    bar = page.locator("#selection")
    expect(bar).to_be_hidden()
    row(page, TWO).get_by_role("checkbox").check()
    expect(bar).to_contain_text("1 selected")
    page.get_by_role("checkbox", name="Select all on this page").check()
    number = page.locator("#board [name=session]").count()
    expect(bar).to_contain_text(f"{number} selected")
    bar.get_by_role("button", name="Clear").click()
    expect(bar).to_be_hidden()
    expect(page.locator("#board [name=session]").first).to_be_focused()
    assert page.locator("#board [name=session]:checked").count() == 0


def test_selected_sessions_are_sent_to_the_preview(new_page, watching):
    for options in ({}, {"java_script_enabled": False}):
        page = new_page("support", **options)
        page.goto("/sessions/")
        row(page, TWO).get_by_role("checkbox").check()
        page.get_by_role("button", name="Resume selected").click()
        expect(page).to_have_url(re.compile("/resumes/bulk/"))
        expect(page.get_by_text(TWO).first).to_be_visible()


def test_when_polls_fail_the_page_says_so_and_recovers(new_page, watching):
    page = new_page("support")
    page.clock.install()
    page.goto("/sessions/")
    page.route("**/sessions/rows/**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        page.clock.run_for(5100)
    expect(page.locator("#live")).to_contain_text("Live updates paused since")
    page.unroute("**/sessions/rows/**")
    with page.expect_response(re.compile("/sessions/rows/")):
        page.clock.run_for(5100)
    expect(page.locator("#live")).not_to_contain_text("Live updates paused since")


def test_a_fault_of_the_panel_stops_nothing_and_is_not_shown_as_a_row(new_page, watching):
    page = new_page("support")
    page.clock.install()
    page.goto("/sessions/")
    page.route("**/sessions/rows/**", lambda route: route.fulfill(status=500, body="<p>broken</p>"))
    with page.expect_response(re.compile("/sessions/rows/")):
        page.clock.run_for(5100)
    expect(page.locator("#live")).to_contain_text("Live updates paused since")
    expect(row(page, ONE)).to_be_visible()


def test_signing_out_stops_the_polls(new_page, watching):
    page = new_page("support")
    page.goto("/sessions/")
    page.context.clear_cookies(name="session")
    expect(page).to_have_url(re.compile("/accounts/login/.*sessions"))


def test_rows_are_walked_and_opened_by_keyboard_and_by_mouse(new_page, watching):
    page = new_page("support")
    page.goto("/sessions/")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name=ONE)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/sessions/ping/{ONE}/$"))
    page.go_back()
    row(page, TWO).locator("td:last-child").click()
    expect(page).to_have_url(re.compile(f"/sessions/ping/{TWO}/$"))


def test_an_age_has_the_exact_time_behind_it(new_page, watching):
    page = new_page("support")
    page.goto("/sessions/")
    age = row(page, ONE).locator("i")
    expect(age).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$"))


SLEEP_AN_HOUR = "() => { const now = Date.now; Date.now = () => now() + 3600 * 1000; }"


def test_after_an_hour_of_sleep_nothing_is_called_live_or_fresh(new_page, watching):
    """A machine that sleeps stops performance.now(), and no poll ran meanwhile."""
    page = new_page("support")
    page.goto("/sessions/")
    age = row(page, ONE).locator("i[data-age]").first
    expect(age).to_contain_text("s ago")
    page.route("**/sessions/rows/**", lambda route: route.abort())
    page.evaluate(SLEEP_AN_HOUR)
    expect(age).to_have_text("1 h ago", timeout=2500)
    error = page.locator(".live-error")
    expect(error).to_have_text(re.compile(r"Live updates paused since \d\d:\d\d:\d\d \S+"))
    expect(page.locator(".live-status")).to_be_hidden()
    page.unroute("**/sessions/rows/**")
    expect(page.locator(".live-status")).to_be_visible()
