"""The verification in a real browser: the script continues it, and without one people click."""

import subprocess
import sys

import pytest

from tests.support.appearance import appearance_faults
from tests.support.processes import CHECKOUT

pytestmark = pytest.mark.browser

EVENTS = """
import django; django.setup()
from pingadmin.audit.integrity import checkpoints
from tests.audit.factories import record_entry
from tests.factories import VerificationRunFactory
record_entry("ok"); anchored = checkpoints.make(); record_entry("")
VerificationRunFactory.create_batch({running})
print(anchored.seq)
"""


@pytest.fixture
def fill_log(panel):
    """Fills the log and makes a checkpoint; returns its seq. A verification may be left running."""

    def fill_log(running: bool = False) -> str:
        command = [sys.executable, "-c", EVENTS.format(running=int(running))]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=panel.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return fill_log


def test_a_reviewer_verifies_the_log_from_its_page(fill_log, new_page):
    anchored = fill_log()
    page = new_page("auditor")
    page.goto("/audit/")
    page.get_by_role("button", name="Verify now").click()
    page.wait_for_url("**/audit/integrity/")
    page.get_by_text("Intact: ").wait_for()
    page.get_by_text(f"Checkpoints vouch for everything up to #{anchored}, ").wait_for()
    page.get_by_text("Intents without an outcome, lost or still under way: 1.").wait_for()
    assert appearance_faults(page) == []


def test_a_running_verification_continues_to_its_end_by_itself(fill_log, new_page):
    fill_log(running=True)
    page = new_page("auditor")
    page.goto("/audit/integrity/")
    page.get_by_text("Intact: ").wait_for()
    assert page.get_by_role("progressbar").count() == 0


def test_without_the_script_people_click_to_continue(fill_log, new_page):
    fill_log(running=True)
    page = new_page("auditor", java_script_enabled=False)
    page.goto("/audit/integrity/")
    page.get_by_role("progressbar", name="Events verified").wait_for()
    page.get_by_role("button", name="Continue verifying").click()
    page.get_by_text("Intact: ").wait_for()
