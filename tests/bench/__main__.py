"""Runs the benchmarks, each in a process of its own, and tells one line for each goal: `python -m
tests.bench`.

Names run those alone (`python -m tests.bench verify stream`); `--json FILE` keeps the lines as
JSON. It exits 1 when a goal falls short or a benchmark breaks. The sizes are each benchmark's
defaults: together under ten minutes on two cores, so the largest are sampled, and their lines name
the size.
"""

import argparse
import importlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pingadmin.demo.children import die_with_parent
from tests.bench import report
from tests.support.processes import CHECKOUT

MOST_SECONDS = 300  # for one benchmark


def main() -> int:
    arguments = _arguments()
    if arguments.only:
        report.save(_module(arguments.only).run(), arguments.json)
        return 0
    began, lines = time.monotonic(), []
    for name in arguments.names or _names():
        lines += _in_its_own_process(name)
    report.save(lines, arguments.json)
    print(f"{len(lines)} lines in {time.monotonic() - began:.0f} s, also in {arguments.json}")
    return report.exit_code(lines)


def _in_its_own_process(name: str) -> list[report.Line]:
    with tempfile.TemporaryDirectory(prefix="pingadmin-bench-") as directory:
        file = Path(directory) / "lines.json"
        command = [sys.executable, "-m", "tests.bench", "--only", name, "--json", str(file)]
        try:
            done = subprocess.run(
                command,
                cwd=CHECKOUT,
                stdout=sys.stderr,
                timeout=MOST_SECONDS,
                preexec_fn=die_with_parent,
            )
            why = f"it ended with {done.returncode}"
        except subprocess.TimeoutExpired:
            why = f"it took more than {MOST_SECONDS} s"
        lines = report.load(file) if file.exists() else [report.broken(name, why)]
    report.tell(lines)
    return lines


def _names() -> list[str]:
    return sorted(
        file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py")
    )


def _module(name: str):
    return importlib.import_module(f"tests.bench.bench_{name}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(_names())}")
    parser.add_argument("--json", type=Path, default=Path(tempfile.gettempdir()) / "bench.json")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
