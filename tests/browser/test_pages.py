"""Every page, in light and dark, narrow and wide: axe finds nothing, nothing scrolls sideways."""

import pytest
from playwright.sync_api import expect

from pingadmin.demo import cast
from pingadmin.remote_sessions.converters import ClientNameConverter
from tests.support.appearance import appearance_faults

pytestmark = pytest.mark.browser

HOSTILE_CLIENT = ClientNameConverter().to_url(
    next(each["agent_name"] for each in cast.AGI_SESSIONS if each["session_id"] == cast.AGI_MARKUP)
)
PAGES = {
    "board": "/sessions/",
    "board, all known": "/sessions/?view=all&words=_&sort=client",
    "board, nothing matches": "/sessions/?words=nothing&size=7",
    "board as it was": "/sessions/?view=all&at=2026-01-01T00:00:00",
    "session": f"/sessions/ping/{cast.PING_PAUSED}/",
    "agent with a hostile name": f"/sessions/agi/{cast.AGI_MARKUP}/",
    "client": "/clients/ping/acme-frankfurt-022/",
    "client with a hostile name": f"/clients/agi/{HOSTILE_CLIENT}/",
    "limits of a client": "/clients/ping/acme-frankfurt-022/limits/",
    "unknown client": "/clients/ping/nobody/",
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
    """A panel with a resume that worked, one whose outcome is unknown, and a failed look-up."""
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
    person.get(f"/sessions/agi/{cast.AGI_MARKUP}/")
    person.post("/clients/ping/acme-frankfurt-022/notes/add/", {"text": "Pays by invoice."})
    caps = {"downloaded_bytes": 1024**2, "upload_speed": 512, "max_sessions": 1}
    simulator.limits(client=caps, session=caps)
    simulator.fault("status", status=503, match="GET */status", times=2)
    person.post(f"/sessions/ping/{cast.PING_CONNECTED}/refresh/")
    simulator.fault("reset", match="PATCH */resume", after=True)
    person.post(f"/sessions/ping/{cast.PING_PAUSED_TOO}/resume/", why)
    return panel


def test_axe_finds_nothing_and_nothing_scrolls_sideways(new_page, lived_in):
    page, faults = new_page("support"), {}
    for name, address in PAGES.items():
        page.goto(address)
        if found := appearance_faults(page):
            faults[name] = found
    assert faults == {}


def test_the_sign_in_page_is_accessible_too(page):
    page.goto("/accounts/login/")
    assert appearance_faults(page) == []


def test_times_are_shown_in_the_viewers_zone_with_its_name(new_page, lived_in):
    page = new_page("support", timezone_id="Asia/Tokyo")
    page.goto("/sessions/")
    page.reload()
    expect(page.get_by_text("Asia/Tokyo")).to_be_visible()
    page.goto(PAGES["session"])
    moment = page.locator("time").first
    assert moment.get_attribute("datetime").endswith("Z") and "UTC" in moment.get_attribute("title")


CROWDED = """() => [...document.querySelectorAll("#board td")]
    .filter((cell) => cell.offsetParent)
    .filter((cell) => cell.clientWidth < 48 || cell.scrollWidth > cell.clientWidth)
    .map((cell) => `${cell.innerText}: ${cell.scrollWidth} in ${cell.clientWidth} px`)"""


def test_every_column_of_the_board_has_room_at_every_width(support_page, lived_in):
    support_page.goto("/sessions/?view=all")
    box = support_page.get_by_role("searchbox", name="Find sessions")
    for width in (360, 768, 820, 1000, 1150, 1400):
        support_page.set_viewport_size({"width": width, "height": 900})
        assert support_page.evaluate(CROWDED) == [], f"at {width} px"
        assert box.bounding_box()["width"] >= 200, f"at {width} px"
