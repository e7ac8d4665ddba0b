"""How late scheduled resumes are sent while their collector is killed; what watching agents costs.

Run: python -m tests.bench.scheduled_drill [resumes] [agents]. Not a goal of speed, so not a part of
`make bench`: it counts. The resumes are due over a minute and a half, in which the collector is
killed with -9 every ten seconds and started again at once.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support.panel import Panel, furnish, panel_environment
from tests.support.processes import CHECKOUT, until
from tests.support.simulator import Simulator, start_simulator

SPREAD_SECONDS, KILL_SECONDS = 90, 10
WATCH_SECONDS = 120
SCHEDULE = """
import json, sys, uuid
from datetime import timedelta
import django
django.setup()
from django.contrib.auth import get_user_model
from django.utils import timezone
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.look_up import look_up
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.scheduled.lifecycle import ScheduleRequest, schedule_resume
person = get_user_model().objects.get(username="support")
by = Actor(kind="person", id=str(person.pk), name="support", role="support")
ids = json.load(sys.stdin)
sessions = [look_up("ping", each, by=by).session for each in ids]
begins = timezone.now() + timedelta(seconds=15)
for number, session in enumerate(sessions):
    due_at = begins + timedelta(seconds=number * {spread} / len(sessions))
    token = FormToken(uuid.uuid4(), None)
    schedule_resume(ScheduleRequest(session, due_at, "After the cool-down", "", token, by))
"""
WATCH = """
import json, sys
import django
django.setup()
from django.utils import timezone
from pingadmin.oversight.models import TeamState
from pingadmin.remote_sessions.lookup.look_up import look_up
from pingadmin.audit.record.actors import Actor
for each in json.load(sys.stdin):
    session = look_up("agi", each, by=Actor.system("drill")).session
    TeamState.objects.update_or_create(session=session, defaults={"watched_since": timezone.now()})
"""


def main(resumes: int = 200, agents: int = 500) -> None:
    with tempfile.TemporaryDirectory(prefix="pingadmin-drill-") as name:
        simulator = start_simulator(Path(name))
        try:
            panel = _start_panel(Path(name) / "panel", simulator)
            try:
                print(measure_lateness(panel, simulator, resumes))
                print(measure_calls(panel, simulator, agents))
            finally:
                panel.close()
        finally:
            simulator.close()


def measure_lateness(panel: Panel, simulator: Simulator, count: int) -> str:
    ids = [simulator.session("ping", status="paused", paused=True) for _ in range(count)]
    _run(panel, SCHEDULE.replace("{spread}", str(SPREAD_SECONDS)), ids)
    kills, ends_at = 0, time.monotonic() + 15 + SPREAD_SECONDS
    while time.monotonic() < ends_at:
        collector = panel.background("collect")
        time.sleep(KILL_SECONDS)
        collector.kill()
        kills += 1
    collector = panel.background("collect")
    pending = "SELECT 1 FROM resumes_scheduledresume WHERE state = 'pending'"
    assert until(lambda: not panel.rows(pending), seconds=120), "some never ended"
    collector.end()
    states = panel.rows("SELECT state, COUNT(*) AS n FROM resumes_scheduledresume GROUP BY state")
    late = panel.rows(
        "SELECT (julianday(a.opened_at) - julianday(s.due_at)) * 86400 AS seconds"
        " FROM resumes_scheduledresume s JOIN resumes_resumeattempt a ON a.id = s.attempt_id"
    )
    seconds = sorted(row["seconds"] for row in late)
    calls = [simulator.call_count(f"{each}/resume") for each in ids]
    return (
        f"{count} scheduled resumes, {kills} collectors killed: "
        f"{ {row['state']: row['n'] for row in states} }; sent by the simulator's count: "
        f"{sum(calls)}, doubled: {sum(each > 1 for each in calls)}; late by "
        f"{statistics.median(seconds):.1f} s at the median, {max(seconds):.1f} s at most"
    )


def measure_calls(panel: Panel, simulator: Simulator, count: int) -> str:
    ids = [simulator.session("agi") for _ in range(count)]
    for each in ids[: count // 10]:
        simulator.message(each, "QUESTION", "Which server?")
    _run(panel, WATCH, ids)
    collector = panel.background("collect")
    time.sleep(30)
    before = sum(simulator.calls().values()), simulator.call_count("/messages")
    time.sleep(WATCH_SECONDS)
    after = sum(simulator.calls().values()), simulator.call_count("/messages")
    collector.end()
    a_minute = [(then - now) * 60 / WATCH_SECONDS for now, then in zip(before, after, strict=True)]
    return (
        f"{count} watched agents of which {count // 10} wait: {a_minute[0]:.0f} calls a minute in "
        f"all, {a_minute[1]:.0f} of them for messages"
    )


def _start_panel(directory: Path, simulator: Simulator) -> Panel:
    directory.mkdir()
    environment = panel_environment(
        directory, f"sqlite:///{directory / 'pingadmin.sqlite3'}", simulator
    )
    environment |= {
        "RESUME_LIMITS": "100000/m",
        "LOOKUP_LIMITS": "100000/m",
        "DJANGO_SETTINGS_MODULE": environment["DJANGO_SETTINGS_MODULE"],
    }
    furnish(environment)
    return Panel(directory, environment, simulator, workers=1)


def _run(panel: Panel, code: str, ids: list[str]) -> None:
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=panel.environment,
        input=json.dumps(ids),
        text=True,
        check=True,
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
