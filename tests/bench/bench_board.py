"""P2: a board of 1,000 watched sessions, against Django's changelist of the same rows and columns.

One real server answers both in turn, round by round. A poll that changes nothing and one that
changes ten rows are sent for the same board. Run: python -m tests.bench.bench_board
"""

import contextlib
import gzip
import html
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import report
from tests.support.panel import Panel, Person, furnish, panel_environment
from tests.support.processes import CHECKOUT
from tests.support.simulator import start_simulator

SESSIONS, ROUNDS, POLLS = 1000, 5, 40
BOARD, CHANGELIST = "/sessions/?size=1000", "/changelist/remote_sessions/remotesession/"
POLL = {"HX-Request": "true", "X-Poll": "1"}
SEED = """
import random, django; django.setup()
from datetime import timedelta
from django.utils import timezone
from pingadmin.accounts.models import User
from pingadmin.oversight.models import TeamState
from pingadmin.collector.models import Heartbeat
from pingadmin.remote_sessions.models import RemoteSession, WatchSpan
chance, now, support = random.Random(7), timezone.now(), User.objects.get(username="support")
def one(number):
    said = number %% 20 == 0
    return RemoteSession(
        alias="ping", session_id=f"ses_{chance.getrandbits(40):010x}",
        client_name=f"client-{chance.randrange(10000)}",
        state=chance.choice(["connected"] * 8 + ["disconnected", "created"]), source="stream",
        uploaded_bytes=chance.randrange(10**9), downloaded_bytes=chance.randrange(10**11),
        changed_at=now - timedelta(seconds=60), last_seen_at=now,
        paused_reported=True if said else None, paused_reported_at=now if said else None,
        paused_reported_source="stream" if said else "")
RemoteSession.objects.bulk_create([one(number) for number in range(%d)])
TeamState.objects.bulk_create([
    TeamState(
        session=session, watched_since=now, assigned_to=support if number %% 10 == 0 else None
    )
    for number, session in enumerate(RemoteSession.objects.all())])
for alias in ("ping", "agi"):
    WatchSpan.objects.create(alias=alias, from_at=now, until_at=now)
Heartbeat.objects.create(started_at=now, beat_at=now, host="bench", process=1)
"""


def run(sessions: int = SESSIONS, rounds: int = ROUNDS) -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    simulator = start_simulator(directory)
    environment = panel_environment(
        directory, f"sqlite:///{directory / 'pingadmin.sqlite3'}", simulator
    )
    environment |= {
        "DJANGO_SETTINGS_MODULE": "tests.bench.board_settings",
        "STALE_AFTER_SECONDS": "100000",
    }
    furnish(environment)
    subprocess.run(
        [sys.executable, "-c", SEED % sessions],
        cwd=CHECKOUT,
        env=environment,
        check=True,
        timeout=120,
    )
    panel = Panel(directory, environment, simulator)
    try:
        return measure(panel, panel.login("support"), rounds)
    finally:
        panel.close()
        simulator.close()
        shutil.rmtree(directory)


def measure(panel: Panel, person: Person, rounds: int) -> list[report.Line]:
    ours, theirs, quiet, busy = [], [], [], []
    for number in range(rounds + 1):
        freshen(panel)
        page, took = timed(person, BOARD, 200)
        listed, baseline = timed(person, CHANGELIST, 200)
        assert (
            listed.text.count('class="field-session_id"')
            == page.text.count("name=session")
            == SESSIONS
        )
        polls = quiet_polls(person, poll_of(page))
        change_ten(panel)
        changes, changed = timed(person, poll_of(page), 200, POLL)
        assert changes.text.count("<tr>") == 10
        if number:  # the first round warms up
            ours.append(took)
            theirs.append(baseline)
            quiet.append(statistics.median(polls))
            busy.append(changed)
    packed = len(gzip.compress(page.content, 6))
    visit = visit_beside(person, page.text)
    return [
        report.line(
            "P2 board of 1,000 rows",
            ours=f"{statistics.median(ours):.1f} ms",
            baseline=f"{statistics.median(theirs):.1f} ms",
            rounds=[b / a for a, b in zip(ours, theirs, strict=True)],
            goal=">= 8x",
            is_met=statistics.median(b / a for a, b in zip(ours, theirs, strict=True)) >= 8,
        ),
        at_most(
            "P2 board, raw",
            len(page.content) / 1000,
            300,
            "kB",
            f"{len(listed.content) / 1000:.0f} kB",
        ),
        at_most(
            "P2 board, gzip",
            packed / 1000,
            30,
            "kB",
            f"{len(gzip.compress(listed.content, 6)) / 1000:.0f} kB",
        ),
        at_most("P2 first visit beside the page, gzip", visit / 1000, 60, "kB"),
        at_most("P2 poll that changes nothing, p50", quiet, 3, "ms"),
        at_most(
            "P2 poll that changes ten rows",
            len(changes.content) / 1000,
            10,
            "kB",
            f"{statistics.median(busy):.1f} ms",
        ),
    ]


