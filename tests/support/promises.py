"""`make promises`: runs the tests of docs/promises.md and says of each row whether it is kept.

python -m tests.support.promises [options of pytest]
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "promises.md"
_ROW = re.compile(r"\| (T\d{2,3}) \| (.+?) \| (.*) \|")
_TEST = re.compile(r"`([^`\[]+)::(\w+|\*)(?:\[([^\]]+)\])?`")


@dataclass(frozen=True)
class NamedTest:
    """A test as the table names it: a function of a file, or * for all, and words of its cases."""

    file: str
    function: str
    cases: str

    def matches(self, node_id: str) -> bool:
        file, _, name = node_id.removeprefix("tests/").partition("::")
        function, _, case = name.rpartition("::")[2].partition("[")
        return (
            file == self.file
            and self.function in ("*", function)
            and (not self.cases or self.cases in case)
        )


@dataclass(frozen=True)
class Promise:
    id: str
    text: str
    tests: list[NamedTest]


def read_promises(text: str) -> list[Promise]:
    return [
        Promise(id, text, [NamedTest(*groups) for groups in _TEST.findall(tests)])
        for id, text, tests in _ROW.findall(text)
    ]


class Judge:
    """A plugin that keeps the named tests alone, and how each ended."""

    def __init__(self, promises: Iterable[Promise]) -> None:
        self.named = {test for promise in promises for test in promise.tests}
        self.outcomes: dict[NamedTest, dict[str, str]] = defaultdict(dict)

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list) -> None:
        kept = [item for item in items if any(test.matches(item.nodeid) for test in self.named)]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        node_id = report.nodeid.partition("@")[0]
        for test in self.named:
            if test.matches(node_id) and (report.when == "call" or not report.passed):
                worse = self.outcomes[test].get(node_id) in (None, "passed")
                if worse:
                    self.outcomes[test][node_id] = report.outcome


def verdict(promise: Promise, outcomes: dict[NamedTest, dict[str, str]]) -> str:
    """Empty where the promise is kept, else why not."""
    if not promise.tests:
        return "no test"
    for test in promise.tests:
        ends = set(outcomes.get(test, {}).values())
        if not ends:
            return f"{test.file}::{test.function} was not run"
        if ends != {"passed"}:
            return f"{test.file}::{test.function} {' and '.join(sorted(ends - {'passed'}))}"
    return ""


def main(options: list[str]) -> int:
    promises = read_promises(TABLE.read_text())
    judge = Judge(promises)
    files = sorted({f"tests/{test.file}" for test in judge.named})
    pytest.main(["-q", "-p", "no:cacheprovider", *options, *files], plugins=[judge])
    broken = 0
    for promise in promises:
        why = verdict(promise, judge.outcomes)
        broken += bool(why)
        number = sum(len(judge.outcomes.get(test, {})) for test in promise.tests)
        print(f"{promise.id}  {why or f'kept, {number} tests'}  {promise.text}")
    print(f"{len(promises) - broken} of {len(promises)} promises are kept.")
    return 1 if broken or not promises else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
