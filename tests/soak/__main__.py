"""Runs a panel with its collector, people and trouble: `python -m tests.soak --minutes 30`.

It ends with a table of what was counted, and exits 1 where something must not be. `--save FILE`
writes the table as a page. The panel's directory is a file system of its own, small enough to fill
up, in a mount namespace that ends with this process (Linux, `unshare`).
"""

import argparse
import collections
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.soak.disruptor import Disruptor
from tests.soak.people import User, Visits
from tests.soak.tally import Tally, take, thirds
from tests.support.disruptions import let_leases_lapse
from tests.support.panel import Panel, furnish, panel_environment
from tests.support.simulator import Simulator, start_simulator

PEOPLE = ["support", "support2", "auditor", "viewer"]
DISK_MIB = 512
SETTINGS = {
    "RESUME_LIMITS": "100000/m",
    "RESUME_LIMITS_PER_SESSION": "100000/m",
    "LOOKUP_LIMITS": "100000/m",
    "DATABASE_WAIT_SECONDS": "2",
    "CHECKPOINT_SECONDS": "30",
}
# Until a process has imported what it needs.
WARM_UP_SECONDS = 60
SAMPLE_SECONDS = 2
# For what is under way at the end: bulk resumes, and resumes that hang.
SETTLE_SECONDS = 120
IN_NAMESPACE = "PINGADMIN_SOAK_DISK"


def main() -> int:
    arguments = _arguments()
    if IN_NAMESPACE not in os.environ:
        return _again_in_a_namespace()
    with tempfile.TemporaryDirectory(prefix="pingadmin-soak-") as name:
        disk = Path(name) / "disk"
        disk.mkdir()
        options = f"size={DISK_MIB}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
        try:
            report = _soak(disk, Path(name), arguments.minutes * 60)
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)
    print(report.text)
    if arguments.save:
        arguments.save.write_text(report.page())
    return 1 if report.findings else 0


def _again_in_a_namespace() -> int:
    command = ["unshare", "--mount"] + (["--map-root-user"] if os.geteuid() else [])
    command += [sys.executable, "-m", "tests.soak", *sys.argv[1:]]
    return subprocess.run(command, env=os.environ | {IN_NAMESPACE: "yes"}).returncode


def _soak(disk: Path, directory: Path, seconds: float) -> "Report":
    simulator = start_simulator(directory)
    environment = panel_environment(disk, f"sqlite:///{disk / 'pingadmin.sqlite3'}", simulator)
    environment |= SETTINGS
    furnish(environment)
    panel = Panel(disk, environment, simulator, workers=2)
    try:
        return _run(panel, simulator, disk, seconds)
    finally:
        panel.close()
        simulator.close()


def _run(panel: Panel, simulator: Simulator, disk: Path, seconds: float) -> "Report":
    stop, visits = threading.Event(), Visits()
    disruptor = Disruptor(panel, simulator, disk, stop)
    users = [User(panel, simulator, name, visits, stop) for name in PEOPLE]
    threads = [disruptor, *users]
    for thread in threads:
        thread.start()
    memory = _watch(panel, disruptor, threads, seconds, visits)
    stop.set()
    for thread in threads:
        thread.join(300)
    failures = [f"{each.name} ended: {each.failure!r}" for each in threads if each.failure]
    _settle(panel, simulator)
    tally = take(panel, simulator)
    tally.memory = memory
    tally.server_errors = visits.faults
    return Report(seconds, visits, disruptor.counts, tally, failures + tally.findings())


def _watch(
    panel: Panel, disruptor: Disruptor, threads: list, seconds: float, visits: Visits
) -> dict[str, list[float]]:
    """Let the time pass, saying each minute how far it is; the memory of each role of process."""
    memory: dict[str, list[float]] = collections.defaultdict(list)
    began = told = time.monotonic()
    while (passed := time.monotonic() - began) < seconds and all(
        thread.is_alive() for thread in threads
    ):
        time.sleep(SAMPLE_SECONDS)
        if passed > WARM_UP_SECONDS:
            for role, pids in (
                ("web server", panel.pids()),
                ("collector", disruptor.collector.pids()),
            ):
                if sizes := [size for size in map(_rss_mib, pids) if size]:
                    memory[role].append(max(sizes))
        if time.monotonic() - told > 60:
            told = time.monotonic()
            print(f"{passed / 60:.0f} min: {visits.presses} resumes pressed", flush=True)
    return memory


def _rss_mib(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _settle(panel: Panel, simulator: Simulator) -> None:
    """Let everything that is under way come to its end, as it would within a few minutes."""
    simulator.clear_faults()
    if not panel.server.is_alive():
        panel.start()
    ends = time.monotonic() + SETTLE_SECONDS
    while not panel.is_quiet() and time.monotonic() < ends:
        time.sleep(1)
    panel.close()
    let_leases_lapse(panel)
    panel.manage("reconcile")


class Report:
    """What was counted, as a table."""

    def __init__(
        self,
        seconds: float,
        visits: Visits,
        disruptions: collections.Counter[str],
        tally: Tally,
        findings: list[str],
    ):
        self.findings = findings
        results = collections.Counter(tally.results.values())
        memory = {role: thirds(figures) for role, figures in tally.memory.items()}
        self._rows = {
            "Duration": f"{seconds / 60:.0f} min",
            "Requests answered": _counts(visits.statuses),
            "Requests that met no server": f"{visits.lost_connections}",
            "Resumes and bulk resumes submitted": f"{visits.presses}",
            "Disruptions": _counts(disruptions),
            "Attempts (intents)": f"{len(tally.phases)}",
            "Results": _counts(results),
            "Writes that the upstream counted": f"{tally.writes.total()}",
            "Written to twice": f"{sum(times > 1 for times in tally.writes.values())}",
            "Memory, first and last third": ", ".join(
                f"{role} {first:.0f} and {last:.0f} MiB" for role, (first, last) in memory.items()
            ),
            "Audit log": "; ".join(tally.verified.splitlines()[:1]),
            "What must not be": "; ".join(findings) or "nothing",
        }
        width = max(map(len, self._rows))
        self.text = "\n".join(f"{name:{width}}  {value}" for name, value in self._rows.items())

    def page(self) -> str:
        """The table as Markdown."""
        lines = [f"| {name} | {value} |" for name, value in self._rows.items()]
        made = f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python"
        return "\n".join(
            [
                "# The last soak",
                "",
                "Written by `make soak`, which runs a panel with two workers and a collector while"
                " people",
                "use it and everything goes wrong around it (`tests/soak/`).",
                "",
                f"{made} {platform.python_version()}.",
                "",
                "| counted | |",
                "|---|---|",
                *lines,
                "",
            ]
        )


def _counts(counter: collections.Counter) -> str:
    return ", ".join(f"{name}: {times}" for name, times in sorted(counter.items(), key=str))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--save", type=Path, help="a Markdown file for the table")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
