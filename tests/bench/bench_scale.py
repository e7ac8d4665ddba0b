"""P11: very many sessions live by the event stream, twenty browsers on the board, and a resume amid
it, on one machine.

The simulator storms at the pace of 100,000 sessions that beat every 30 s: all start, then all beat,
round by round. A real `collect` follows it, and a real server answers twenty signed-in people who
poll the board every 5 s and open it again every 30 s, and one who looks sessions up and resumes
them. At the end what the database holds is compared with what was sent. The default is half of the
sessions, at the whole pace; more or longer: python -m tests.bench.bench_scale [sessions
[heartbeats]]
"""

import contextlib
import html
import re
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import requests

from tests.bench import report
from tests.bench.bench_board import POLL
from tests.support.panel import Panel, Person, furnish, panel_environment
from tests.support.processes import Process, until
from tests.support.simulator import Simulator, start_simulator

SESSIONS, HEARTBEATS, A_SECOND = 50_000, 1, 100_000 / 30
BROWSERS, POLL_SECONDS, POLLS_FOR_A_PAGE, ACT_SECONDS = 20, 5, 6, 2
PEOPLE = ("viewer", "support", "support2")
PAGE_MS, RESIDENT_MB, ACT_MS = 150, 600, 1000
BEAT_SECONDS = 30  # by the sessions' own count, which runs faster where they are fewer
HTMX = {"HX-Request": "true"}
WHY = {"reason": "Bench", "ticket": "B-1"}


def run(sessions: int = SESSIONS, heartbeats: int = HEARTBEATS) -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    simulator = start_simulator(directory)
    environment = panel_environment(
        directory, f"sqlite:///{directory / 'pingadmin.sqlite3'}", simulator
    )
    environment |= dict.fromkeys(
        ("RESUME_LIMITS", "RESUME_LIMITS_PER_SESSION", "LOOKUP_LIMITS"), "1000000/m"
    )
    furnish(environment)
    panel = Panel(directory, environment | {"LOG_LEVEL": "WARNING"}, simulator)
    collector = panel.background("collect")
    try:
        return measured(panel, collector, sessions, heartbeats)
    finally:
        collector.end()
        panel.close()
        simulator.close()
        shutil.rmtree(directory)


def measured(panel: Panel, collector: Process, sessions: int, heartbeats: int) -> list[report.Line]:
    simulator, workload = panel.simulator, Workload(panel, collector)
    assert until(lambda: simulator.storm_report()["readers"], seconds=30), collector.output
    began = time.monotonic()
    simulator.storm(sessions=sessions, heartbeats=heartbeats, per_second=A_SECOND)
    with workload:
        until(lambda: not simulator.storm_report()["running"], seconds=260, every=0.5)
        pace = simulator.storm_report()["made"] / (time.monotonic() - began)
        until(lambda: lost(panel, simulator, heartbeats) == 0, seconds=20, every=0.5)
    missing, failures = lost(panel, simulator, heartbeats), [*workload.failures, *mistakes(panel)]
    for each in failures[:5]:
        print(each)
    size = f"{sessions:,} sessions, {pace:,.0f} events/s"
    return [
        report.line(
            f"P11 board p99, {BROWSERS} browsers, {size}",
            ours=f"{percentile(workload.board, 99):.0f} ms",
            rounds=[percentile(workload.board, which) for which in (50, 99, 100)],
            goal=f"<= {PAGE_MS} ms",
            is_met=percentile(workload.board, 99) <= PAGE_MS and not failures,
        ),
        report.line(
            f"P11 events lost of {simulator.storm_report()['made']:,}",
            ours=f"{missing}",
            rounds=[missing],
            goal="0",
            is_met=missing == 0,
        ),
        report.line(
            "P11 resident memory of all processes, the most",
            ours=f"{max(workload.resident):.0f} MB",
            rounds=workload.resident,
            goal=f"<= {RESIDENT_MB} MB",
            is_met=max(workload.resident) <= RESIDENT_MB,
        ),
        report.line(
            f"P11 look-up or resume amid it, the slowest of {len(workload.acts)}",
            ours=f"{max(workload.acts):.0f} ms",
            rounds=workload.acts,
            goal=f"<= {ACT_MS} ms",
            is_met=max(workload.acts) <= ACT_MS,
        ),
    ]


