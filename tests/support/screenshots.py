"""`make screenshots`: the pictures of the docs, taken of a running demo, light and dark.

Beside them lies a digest of the templates and styles that each one shows; tests/test_pictures.py
fails once those have changed.
"""

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from pingadmin.demo.accounts import PASSWORD
from pingadmin.demo.morning.customers import ping_id
from tests.support.browser import FLAGS
from tests.support.processes import CHECKOUT, clean_environment, python

PICTURES = CHECKOUT / "docs/pictures"
DIGESTS = PICTURES / "digests.json"
WINDOW = {"width": 1280, "height": 800}
# On every page.
FRAME = ["templates/base.html", "templates/web/*.html", "static/pingadmin.css", "static/tokens.css"]


@dataclass(frozen=True)
class Picture:
    """templates: patterns of those that the picture shows, besides the frame of every page."""

    name: str
    account: str
    address: str
    templates: tuple[str, ...]


ALL = (
    Picture("board", "support", "/sessions/", ("templates/oversight/board/*.html",)),
    Picture(
        "session",
        "support",
        f"/sessions/ping/{ping_id('globex-retail-207')}/",
        (
            "templates/session_page/*.html",
            "templates/remote_sessions/display/*.html",
            "templates/remote_sessions/history/*.html",
            "templates/resumes/*.html",
            "templates/oversight/team/*.html",
        ),
    ),
    Picture("handover", "support", "/sessions/handover/", ("templates/oversight/team/*.html",)),
    Picture(
        "review",
        "auditor",
        "/audit/?review=pending",
        ("templates/audit/log/*.html", "templates/audit/review/*.html"),
    ),
    Picture("integrity", "auditor", "/audit/integrity/", ("templates/audit/integrity/*.html",)),
    Picture("health", "admin", "/collector/", ("templates/collector/*.html",)),
)


def digest_of(picture: Picture) -> str:
    """Of all files that the picture shows."""
    digest = hashlib.sha256()
    for pattern in (*FRAME, *picture.templates):
        paths = sorted(CHECKOUT.glob(pattern))
        assert paths, f"{picture.name} shows {pattern}, which is not there"
        for path in paths:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        environment = clean_environment(DEMO_DIRECTORY=f"{directory}/demo")
        log = Path(directory, "log")
        demo = python("manage.py", "demo", "--port", "0", env=environment, log=log)
        try:
            url = demo.await_line(r"pingadmin runs at (http://\S+)/")[1]
            with sync_playwright() as playwright:
                chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                for theme in ("light", "dark"):
                    _take_all(browser, url, theme)
                browser.close()
        finally:
            demo.kill()
    digests = {picture.name: digest_of(picture) for picture in ALL}
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n")
    print(f"{2 * len(ALL)} pictures are in {PICTURES.relative_to(CHECKOUT)}/.")


def _take_all(browser: Browser, url: str, theme: str) -> None:
    for account in sorted({picture.account for picture in ALL}):
        context = browser.new_context(viewport=WINDOW, color_scheme=theme, reduced_motion="reduce")
        page = context.new_page()
        _sign_in(page, url, account)
        for picture in ALL:
            if picture.account == account:
                answer = page.goto(url + picture.address)
                assert answer and answer.ok, (
                    f"{picture.address} answered {answer and answer.status}"
                )
                page.wait_for_load_state("networkidle")
                page.screenshot(path=PICTURES / f"{picture.name}-{theme}.png")
        context.close()


def _sign_in(page: Page, url: str, account: str) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username").fill(account)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(lambda address: "login" not in address)
    # The pictures show what everybody's panel has.
    if page.get_by_role("button", name="Don’t show this again").count():
        page.get_by_role("button", name="Don’t show this again").click()
        page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main()
