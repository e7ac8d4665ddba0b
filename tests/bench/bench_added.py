"""P1: what the panel adds to the upstream's own time, for a look-up and for a resume, with full
audit durability.

Bare calls to the simulator and full requests through the real server are interleaved, round by
round; a request's added time is its own minus the median bare call of its round. Run: python -m
tests.bench.bench_added
"""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

from pingadmin.demo import cast
from tests.bench import report
from tests.support.panel import Panel, furnish, panel_environment
from tests.support.simulator import start_simulator

ROUNDS, CALLS = 7, 40
GOALS = {"p50": 12.0, "p99": 40.0}


def run() -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    simulator = start_simulator(directory)
    environment = panel_environment(
        directory, f"sqlite:///{directory / 'pingadmin.sqlite3'}", simulator
    )
    environment |= dict.fromkeys(
        ("RESUME_LIMITS", "RESUME_LIMITS_PER_SESSION", "LOOKUP_LIMITS"), "1000000/m"
    )
    furnish(environment)
    panel = Panel(directory, environment, simulator)
    try:
        return lines(measure(panel, simulator))
    finally:
        panel.close()
        simulator.close()
        shutil.rmtree(directory)


def measure(panel: Panel, simulator) -> dict[str, list[tuple[list[float], list[float]]]]:
    """For each act, a pair for each round: the bare calls and the panel's requests, in
    milliseconds.
    """
    person = panel.login("support")
    rounds = {"look-up": [], "resume": []}
    for number in range(ROUNDS + 1):
        mine, theirs = (
            [simulator.session("ping", paused=True, client_id="bench") for _ in range(CALLS)]
            for _ in range(2)
        )
        for session_id in mine:
            person.get(f"/sessions/ping/{session_id}/")
        pairs = {
            "look-up": (
                [bare("GET", simulator, each, "status") for each in theirs],
                looks(person, mine),
            ),
            "resume": (
                [bare("PATCH", simulator, each, "resume") for each in theirs],
                resumes(person, mine),
            ),
        }
        if number:  # the first round warms up
            for act, pair in pairs.items():
                rounds[act].append(pair)
    return rounds


def bare(method: str, simulator, session_id: str, act: str) -> float:
    url = f"{simulator.ping_url}/sessions/{session_id}/{act}"
    return timed(
        lambda: requests.request(method, url, headers={"Authorization": cast.PING_KEY}, timeout=10),
        200,
    )


def looks(person, session_ids: list[str]) -> list[float]:
    return [
        timed(lambda each=each: person.post(f"/sessions/ping/{each}/refresh/", headers=HTMX), 200)
        for each in session_ids
    ]


def resumes(person, session_ids: list[str]) -> list[float]:
    why = {"reason": "Bench", "ticket": "B-1"}
    return [
        timed(
            lambda each=each: person.post(f"/sessions/ping/{each}/resume/", why, headers=HTMX), 200
        )
        for each in session_ids
    ]


HTMX = {"HX-Request": "true"}


def timed(call, status: int) -> float:
    began = time.perf_counter()
    answer = call()
    took = (time.perf_counter() - began) * 1000
    assert answer.status_code == status, answer.text[:500]
    return took


def lines(rounds) -> list[report.Line]:
    """For each act and goal what the panel adds, beside the bare call of the same round."""
    found = []
    for act, pairs in rounds.items():
        bares = [statistics.median(bare_calls) for bare_calls, _ in pairs]
        for name, goal in GOALS.items():
            added = [
                percentile(name, ours) - bare for bare, (_, ours) in zip(bares, pairs, strict=True)
            ]
            middle = statistics.median(added)
            found.append(
                report.line(
                    f"P1 {act} added {name}",
                    ours=f"{middle:.1f} ms",
                    baseline=f"{statistics.median(bares):.1f} ms",
                    rounds=[each / bare for each, bare in zip(added, bares, strict=True)],
                    goal=f"<= {goal:g} ms",
                    is_met=middle <= goal,
                )
            )
    return found


def percentile(name: str, times: list[float]) -> float:
    return statistics.median(times) if name == "p50" else sorted(times)[int(len(times) * 0.99)]


if __name__ == "__main__":
    sys.exit(report.tell(run()))
