"""The table of promises names tests that exist, one row for each id, and the judge is right."""

import ast

import pytest

from tests.support.promises import (
    ROOT,
    TABLE,
    Judge,
    NamedTest,
    Promise,
    read_promises,
    verdict,
)

PROMISES = read_promises(TABLE.read_text())
KEPT = NamedTest("a.py", "test_a", "")


def functions_of(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_promise_has_its_row():
    assert [promise.id for promise in PROMISES] == [f"T{number:02}" for number in range(1, 104)]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_the_tests_of_a_row_exist(promise):
    assert promise.tests
    missing = [
        test
        for test in promise.tests
        if test.function != "*" and test.function not in functions_of(test.file)
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        ({KEPT: {"a.py::test_a": "passed"}}, ""),
        ({}, "a.py::test_a was not run"),
        ({KEPT: {"a.py::test_a[1]": "passed", "a.py::test_a[2]": "failed"}}, "a.py::test_a failed"),
        ({KEPT: {"a.py::test_a": "skipped"}}, "a.py::test_a skipped"),
    ],
)
def test_a_promise_is_kept_only_where_all_its_tests_ran_and_passed(outcomes, why):
    assert verdict(Promise("T01", "", [KEPT]), outcomes) == why


def test_a_promise_without_a_test_is_not_kept():
    assert verdict(Promise("T01", "", []), {}) == "no test"


@pytest.mark.parametrize(
    ("node_id", "is_named"),
    [
        ("tests/x/test_y.py::test_z", True),
        ("tests/x/test_y.py::TestClass::test_z", True),
        ("tests/x/test_y.py::test_z[T12 hangs-ping]", True),
        ("tests/x/test_y.py::test_other", False),
        ("tests/test_y.py::test_z", False),
    ],
)
def test_a_test_is_known_by_file_and_function(node_id, is_named):
    assert NamedTest("x/test_y.py", "test_z", "").matches(node_id) is is_named
    assert NamedTest("x/test_y.py", "test_z", "T13").matches(node_id) is False
    assert Judge([]).named == set()
