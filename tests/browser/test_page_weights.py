"""What each page weighs. A page may not grow by more than a tenth unnoticed: change its line."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast

pytestmark = pytest.mark.browser

SESSION = f"/sessions/ping/{cast.PING_PAUSED}/"
# Account, address -> bytes of the HTML, requests, bytes of them all, elements of the page.
WEIGHTS = {
    ("", "/accounts/login/"): (3_535, 9, 117_067, 46),
    ("support", "/sessions/"): (14_272, 7, 120_811, 252),
    ("support", SESSION): (22_984, 7, 133_938, 426),
    ("support", "/resumes/bulk/"): (6_903, 6, 108_743, 109),
    ("auditor", "/audit/"): (27_301, 8, 140_498, 462),
    ("auditor", "/audit/?review=pending"): (19_965, 8, 129_799, 330),
    ("auditor", "/audit/integrity/"): (8_425, 6, 110_265, 134),
    ("admin", "/collector/"): (8_243, 6, 110_083, 140),
}


@pytest.fixture
def a_session_with_history(new_page, panel):
    page = new_page("support")
    page.goto(SESSION)
    page.get_by_role("button", name="Watch").click()
    page.get_by_label("Reason").first.fill("Customer approved")
    page.get_by_role("button", name="Resume session").click()
    expect(page.locator("#outcome")).to_be_visible()


def test_no_page_has_grown(new_page, panel, a_session_with_history):
    grown = []
    for (account, address), allowed in WEIGHTS.items():
        page = new_page(account) if account else new_page()
        measured = weigh(page, address)
        if any(now > before * 1.1 for now, before in zip(measured, allowed, strict=True)):
            grown.append(f"{account} {address}: {measured}, was {allowed}")
    assert grown == []


def weigh(page, address) -> tuple[int, int, int, int]:
    answers = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - it takes no builtin
    page.goto(address)
    page.wait_for_load_state("networkidle")
    bodies = [answer.body() for answer in answers if answer.status == 200]
    elements = page.evaluate("document.querySelectorAll('*').length")
    return len(bodies[0]), len(bodies), sum(map(len, bodies)), elements