class Workload:
    """What goes on while the storm lasts. board, acts: milliseconds of each request. resident:
    megabytes.
    """

    def __init__(self, panel: Panel, collector: Process):
        self._panel, self._collector = panel, collector
        self.board, self.acts, self.resident, self.failures = [], [], [], []
        self._stop = threading.Event()
        self._paused = [
            panel.simulator.session("ping", paused=True, client_id="bench") for _ in range(200)
        ]
        signed_in = [panel.login(name) for name in PEOPLE]
        jobs = [
            (self._browse, browser(signed_in[each % len(PEOPLE)]), each) for each in range(BROWSERS)
        ]
        jobs += [(self._act, panel.login("support"), 0), (self._weigh, None, 0)]
        self._threads = [
            threading.Thread(target=self._safely, args=job, daemon=True) for job in jobs
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()

    def __exit__(self, *exc):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _safely(self, job, person, number):
        try:
            job(person, number)
        except Exception as error:  # a thread that ends silently would make good figures
            self.failures.append(f"{job.__name__}: {error!r}")

    def _browse(self, person: Person, number: int):
        """As the page does: what is shown stays, and each answer holds the address of the next
        question.
        """
        self._stop.wait(POLL_SECONDS * number / BROWSERS)
        turn = number
        page = changes = self._timed(self.board, person.get, "/sessions/").text
        while not self._stop.wait(POLL_SECONDS):
            turn += 1
            if turn % POLLS_FOR_A_PAGE == 0:
                page = changes = self._timed(self.board, person.get, "/sessions/").text
                continue
            address = html.unescape(re.search(r'hx-get="(/sessions/rows/[^"]*)"', changes)[1])
            shown = re.search(r'name="shown" value="([^"]*)"', page)[1]
            answer = self._timed(self.board, person.get, f"{address}&shown={shown}", headers=POLL)
            changes = answer.text or changes

    def _act(self, person: Person, _number: int):
        for session_id in self._paused:
            if self._stop.wait(ACT_SECONDS):
                return
            self._timed(self.acts, person.get, f"/sessions/ping/{session_id}/")
            self._timed(
                self.acts, person.post, f"/sessions/ping/{session_id}/refresh/", headers=HTMX
            )
            answer = self._timed(
                self.acts,
                person.post,
                f"/sessions/ping/{session_id}/resume/",
                data=WHY,
                headers=HTMX,
            )
            if 'data-paused="no"' not in answer.text:
                self.failures.append(f"a resume was answered {answer.text[:200]!r}")

    def _weigh(self, _person, _number):
        while not self._stop.wait(1):
            pids = [*self._panel.pids(), *self._collector.pids()]
            self.resident.append(sum(resident_mb(pid) for pid in pids))

    def _timed(self, times: list[float], send, path: str, **more):
        began = time.perf_counter()
        try:
            answer = send(path, **more)
        except requests.ConnectionError:
            # The server closed a connection that had rested: browsers ask again, on a new one.
            answer = send(path, **more)
        times.append((time.perf_counter() - began) * 1000)
        if answer.status_code not in (200, 304):
            self.failures.append(
                f"{path[:80]} was answered {answer.status_code}: {answer.text[:200]!r}"
            )
        return answer


def browser(person: Person) -> Person:
    """One more browser of somebody who is signed in."""
    other = Person(person.url)
    other.http.cookies.update(person.http.cookies)
    return other


def lost(panel: Panel, simulator: Simulator, heartbeats: int) -> int:
    """How many of the events that were made left no row, or did not become what is known of their
    session.
    """
    (found,) = panel.rows(
        "SELECT (SELECT count(*) FROM remote_sessions_statussnapshot AS s"
        " JOIN remote_sessions_remotesession AS r"
        " ON r.id = s.session_id WHERE r.who LIKE 'storm-%') AS stored, (SELECT count(*) FROM"
        " remote_sessions_remotesession"
        " WHERE who LIKE 'storm-%' AND duration_seconds = ?) AS newest",
        BEAT_SECONDS * heartbeats,
    )
    sent = simulator.storm_report()
    return (
        abs(sent["made"] - found["stored"])
        + sent["sessions"]
        - found["newest"]
        + sent["stream_lost"]
    )


def mistakes(panel: Panel) -> list[str]:
    """What the collector says went wrong with the stream."""
    (feed,) = panel.rows("SELECT * FROM collector_feed WHERE alias = 'ping'")
    return [
        f"{name}: {feed[name]}"
        for name in ("dropped", "unreadable", "reconnects", "late")
        if feed[name]
    ]


def percentile(times: list[float], which: int) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * which / 100))]


def resident_mb(pid: int) -> float:
    """As the kernel counts it: what processes share is counted for each of them."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    sys.exit(report.tell(run(*map(int, sys.argv[1:]))))
