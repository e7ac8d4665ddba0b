"""A reviewer in a real browser: marks entries, and comes back to a log that may have changed."""

import contextlib
import json
import re
import sqlite3

import pytest
from playwright.sync_api import expect

from tests.support.appearance import appearance_faults, axe_findings
from tests.support.panel import put_database

pytestmark = pytest.mark.browser

ENTRIES = """
from tests.audit.factories import ANA, BEN, record_event, record_entry
from pingadmin.accounts.models import User
from pingadmin.audit.record.actors import Actor
record_entry("ok", session_id="ses_1")
record_entry("rejected", session_id="ses_2", by=BEN, ticket="")
auditor = User.objects.get(username="auditor")
record_entry("ok", session_id="ses_own", by=Actor("person", str(auditor.pk), "auditor", "support"))
record_entry("unknown", session_id="ses_3")
"""


@pytest.fixture
def filled_panel(panel, file_after):
    """Four entries; the second newest is the auditor's own, from when they were of support."""
    put_database(file_after(ENTRIES), panel.database)
    return panel


@pytest.fixture
def reviewer(filled_panel, new_page):
    page = new_page("auditor")
    page.goto("/audit/?review=pending")
    return page


def opened(page):
    return page.locator("#opened")


def entry_number(panel, session_id) -> int:
    return panel.rows(
        "SELECT min(seq) AS seq FROM audit_auditevent WHERE session_id = ?", session_id
    )[0]["seq"]


def count_marks(panel) -> int:
    marks = "SELECT count(*) AS marks FROM audit_auditevent WHERE phase = 'mark'"
    return panel.rows(marks)[0]["marks"]


def pin(page):
    return page.locator("#pin")


def click_mark(page, name, note=""):
    # The form refuses the pointer for a moment after it appears; Playwright waits for that.
    if note:
        page.get_by_label("Note").fill(note)
    page.get_by_role("button", name=name).click()


def review_one(page):
    click_mark(page, "Mark reviewed and open next")
    expect(opened(page)).to_contain_text("ses_2")
    expect(pin(page)).to_contain_text("matches")


def rewrite(panel, *statements: str) -> None:
    """As whoever owns the file can: the triggers dropped, then anything."""
    with contextlib.closing(sqlite3.connect(panel.database, timeout=10)) as connection:
        triggers = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("script", [True, False])
def test_a_reviewer_marks_flags_with_a_note_and_comes_to_the_end(filled_panel, new_page, script):
    page = new_page("auditor", java_script_enabled=script)
    page.goto("/audit/")
    page.get_by_role("link", name="To review").click()
    expect(opened(page)).to_contain_text("ses_3")
    click_mark(page, "Mark reviewed and open next")
    expect(opened(page)).to_contain_text("ses_2")  # past the own one
    expect(page.get_by_text(re.compile("is reviewed. 3 entries match"))).to_be_visible()

    click_mark(page, "Flag and open next")
    expect(page.get_by_text("Say in a few words what’s wrong")).to_be_visible()
    click_mark(page, "Flag and open next", "Why without a ticket?")
    expect(opened(page)).to_contain_text("ses_1")
    click_mark(page, "Mark reviewed and open next")
    expect(page.get_by_text(re.compile("is reviewed. 1 entry matches"))).to_be_visible()

    page.get_by_role("link", name="Flagged").click()
    page.get_by_role("link", name=f"Entry {entry_number(filled_panel, 'ses_2')}").click()
    expect(page.get_by_text("“Why without a ticket?”")).to_be_visible()
    expect(page.get_by_text("3 of 4 reviewed this week")).to_be_visible()


def test_the_chips_say_how_many_and_follow_each_mark(reviewer):
    expect(reviewer.get_by_role("link", name="To review 4")).to_be_visible()
    expect(reviewer.get_by_role("link", name="No ticket 1")).to_be_visible()
    click_mark(reviewer, "Mark reviewed and open next")
    expect(reviewer.get_by_role("link", name="To review 3")).to_be_visible()
    expect(reviewer.get_by_role("link", name="Unknown outcome 0")).to_be_visible()


def test_an_own_action_offers_no_button(reviewer, filled_panel):
    reviewer.get_by_role("link", name=f"Entry {entry_number(filled_panel, 'ses_own')}").click()
    expect(
        reviewer.get_by_text("You acted in this entry, so somebody else has to review it.")
    ).to_be_visible()
    expect(reviewer.get_by_role("button", name="Reviewed")).to_have_count(0)


def test_a_double_click_marks_one_entry(reviewer, filled_panel):
    button = reviewer.get_by_role("button", name="Mark reviewed and open next")
    expect(button).to_be_visible()
    reviewer.wait_for_function(
        "() => document.querySelector('form.review').getAnimations().length === 0"
    )
    button.dblclick()
    expect(opened(reviewer)).to_contain_text("ses_2")
    expect(reviewer.get_by_role("link", name="To review 3")).to_be_visible()
    assert count_marks(filled_panel) == 1


def test_rows_are_walked_by_keyboard_and_no_single_key_marks(reviewer, filled_panel):
    reviewer.locator("h1").click()
    reviewer.keyboard.press("j")
    after_the_open_one = entry_number(filled_panel, "ses_own")
    expect(reviewer.locator(f"#entry-{after_the_open_one}")).to_be_focused()
    reviewer.keyboard.press("j")
    reviewer.keyboard.press("Enter")
    expect(opened(reviewer)).to_contain_text("ses_2")
    expect(opened(reviewer)).to_be_focused()
    for key in "abcdefghijklmnopqrstuvwxyz0123456789":
        reviewer.keyboard.press(key)
    assert count_marks(filled_panel) == 0


