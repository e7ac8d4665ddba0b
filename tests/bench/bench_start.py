"""P12: how long `make demo` takes, after the first set-up, until a page answers.

Each round starts it again, with a database of its own, and ends it. Run: python -m
tests.bench.bench_start
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

from tests.bench import report
from tests.support.processes import Process, clean_environment, free_port, until

ROUNDS, MOST_SECONDS = 5, 5.0


def run() -> list[report.Line]:
    rounds = [started() for _ in range(ROUNDS)]
    middle = statistics.median(rounds)
    goal = f"<= {MOST_SECONDS:g} s"
    return [
        report.line(
            "P12 start of the demo",
            ours=f"{middle:.1f} s",
            rounds=rounds,
            goal=goal,
            is_met=middle <= MOST_SECONDS,
        )
    ]


def started() -> float:
    """Seconds until the sign-in page is there."""
    with tempfile.TemporaryDirectory(prefix="pingadmin-bench-") as directory:
        port = free_port()
        environment = clean_environment(DEMO_DIRECTORY=f"{directory}/demo", PYTHONUNBUFFERED="1")
        began = time.perf_counter()
        demo = Process(
            "make", "demo", f"PORT={port}", env=environment, log=Path(directory) / "demo.log"
        )
        try:
            is_there = until(
                lambda: answers(f"http://127.0.0.1:{port}/accounts/login/"), seconds=60, every=0.05
            )
            took = time.perf_counter() - began
            assert is_there, demo.output
            return took
        finally:
            demo.end()


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).status_code == 200
    except requests.ConnectionError:
        return False


if __name__ == "__main__":
    sys.exit(report.tell(run()))
