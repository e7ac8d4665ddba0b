"""Every page, in light and dark, narrow and wide: no accessibility finding, nothing scrolls sideways."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from pingadmin.demo import cast

pytestmark = pytest.mark.browser

PAGES = {
    "board": "/sessions/",
    "board, all known": "/sessions/?view=all&words=_&sort=client",
    "board, nothing matches": "/sessions/?words=nothing&size=7",
    "board as it was": "/sessions/?view=all&at=2026-01-01T00:00:00",
    "session": f"/sessions/ping/{cast.PING_PAUSED}/",
    "agent with a hostile name": f"/sessions/agi/{cast.AGI_MARKUP}/",
    "unknown id": f"/sessions/?q={cast.PING_UNKNOWN}",
    "no id": "/sessions/?q=..",
    "traffic": f"/sessions/ping/{cast.PING_PAUSED}/chart/?range=all",
    "what the team did": f"/sessions/ping/{cast.PING_PAUSED}/notes/",
    "my sessions": "/sessions/handover/",
    "bulk resume": "/resumes/bulk/",
    "audit log": "/audit/",
    "audit log, nothing matches": "/audit/?actor=nobody",
    "story": "/audit/1/",
    "integrity": "/audit/integrity/",
    "collector health": "/collector/",
    "not found": "/nowhere/",
    "forbidden": "/admin/",
}


@pytest.fixture
def lived_in(panel, simulator):
    """A panel in which something happened: a resume that worked, one that is unknown, a look-up that failed."""
    person = panel.login("support")
    why = {"reason": "Customer approved", "ticket": "INC-4412"}
    person.post(f"/sessions/ping/{cast.PING_PAUSED}/resume/", why)
    person.post(f"/sessions/ping/{cast.PING_PAUSED}/watch/", {"watch": "yes"})
    person.post(f"/sessions/ping/{cast.PING_PAUSED}/assign/", {"act": "take"})
    person.post(
        f"/sessions/ping/{cast.PING_PAUSED}/notes/add/",
        {"text": "Billing calls back at 15:00.\nBe kind."},
    )
    person.get(f"/sessions/ping/{cast.PING_CONNECTED}/")
    simulator.fault("status", status=503, match="GET */status", times=2)
    person.post(f"/sessions/ping/{cast.PING_CONNECTED}/refresh/")
    simulator.fault("reset", match="PATCH */resume", after=True)
    person.post(f"/sessions/ping/{cast.PING_PAUSED_TOO}/resume/", why)
    return panel


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(new_page, lived_in, scheme):
    for width in (360, 1400):
        page = new_page("support", color_scheme=scheme, viewport={"width": width, "height": 900})
        for name, address in PAGES.items():
            page.goto(address)
            found = Axe().run(page).response["violations"]
            told = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
            assert told == [], f"{name}, {scheme}, {width} px"
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (
                f"{name} at {width} px"
            )


def test_the_sign_in_page_is_accessible_too(new_page):
    for scheme in ("light", "dark"):
        page = new_page(color_scheme=scheme)
        page.goto("/accounts/login/")
        assert Axe().run(page).response["violations"] == []


def test_times_are_shown_in_the_viewers_zone_with_its_name(new_page, lived_in):
    page = new_page("support", timezone_id="Asia/Tokyo")
    page.goto("/sessions/")
    page.reload()
    expect(page.get_by_text("Asia/Tokyo")).to_be_visible()
    page.goto(PAGES["session"])
    moment = page.locator("time").first
    assert moment.get_attribute("datetime").endswith("Z") and "UTC" in moment.get_attribute("title")


CROWDED = """() => [...document.querySelectorAll("#board td")]
    .filter((cell) => cell.offsetParent && (cell.clientWidth < 48 || cell.scrollWidth > cell.clientWidth))
    .map((cell) => `${cell.innerText}: ${cell.scrollWidth} in ${cell.clientWidth} px`)"""


@pytest.mark.parametrize("width", [360, 768, 820, 1000, 1150, 1400])
def test_every_column_of_the_board_has_room(new_page, lived_in, width):
    page = new_page("support", viewport={"width": width, "height": 900})
    page.goto("/sessions/?view=all")
    assert page.evaluate(CROWDED) == []
    box = page.get_by_role("searchbox", name="Find sessions").bounding_box()
    assert box["width"] >= 200