def test_a_pin_is_kept_downloaded_and_found_unchanged_on_the_next_visit(reviewer, filled_panel):
    expect(pin(reviewer)).to_be_hidden()
    review_one(reviewer)
    mark = filled_panel.rows("SELECT seq, row_hash FROM audit_auditevent WHERE phase = 'mark'")[0]
    with reviewer.expect_download() as download:
        reviewer.get_by_role("link", name="Download the pin").click()
    kept = json.loads(download.value.path().read_text())
    assert {name: kept[name] for name in mark} == mark
    assert download.value.suggested_filename == f"pingadmin-pin-{mark['seq']}.json"

    filled_panel.login("support").get("/audit/")
    reviewer.goto("/audit/")
    expect(pin(reviewer)).to_contain_text(f"Your pin at #{mark['seq']} matches.")
    reviewer.get_by_role("button", name="Verify in this browser").click()
    expect(pin(reviewer)).to_contain_text(
        f"Nothing that you reviewed before #{mark['seq']} has changed."
    )


def test_a_browser_that_forgot_the_pin_says_so_and_takes_it_back(reviewer, filled_panel, tmp_path):
    review_one(reviewer)
    mark = filled_panel.rows("SELECT seq FROM audit_auditevent WHERE phase = 'mark'")[0]
    with reviewer.expect_download() as download:
        reviewer.get_by_role("link", name="Download the pin").click()
    reviewer.evaluate("localStorage.clear()")

    reviewer.goto("/audit/")
    expect(pin(reviewer)).to_contain_text("There is no pin in this browser.")
    expect(pin(reviewer)).to_contain_text(f"#{mark['seq']} records it")
    expect(reviewer.get_by_role("button", name="Verify in this browser")).to_be_hidden()
    assert axe_findings(reviewer) == []
    chooser = pin(reviewer).locator("input[type=file]")
    for content, sentence in {
        "not JSON": "isn’t a pin",
        '{"seq": "4"}': "isn’t a pin",
        json.dumps(pin_of("https://other.example")): "is of https://other.example",
    }.items():
        (tmp_path / "pin.json").write_text(content)
        chooser.set_input_files(tmp_path / "pin.json")
        expect(pin(reviewer)).to_contain_text("The pin wasn’t loaded.")
        expect(pin(reviewer)).to_contain_text(sentence)
    chooser.set_input_files(download.value.path())
    expect(pin(reviewer)).to_contain_text(f"Your pin at #{mark['seq']} matches.")


def pin_of(panel: str) -> dict:
    return {"seq": 1, "row_hash": "a" * 64, "at": "2026-11-22T14:02:11Z", "panel": panel}


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            "UPDATE audit_auditevent SET reason = 'Nothing to see' WHERE seq = {0}",
            "#{0} is not the event that #{1}",
        ),
        (
            "UPDATE audit_auditevent SET at = '2020-01-01 00:00:00' WHERE seq = {0}",
            "#{0} is not the event that #{1}",
        ),
        ("UPDATE audit_auditevent SET schema_version = 9 WHERE seq = {0}", "#{0} can’t be read"),
        ("DELETE FROM audit_auditevent WHERE seq = {0}", "#{0} is missing"),
    ],
)
def test_a_row_that_was_changed_is_named_by_the_check_though_every_stated_hash_still_fits(
    reviewer, filled_panel, statement, sentence
):
    review_one(reviewer)
    number = entry_number(filled_panel, "ses_1")
    rewrite(filled_panel, statement.format(number))

    reviewer.goto("/audit/?actor=nobody")
    expect(pin(reviewer)).to_contain_text("matches")
    reviewer.get_by_role("button", name="Verify in this browser").click()
    expect(pin(reviewer)).to_contain_text("The log is not what you reviewed.")
    expect(pin(reviewer)).to_contain_text(sentence.format(number, number + 1))


def test_a_log_that_was_rehashed_or_cut_is_noticed_on_the_next_visit_and_no_later_pin_hides_it(
    reviewer, filled_panel
):
    review_one(reviewer)
    old = reviewer.evaluate(
        "Object.entries(localStorage).find(([name]) => name.startsWith('pingadmin.pin'))[1]"
    )
    number = json.loads(old)["seq"]
    rewrite(
        filled_panel,
        f"UPDATE audit_auditevent SET row_hash = '{'e' * 64}' WHERE seq = {number}",
    )

    reviewer.goto("/audit/?review=pending")
    expect(pin(reviewer)).to_have_attribute("data-meaning", "failed")
    expect(pin(reviewer)).to_contain_text(f"it now has {'e' * 12}…")
    assert axe_findings(reviewer) == []
    click_mark(reviewer, "Mark reviewed and open next")
    expect(opened(reviewer)).to_contain_text("ses_1")
    expect(pin(reviewer)).to_have_attribute("data-meaning", "failed")
    assert reviewer.evaluate("Object.values(localStorage)") == [old]

    rewrite(filled_panel, f"DELETE FROM audit_auditevent WHERE seq >= {number}")
    reviewer.goto("/audit/?actor=nobody")
    expect(pin(reviewer)).to_contain_text("The log ends at #")
    reviewer.get_by_role("button", name="Forget the pin").click()
    expect(pin(reviewer)).to_be_hidden()


def test_axe_finds_nothing_and_nothing_scrolls_sideways(filled_panel, reviewer):
    click_mark(reviewer, "Mark reviewed and open next")
    expect(pin(reviewer)).to_be_visible()
    faults = {}
    for address in (
        reviewer.url,
        "/audit/?review=flagged",
        f"/audit/{entry_number(filled_panel, 'ses_own')}/",
        "/audit/1/",
    ):
        reviewer.goto(address)
        if found := appearance_faults(reviewer):
            faults[address] = found
    assert faults == {}
