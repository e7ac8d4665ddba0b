"""A part of the machine that is not there skips its tests by name, unless REQUIRE asks for it."""

import os
from collections import Counter, defaultdict

import pytest

REQUIRED = {part.strip() for part in os.environ.get("REQUIRE", "").split(",") if part.strip()}


def need(part: str, found: object, sentence: str) -> None:
    """Continue where `found` is true; else skip, or fail where REQUIRE names the part."""
    if found:
        return
    if part in REQUIRED:
        pytest.fail(f"{part} not found, and REQUIRE asks for it: {sentence}", pytrace=False)
    pytest.skip(f"{part} not found: {sentence}")


def summary_of_skips(reports: list[pytest.TestReport]) -> list[str]:
    """One line for each reason to skip, and one for each file whose tests it skipped."""
    files: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        _, _, reason = report.longrepr
        files[reason.removeprefix("Skipped: ")][report.nodeid.partition("::")[0]] += 1
    lines = []
    for reason, counts in sorted(files.items()):
        lines.append(f"{counts.total()} skipped: {reason}")
        lines += [f"    {file} ({count})" for file, count in sorted(counts.items())]
    return lines


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if lines := summary_of_skips(terminalreporter.getreports("skipped")):
        terminalreporter.section("skipped")
        terminalreporter.write_line("\n".join(lines))
