"""Fixtures: Debian's (or the user's own) Chromium on the real panel, never on the network."""

import os
import shutil
from urllib.parse import urlsplit

import pytest

from tests.support.missing import need

WAIT_SECONDS = 15
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    path = (
        os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    need(
        "browser",
        path,
        "no chromium on this machine; apt-get install chromium, or set CHROMIUM to yours",
    )
    from playwright.sync_api import expect, sync_playwright

    # The machine may be busy: what is waited for may take long, but never for ever.
    expect.set_options(timeout=WAIT_SECONDS * 1000)
    # Playwright leaves an event loop running in this thread, which Django would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def new_page(browser, panel):
    """Call it for a page in a fresh browser profile: new_page("support", color_scheme="dark", viewport=...).

    Without a name nobody is signed in. At the end the test fails when a script failed or the CSP was broken.
    """
    contexts, problems = [], []

    def open_page(name: str = "", **options):
        context = browser.new_context(base_url=panel.url, **options)
        contexts.append(context)
        context.set_default_timeout(WAIT_SECONDS * 1000)
        context.route(
            lambda address: urlsplit(address).hostname != "127.0.0.1", lambda route: route.abort()
        )
        if name:
            cookies = panel.login(name).http.cookies
            context.add_cookies(
                [{"name": c.name, "value": c.value, "url": panel.url} for c in cookies]
            )
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console",
            lambda message: problems.append(message.text) if _is_csp(message.text) else None,
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def page(new_page):
    """A page on which nobody is signed in."""
    return new_page()


@pytest.fixture
def support_page(new_page):
    """A page of somebody from support."""
    return new_page("support")


def _is_csp(text: str) -> bool:
    return "Content Security Policy" in text
