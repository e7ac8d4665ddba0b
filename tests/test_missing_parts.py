"""A machine without a browser, PostgreSQL or Redis still runs the suite; REQUIRE makes it an error."""

import pytest

from tests.support import missing


def test_what_needs_a_missing_part_is_skipped_by_its_name(monkeypatch):
    monkeypatch.setattr(missing, "REQUIRED", set())
    with pytest.raises(pytest.skip.Exception, match="browser not found"):
        missing.need("browser", None, "install one")


def test_require_turns_the_skip_into_a_failure(monkeypatch):
    monkeypatch.setattr(missing, "REQUIRED", {"browser"})
    with pytest.raises(pytest.fail.Exception, match="browser not found, and REQUIRE asks for it"):
        missing.need("browser", None, "install one")
    with pytest.raises(pytest.skip.Exception):
        missing.need("redis", None, "install one")


def test_a_part_that_is_there_is_no_matter():
    missing.need("browser", "/usr/bin/chromium", "install one")
