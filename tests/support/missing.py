"""A part of the machine that is not there skips its tests by name, unless REQUIRE asks for it."""

import os

import pytest

REQUIRED = {part.strip() for part in os.environ.get("REQUIRE", "").split(",") if part.strip()}


def need(part: str, found, sentence: str) -> None:
    """Go on where `found` is true; else skip, or fail where REQUIRE names the part."""
    if found:
        return
    if part in REQUIRED:
        pytest.fail(f"{part} not found, and REQUIRE asks for it: {sentence}", pytrace=False)
    pytest.skip(f"{part} not found: {sentence}")
