"""Scheduled resumes and collectors that are killed: each is sent once or missed, none twice."""

import contextlib
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.support.disruptions import until
from tests.support.panel_resumes import PAGE
from tests.support.processes import CHECKOUT

pytestmark = pytest.mark.process

FIELDS = {"reason": "Rate limit passed", "ticket": "INC-4412", "when": "5", "at": ""}


def make_due(panel, *, seconds: float = 0) -> None:
    due_at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() - seconds))
    with contextlib.closing(sqlite3.connect(panel.database, timeout=60)) as connection, connection:
        connection.execute("UPDATE resumes_scheduledresume SET due_at = ?", [due_at])


def states(panel) -> list[str]:
    return [row["state"] for row in panel.rows("SELECT state FROM resumes_scheduledresume")]


def schedule(panel) -> None:
    person = panel.login("support")
    person.get(PAGE)
    assert person.post(f"{PAGE}resume-later/", FIELDS).status_code == 302


def test_a_collector_killed_while_it_sends_leaves_one_call_and_the_next_sends_no_other(
    new_panel, simulator
):
    panel = new_panel()
    schedule(panel)
    simulator.fault("hang", match="PATCH */resume", seconds=30)
    make_due(panel)
    first = panel.background("collect")
    until(lambda: simulator.call_count("/resume") == 1)
    first.kill()
    assert states(panel) == ["sent"]
    second = panel.background("collect")
    until(lambda: panel.rows("SELECT 1 FROM collector_beat WHERE process = ?", second.pid))
    panel.manage("reconcile")
    assert simulator.call_count("/resume") == 1 and states(panel) == ["sent"]
    assert len(panel.rows("SELECT 1 FROM resumes_resumeattempt")) == 1


def test_what_was_due_while_no_collector_ran_is_missed_by_the_next_one(new_panel, simulator):
    panel = new_panel()
    schedule(panel)
    make_due(panel, seconds=70)
    panel.background("collect")
    until(lambda: states(panel) == ["missed"])
    assert simulator.call_count("/resume") == 0


SENDS = """
import sys
import django
django.setup()
from pingadmin.resumes.models import ScheduledResume
from pingadmin.resumes.scheduled.sending import send
scheduled = list(ScheduledResume.objects.pending())
print("ready", flush=True)
sys.stdin.readline()
for each in scheduled:
    send(each)
"""


@pytest.mark.postgres
def test_senders_that_race_on_postgresql_send_each_once(panel_on_postgres, simulator):
    panel = panel_on_postgres
    schedule(panel)
    panel.rows("UPDATE resumes_scheduledresume SET due_at = now()")
    environment = panel.environment | {"DJANGO_SETTINGS_MODULE": "pingadmin.settings"}
    senders = [
        subprocess.Popen(
            [sys.executable, "-c", SENDS],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for _ in range(4)
    ]
    for sender in senders:
        assert sender.stdout.readline() == "ready\n"
    for sender in senders:
        sender.stdin.write("go\n")
        sender.stdin.flush()
    assert [sender.communicate(timeout=60) and sender.returncode for sender in senders] == [0] * 4
    assert simulator.call_count("/resume") == 1 and states(panel) == ["sent"]
    assert len(panel.rows("SELECT 1 FROM resumes_resumeattempt")) == 1
