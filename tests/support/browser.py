"""Fixtures: Debian's (or the user's own) Chromium on the real panel, never on the network.

A page costs most of a second of processor time, a navigation a tenth of that. So tests borrow pages
one after another, each emptied before the next test has it.
"""

import os
import shutil

import pytest

from tests.support.people import PASSWORD
from tests.support.required_parts import need

WAIT_SECONDS = 60
WINDOW = {"width": 1280, "height": 720}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
EMPTY_STORAGE = "() => { localStorage.clear(); sessionStorage.clear(); }"
# Only Playwright's own clock, which cannot be taken out of a page again, leaves this name.
HAS_FALSE_CLOCK = "() => '__pwClock' in globalThis"


class PagePool:
    """Pages that wait for the next test, each in a browser profile of its own."""

    def __init__(self, browser):
        self._browser = browser
        self._idle: dict[tuple, list] = {}

    def borrow(self, **options):
        """An empty page in a profile with these options, in which nobody is signed in."""
        idle = self._idle.setdefault(_key(options), [])
        if idle:
            return idle.pop()
        context = self._browser.new_context(**options)
        context.set_default_timeout(WAIT_SECONDS * 1000)
        return context.new_page()

    def give_back(self, page, **options) -> None:
        """Empty the page and its profile for the next test, or close what cannot be emptied."""
        from playwright.sync_api import Error

        for extra in page.context.pages:
            if extra != page:
                extra.close()
        try:
            page.unroute_all(behavior="ignoreErrors")
            page.emulate_media(media="null")
            page.goto(f"{options['base_url']}/healthz")
            page.evaluate(EMPTY_STORAGE)
            is_reusable = not page.evaluate(HAS_FALSE_CLOCK)
            page.goto("about:blank")
            page.context.clear_cookies()
        except Error:
            is_reusable = False
        if is_reusable:
            self._idle[_key(options)].append(page)
        else:
            page.context.close()


def sign_in(page, name: str) -> None:
    """Fill in the sign-in page that is open, and send it."""
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _key(options: dict) -> tuple:
    return tuple(sorted(options.items()))


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
    # Playwright leaves an event loop in this thread, which Django would take for async code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="session")
def page_pool(browser):
    return PagePool(browser)


@pytest.fixture
def new_page(page_pool, panel):
    """Call it for a page in an empty profile: new_page("support", viewport={...}).

    Without a name nobody is signed in. The test fails when a script failed or the CSP was broken.
    """
    borrowed, problems = [], []

    def note_error(error):
        problems.append(str(error))

    def note_message(message):
        if "Content Security Policy" in message.text:
            problems.append(message.text)

    def open_page(name: str = "", *, viewport=WINDOW, color_scheme: str = "light", **options):
        options["base_url"] = panel.url
        page = page_pool.borrow(**options)
        borrowed.append((page, options))
        page.set_viewport_size(viewport)
        page.emulate_media(color_scheme=color_scheme)
        if name:
            cookies = panel.login(name).http.cookies
            page.context.add_cookies(
                [{"name": c.name, "value": c.value, "url": panel.url} for c in cookies]
            )
        page.on("pageerror", note_error)
        page.on("console", note_message)
        return page

    yield open_page
    for page, options in borrowed:
        page.remove_listener("pageerror", note_error)
        page.remove_listener("console", note_message)
        page_pool.give_back(page, **options)
    assert problems == []


@pytest.fixture
def page(new_page):
    """A page on which nobody is signed in."""
    return new_page()


@pytest.fixture
def support_page(new_page):
    """A page of somebody from support."""
    return new_page("support")