def at_most(
    name: str, figures: float | list[float], most: float, unit: str, baseline: str = "-"
) -> report.Line:
    figures = figures if isinstance(figures, list) else [figures]
    middle = statistics.median(figures)
    ours = f"{middle:.1f} {unit}"
    return report.line(
        name,
        ours=ours,
        baseline=baseline,
        rounds=figures,
        goal=f"<= {most} {unit}",
        is_met=middle <= most,
    )


def poll_of(page) -> str:
    """What the page asks by itself."""
    address = html.unescape(re.search(r'hx-get="(/sessions/rows/[^"]*)"', page.text)[1])
    shown = re.search(r'name="shown" value="([^"]*)"', page.text)[1]
    return f"{address}&shown={shown}"


def quiet_polls(person: Person, path: str) -> list[float]:
    """Milliseconds of each, by a bare client: a library's own work would be a third of them."""
    cookies = "; ".join(f"{name}={value}" for name, value in person.http.cookies.items())
    took = []
    with contextlib.closing(HTTPConnection(urlsplit(person.url).netloc, timeout=30)) as connection:
        for _ in range(POLLS):
            began = time.perf_counter()
            connection.request("GET", path, headers=POLL | {"Cookie": cookies})
            answer = connection.getresponse()
            body = answer.read()
            took.append((time.perf_counter() - began) * 1000)
            assert (answer.status, body) == (304, b"")
    return took


def freshen(panel: Panel) -> None:
    """As a collector leaves them: each session seen within the last half minute."""
    seen = [(stored(number * 7 % 30), number) for number in range(1, SESSIONS + 1)]
    write(panel, "UPDATE remote_sessions_remotesession SET seen_at = ? WHERE id = ?", seen)
    write(panel, "UPDATE remote_sessions_watchspan SET until_at = ?", [(stored(0),)])
    write(panel, "UPDATE collector_beat SET beat_at = ?", [(stored(0),)])


def change_ten(panel: Panel) -> None:
    """As a writer would: ten sessions changed just now."""
    changed = [(stored(0), number) for number in range(1, 11)]
    write(
        panel,
        "UPDATE remote_sessions_remotesession"
        " SET changed_at = ?, downloaded_bytes = downloaded_bytes + 1 WHERE id = ?",
        changed,
    )


def write(panel: Panel, statement: str, rows: list) -> None:
    with contextlib.closing(sqlite3.connect(panel.database, timeout=10)) as connection, connection:
        connection.executemany(statement, rows)


def stored(seconds_ago: float) -> str:
    """A moment as Django stores it on SQLite."""
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%d %H:%M:%S.%f")


def visit_beside(person: Person, page: str) -> int:
    """Bytes of all that a first visit loads beside the page, compressed as the server does it."""
    names = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    answers = [person.get(name, headers={"Accept-Encoding": "gzip"}, stream=True) for name in names]
    assert all(answer.status_code == 200 for answer in answers)
    return sum(len(answer.raw.read(decode_content=False)) for answer in answers)


def timed(person: Person, path: str, status: int, headers: dict | None = None):
    began = time.perf_counter()
    answer = person.get(path, headers=headers or {})
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == status, f"{answer.status_code}: {answer.text[:500]}"
    return answer, took


if __name__ == "__main__":
    sys.exit(report.tell(run()))
