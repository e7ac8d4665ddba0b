"""Wrong command line arguments get one clear sentence; files that a demo did not make stay."""

import socket
import subprocess
import sys

import pytest

from pingadmin.demo.management.commands import demo
from tests.support.processes import CHECKOUT, clean_environment

pytestmark = pytest.mark.process


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


def run(*arguments: str, **names: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=CHECKOUT,
        env=clean_environment(**names),
        capture_output=True,
        text=True,
        timeout=60,
    )


def assert_one_sentence(done: subprocess.CompletedProcess, words: str) -> None:
    assert (done.returncode, done.stdout) == (1, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--faults", "nope"], "Give one of flap, slow"),
        (["--faults", "{}"], "Give one of flap, slow"),
        (["--faults", '[{"fault": "nope"}]'], "of these: hang, close"),
        (["--port", "99999"], "Name a free one with --port"),
        (["--heartbeat", "0"], "Give a number of seconds"),
    ],
)
def test_the_simulator_refuses_in_one_sentence(arguments, words):
    assert_one_sentence(run("-m", "pingadmin.demo", *arguments), words)


def test_so_does_its_command():
    done = run("manage.py", "simulate", "--faults", "nope")
    assert_one_sentence(done, "Give one of flap, slow")


def test_the_simulator_says_that_its_port_is_taken(taken_port):
    assert_one_sentence(
        run("manage.py", "simulate", "--port", taken_port), f"Port {taken_port} cannot be used"
    )


def test_the_demo_says_that_a_port_is_none(tmp_path):
    done = run("manage.py", "demo", "--port", "99999", DEMO_DIRECTORY=str(tmp_path / "demo"))
    assert_one_sentence(done, "Port 99999 cannot be used")


def test_a_directory_that_is_not_a_demos_is_left_alone(tmp_path):
    (tmp_path / "pingadmin.sqlite3").write_text("years of work")
    done = run("manage.py", "demo", "--port", "0", DEMO_DIRECTORY=str(tmp_path))
    assert_one_sentence(done, "Name a new or an empty directory")
    assert [file.name for file in tmp_path.iterdir()] == ["pingadmin.sqlite3"]


def test_a_directory_that_cannot_be_one_is_said_so(tmp_path):
    (tmp_path / "file").write_text("kept")
    done = run("manage.py", "demo", "--port", "0", DEMO_DIRECTORY=str(tmp_path / "file"))
    assert_one_sentence(done, "Name another directory")


def test_only_what_a_demo_makes_is_removed_from_its_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    made = [
        "pingadmin.sqlite3",
        "pingadmin.sqlite3-wal",
        "audit-checkpoints.jsonl",
        "unrecorded-outcomes.jsonl",
    ]
    for name in ["running", "notes.txt", *made]:
        (tmp_path / name).write_text("x")
    (tmp_path / "kept").mkdir()
    with demo._demo_directory():
        assert {file.name for file in tmp_path.iterdir()} == {"running", "notes.txt", "kept"}


def test_an_empty_directory_becomes_a_demos(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for _ in range(2):
        with demo._demo_directory():
            (tmp_path / "pingadmin.sqlite3").write_text("x")
