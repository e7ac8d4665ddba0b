"""Processes that are started together end together, however the first of them ends."""

import os
import signal

import pytest

from tests.support.processes import clean_environment, is_running, python, until

pytestmark = pytest.mark.process

TWO_CHILDREN = """
from pingadmin.demo.children import Children
with Children() as children:
    sleeping = ("-c", "import time; time.sleep(600)")
    pids = [children.start(name, *sleeping).pid for name in ("the first", "the second")]
    print("children", *pids, flush=True)
    print(children.wait(), flush=True)
"""


@pytest.fixture
def parent(tmp_path):
    """A process with two children; `children` are their pids."""
    process = python("-c", TWO_CHILDREN, env=clean_environment(), log=tmp_path / "log")
    line = process.await_line(r"children (\d+) (\d+)")
    process.children = [int(line[1]), int(line[2])]
    yield process
    process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_one_signal_ends_all(parent, number):
    assert parent.end(number) == 0
    assert until(lambda: not any(map(is_running, parent.children)))


@pytest.mark.parametrize("index", [0, 1])
def test_when_one_dies_all_end_and_it_says_which(parent, index):
    os.kill(parent.children[index], signal.SIGKILL)
    assert parent.wait() == 0
    name = ("the first", "the second")[index]
    assert f"{name} ended by itself (signal 9)" in parent.output
    assert until(lambda: not any(map(is_running, parent.children)))


def test_none_survives_when_the_parent_is_killed(parent):
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert until(lambda: not any(map(is_running, parent.children)))
