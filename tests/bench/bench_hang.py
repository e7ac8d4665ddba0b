"""P4: how long everything else takes while an upstream hangs, beside the same panel without slots
and circuit breaker.

Both panels run with one worker (eight threads), and take turns. In a round 16 people click "Look
again" on sessions of an upstream that never answers, again and again, while one person reads the
pages that need no upstream. Run: python -m tests.bench.bench_hang
"""

import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.bench import report
from tests.support.panel import Panel, furnish, panel_environment
from tests.support.simulator import start_simulator

ROUNDS, SECONDS, CLICKERS = 5, 3.0, 16
GOAL_MS = 300
PAGES = ["/collector/", "/sessions/", "/audit/", "/healthz"]
SLOW = {
    "UPSTREAM_READ_SECONDS": "2",
    "LOOKUP_LIMITS": "1000000/m",
    "UPSTREAM_CIRCUIT_OPEN_SECONDS": "15",
}


def run() -> list[report.Line]:
    with tempfile.TemporaryDirectory(prefix="pingadmin-bench-") as directory:
        simulator = start_simulator(Path(directory))
        ids = [simulator.session("ping", client_id="bench") for _ in range(CLICKERS)]
        panels = [
            panel(Path(directory) / "ours", simulator),
            panel(Path(directory) / "bare", simulator, bare=True),
        ]
        try:
            people = [sign_in(each, ids) for each in panels]
            rounds = [
                [read_while_it_hangs(each, simulator, ids) for each in people]
                for _ in range(ROUNDS)
            ]
        finally:
            for each in panels:
                each.close()
            simulator.close()
    return [line(rounds)]


def panel(directory: Path, simulator, *, bare: bool = False) -> Panel:
    directory.mkdir()
    environment = (
        panel_environment(directory, f"sqlite:///{directory / 'pingadmin.sqlite3'}", simulator)
        | SLOW
    )
    if bare:
        environment["DJANGO_SETTINGS_MODULE"] = "tests.bench.no_bulkhead_settings"
    furnish(environment)
    return Panel(directory, environment, simulator, workers=1)


def sign_in(panel: Panel, ids: list[str]) -> list:
    """The reader and the clickers; every session is known, so that a click asks and a page does
    not.
    """
    people = [panel.login("support") for _ in range(CLICKERS + 1)]
    for person, session_id in zip(people[1:], ids, strict=True):
        person.get(f"/sessions/ping/{session_id}/")
    return people


def read_while_it_hangs(people: list, simulator, ids: list[str]) -> list[float]:
    """Milliseconds of each page that was read."""
    reader, *clickers = people
    simulator.fault("hang", match="GET */status", times=100_000, seconds=30)
    ended = threading.Event()
    threads = [
        threading.Thread(target=click_look_again, args=(person, session_id, ended))
        for person, session_id in zip(clickers, ids, strict=True)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    times, ends = [], time.perf_counter() + SECONDS
    while time.perf_counter() < ends:
        for path in PAGES:
            began = time.perf_counter()
            answer = reader.get(path)
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (path, answer.status_code)
    ended.set()
    for thread in threads:
        thread.join()
    simulator.clear_faults()
    return times


def click_look_again(person, session_id: str, ended: threading.Event) -> None:
    while not ended.is_set():
        person.post(f"/sessions/ping/{session_id}/refresh/", headers={"HX-Request": "true"})


def line(rounds) -> report.Line:
    ours, bare = ([p99(times) for times in column] for column in zip(*rounds, strict=True))
    middle = statistics.median(ours)
    return report.line(
        "P4 other pages while an upstream hangs, p99",
        ours=f"{middle:.0f} ms",
        baseline=f"{statistics.median(bare):.0f} ms",
        rounds=[mine / theirs for mine, theirs in zip(ours, bare, strict=True)],
        goal=f"<= {GOAL_MS} ms",
        is_met=middle <= GOAL_MS,
    )


def p99(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]


if __name__ == "__main__":
    sys.exit(report.tell(run()))
