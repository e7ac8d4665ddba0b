"""`manage.py demo` works where nothing is set, brings everything up, and takes all of it down."""

import contextlib
import os
import signal
import sqlite3
import urllib.request

import pytest
import requests

from pingadmin.audit.models import AuditEvent
from pingadmin.demo.accounts import ACCOUNTS
from tests.support.html import parse
from tests.support.processes import clean_environment, is_running, python, until

pytestmark = pytest.mark.process


# What a real deployment may have set: the demo must not even read it.
LEFT_OVERS = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/real",
    "PING_API_KEY": "a-real-key",
    "SECRET_KEY_FILE": "/nonexistent",
    "UPSTREAMS_FILE": "/nonexistent",
}


@pytest.fixture
def demo(tmp_path):
    """A running demo in a directory of its own."""
    environment = clean_environment(DEMO_DIRECTORY=str(tmp_path / "demo"), **LEFT_OVERS)
    process = python("manage.py", "demo", "--port", "0", env=environment, log=tmp_path / "log")
    process.url = process.await_line(r"pingadmin runs at (http://\S+)/")[1]
    yield process
    process.kill()


def test_it_serves_leaves_other_demos_alone_and_one_signal_ends_everything(demo, tmp_path):
    assert_a_second_demo_is_refused(demo, tmp_path)
    with urllib.request.urlopen(f"{demo.url}/readyz", timeout=20) as answer:
        assert answer.status == 200
    pids = until(lambda: len(demo.pids()) == 7 and demo.pids())
    assert pids, (
        "the demo, the simulator, the background work, the colleague, the server and its two"
    )
    assert demo.end(signal.SIGTERM) == 0
    assert until(lambda: not any(map(is_running, pids)))


@pytest.mark.django_db
def test_every_start_has_the_same_morning(demo, tmp_path, seed):
    columns = ["action", "phase", "actor_name", "session_id", "result", "reason", "ticket"]
    query = f"SELECT {', '.join(columns)} FROM audit_auditevent ORDER BY seq"
    with contextlib.closing(sqlite3.connect(tmp_path / "demo/pingadmin.sqlite3")) as connection:
        started = connection.execute(query).fetchall()
    seed()
    again = list(AuditEvent.objects.oldest_first().values_list(*columns))
    assert len(again) > 50 and started[: len(again)] == again


def test_its_sign_in_page_offers_each_account_and_the_board_says_what_to_try_once(demo):
    visitor = requests.Session()
    page = parse(visitor.get(f"{demo.url}/accounts/login/", timeout=20).text)
    form = page.one("form[action='/demo/sign-in/']")
    assert form.attributes("button", "value") == list(ACCOUNTS)
    fields = {field["name"]: field["value"] for field in form.css("input")}
    signed_in = visitor.post(
        f"{demo.url}/demo/sign-in/", data=fields | {"account": "support"}, timeout=20
    )
    board = parse(signed_in.text)
    assert board.text("h1") == "Sessions" and board.text("#try") == "Three things to try"
    token = board.one("[action='/demo/dismiss/'] input")["value"]
    board = visitor.post(
        f"{demo.url}/demo/dismiss/", data={"csrfmiddlewaretoken": token}, timeout=20
    )
    assert parse(board.text).text("h1") == "Sessions" and not parse(board.text).has("#try")


def assert_a_second_demo_is_refused(demo, tmp_path):
    """It touches neither the port nor the directory of the first."""
    port = demo.url.rpartition(":")[2]
    for directory, at, sentence in [
        ("other", port, f"Port {port} cannot be used"),
        ("demo", "0", "End it first"),
    ]:
        environment = clean_environment(DEMO_DIRECTORY=str(tmp_path / directory))
        second = python("manage.py", "demo", "--port", at, env=environment, log=tmp_path / "log2")
        assert second.wait() == 1
        assert sentence in second.output


def test_when_one_process_dies_all_end_and_it_says_which(demo):
    pids = demo.pids()
    server = next(pid for pid in pids if "serve" in _command_line(pid).split("\0"))
    os.kill(server, signal.SIGKILL)
    assert demo.wait() == 1
    assert "ended by itself (signal 9), so everything was ended" in demo.output
    assert until(lambda: not any(map(is_running, pids)))


def test_nothing_survives_when_the_demo_itself_is_killed(demo):
    pids = demo.pids()
    os.kill(demo.pid, signal.SIGKILL)
    demo.wait()
    assert until(lambda: not any(map(is_running, pids)), seconds=40)


def _command_line(pid: int) -> str:
    with open(f"/proc/{pid}/cmdline") as file:
        return file.read()
