"""The check in a real browser: it runs to its end by itself with the script, and by pressing on without it."""

import subprocess
import sys

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.processes import CHECKOUT

pytestmark = pytest.mark.browser

EVENTS = """
import django; django.setup()
from django.utils import timezone
from pingadmin.audit import chain, checkpoints
from pingadmin.audit.models import VerificationRun
from tests.audit.factories import event, story
story("ok"); anchored = checkpoints.make(); story("")
run = dict(started_at=timezone.now(), started_by="ana", head=chain.GENESIS)
for _ in range({under_way}): VerificationRun.objects.create(**run)
print(anchored.seq)
"""


@pytest.fixture
def tell(panel):
    """A log with a checkpoint; returns where that is. A check may be under way, left at its first event."""

    def tell(under_way: bool = False) -> str:
        command = [sys.executable, "-c", EVENTS.format(under_way=int(under_way))]
        done = subprocess.run(
            command, cwd=CHECKOUT, env=panel.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    return tell


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_reviewer_checks_the_log_from_its_page(tell, new_page, scheme):
    anchored = tell()
    for width in (1400, 360):
        page = new_page("auditor", color_scheme=scheme, viewport={"width": width, "height": 900})
        page.goto("/audit/")
        page.get_by_role("button", name="Check now").click()
        page.wait_for_url("**/audit/integrity/")
        page.get_by_text("Whole: ").wait_for()
        page.get_by_text(f"Anchored up to #{anchored} ").wait_for()
        page.get_by_text("Intents without an outcome, lost or still under way: 1.").wait_for()
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_check_that_is_under_way_runs_to_its_end_by_itself(tell, new_page):
    tell(under_way=True)
    page = new_page("auditor")
    page.goto("/audit/integrity/")
    page.get_by_text("Whole: ").wait_for()
    assert page.get_by_role("progressbar").count() == 0


def test_without_the_script_people_press_on(tell, new_page):
    tell(under_way=True)
    page = new_page("auditor", java_script_enabled=False)
    page.goto("/audit/integrity/")
    page.get_by_role("progressbar", name="Events checked").wait_for()
    page.get_by_role("button", name="Continue checking").click()
    page.get_by_text("Whole: ").wait_for()
