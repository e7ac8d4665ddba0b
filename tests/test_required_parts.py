"""A machine without a browser, PostgreSQL or Redis runs the suite; REQUIRE makes it an error."""

from types import SimpleNamespace

import pytest

from tests.support import required_parts


def test_what_needs_a_missing_part_is_skipped_by_its_name(monkeypatch):
    monkeypatch.setattr(required_parts, "REQUIRED", set())
    with pytest.raises(pytest.skip.Exception, match="browser not found"):
        required_parts.need("browser", None, "install one")


def test_require_turns_the_skip_into_a_failure(monkeypatch):
    monkeypatch.setattr(required_parts, "REQUIRED", {"browser"})
    with pytest.raises(pytest.fail.Exception, match="browser not found, and REQUIRE asks for it"):
        required_parts.need("browser", None, "install one")
    with pytest.raises(pytest.skip.Exception):
        required_parts.need("redis", None, "install one")


def test_a_part_that_is_there_is_no_matter():
    required_parts.need("browser", "/usr/bin/chromium", "install one")


def test_the_summary_names_what_was_skipped_and_why():
    def skipped(nodeid, reason):
        return SimpleNamespace(nodeid=nodeid, longrepr=("parts.py", 1, f"Skipped: {reason}"))

    assert required_parts.summary_of_skips(
        [
            skipped("tests/b.py::test_one", "redis not found: install one"),
            skipped("tests/a.py::test_two", "browser not found: install one"),
            skipped("tests/a.py::test_three[x]", "browser not found: install one"),
        ]
    ) == [
        "2 skipped: browser not found: install one",
        "    tests/a.py (2)",
        "1 skipped: redis not found: install one",
        "    tests/b.py (1)",
    ]
