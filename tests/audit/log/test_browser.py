"""The log in a real browser: filters work in place with the script, and by links without it."""

import json
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from tests.support.panel import put_database

pytestmark = pytest.mark.browser

ENTRIES = """
from tests.audit.factories import BEN, record_entry
for number in range(60): record_entry("ok", session_id=f"ses_{number}")
record_entry("unknown", by=BEN, session_id="ses_of_ben", reason="Customer approved")
"""


@pytest.fixture
def filled_log(panel, file_after):
    """Sixty entries by ana and one, the newest, by ben."""
    put_database(file_after(ENTRIES), panel.database)
    return panel


@pytest.mark.parametrize("script", [True, False])
def test_a_reviewer_filters_pages_and_opens_an_entry(filled_log, new_page, script):
    page = new_page("auditor", java_script_enabled=script)
    page.goto("/audit/?action=resume")
    assert page.locator("tr[data-seq]").count() == 50
    page.get_by_text("61 entries match", exact=True).wait_for()

    page.get_by_role("link", name="Older").click()
    page.wait_for_url("**before=*")
    page.get_by_role("link", name="Newer").wait_for()
    assert page.locator("tr[data-seq]").count() == 11

    page.get_by_text("Filter by person").click()
    page.get_by_label("Who").fill("ben")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_text("1 entry matches").wait_for()
    assert "actor=ben" in page.url
    page.get_by_role("link", name="Not sent").click()
    page.get_by_role("heading", name="No entries match").wait_for()

    page.get_by_role("link", name="Outcome unknown", exact=True).click()
    page.get_by_text("1 entry matches").wait_for()
    row = page.locator("tr[data-seq]")
    seq = row.get_attribute("data-seq")
    row.get_by_role("link", name=f"Entry {seq}").click()
    page.get_by_role("heading", name=f"#{seq} · Resume ses_of_ben").wait_for()
    page.locator(".timeline").get_by_text("Outcome unknown").wait_for()


def test_going_back_shows_the_earlier_filter(filled_log, new_page):
    page = new_page("auditor")
    page.goto("/audit/")
    page.get_by_role("link", name="Outcome unknown", exact=True).click()
    page.get_by_text("1 entry matches").wait_for()
    page.get_by_role("link", name="Accepted").click()
    page.get_by_text("60 entries match").wait_for()

    page.go_back()

    page.get_by_text("1 entry matches").wait_for()
    assert page.url.endswith("/audit/?result=unknown")


@pytest.mark.parametrize("script", [True, False])
def test_a_click_downloads_what_the_page_shows_and_the_verifier_proves_it(
    filled_log, new_page, tmp_path, script
):
    page = new_page("auditor", java_script_enabled=script)
    page.goto("/audit/?actor=ben")
    files = {}
    for name in ("Export CSV", "Export JSONL", "Verifier for JSONL"):
        with page.expect_download() as waited:
            page.get_by_role("link", name=name).click()
        files[name] = tmp_path / waited.value.suggested_filename
        waited.value.save_as(files[name])

    assert files["Export CSV"].read_text().count("ses_of_ben") == 1
    assert "actor-ben" in files["Export JSONL"].name
    key = json.loads(files["Export JSONL"].read_text().splitlines()[0])["public_key"]
    verifier = [
        sys.executable,
        "-I",
        "-S",
        files["Verifier for JSONL"],
        files["Export JSONL"],
        "--public-key",
        key,
    ]
    assert (
        "WHOLE: 2 events"
        in subprocess.run(verifier, capture_output=True, text=True, check=True).stdout
    )


def test_the_export_follows_a_filter_that_swapped_only_the_list(filled_log, new_page):
    page = new_page("auditor")
    page.goto("/audit/")
    page.get_by_role("link", name="Outcome unknown", exact=True).click()
    page.wait_for_url("**/audit/?result=unknown")

    assert (
        page.get_by_role("link", name="Export CSV").get_attribute("href")
        == "/audit/export.csv?result=unknown"
    )


def test_a_list_and_an_entry_fit_on_paper_and_say_what_they_are(new_page, panel):
    support = new_page("support")
    support.goto(f"/sessions/ping/{cast.PING_PAUSED}/")
    support.get_by_label("Reason").first.fill("Customer approved")
    support.get_by_label("Ticket").first.fill("INC-4412")
    support.get_by_role("button", name="Resume session").click()
    expect(support.locator("#outcome")).to_be_visible()
    support.emulate_media(media="print")
    support.goto("/sessions/?view=all")
    expect(support.locator("#board tbody")).to_contain_text(cast.PING_PAUSED)
    expect(support.locator("#board tbody")).to_be_visible()
    page = new_page("auditor", viewport={"width": 688, "height": 1000})
    page.emulate_media(media="print")
    for address, words in [
        (
            "/audit/?actor=support&action=resume",
            ["Who: support; Action: Resume", "1 in all, 1 on this page"],
        ),
        ("/audit/", ["No filter: the whole log"]),
    ]:
        page.goto(address)
        head = page.locator(".print-only")
        for each in [*words, "Printed by auditor", "Times in UTC"]:
            expect(head).to_contain_text(each)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator("table.entries thead").is_visible(), "a table, and no cards"
        for hidden in (".top", ".foot", ".chips", ".filters-fold"):
            assert not page.locator(hidden).first.is_visible()
    page.goto("/audit/1/")
    expect(page.locator(".print-only")).to_contain_text("an entry of the audit log")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.pdf(format="A4").startswith(b"%PDF")
