"""What every benchmark tells: one line for each goal, `name  ours  baseline  ratio  [min-max]  goal
ok|short`.

A benchmark is a module with `run() -> list[Line]`, whose defaults are the sizes of `make bench`. By
itself it ends with `sys.exit(report.tell(run(...)))`; `python -m tests.bench` runs all of them and
gathers their lines. A figure that was not measured is left out: a goal whose baseline is missing is
`skipped(...)`, with why.
"""

import json
import statistics
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Line:
    """One goal and how it was met.

    ours, baseline, goal: with their unit, as people read them ("12.1 ms", "41,000/s", ">= 40x");
    baseline is "-" where a goal has none. ratio: the median of the rounds' ratios, or of ours where
    there is no baseline; None where skipped. least, most: of the same thing over the rounds.
    verdict: ok, short, "skipped: why" or "broken: why".
    """

    name: str
    ours: str
    baseline: str
    ratio: float | None
    least: float | None
    most: float | None
    goal: str
    verdict: str

    def __str__(self) -> str:
        if self.ratio is None:
            return f"{self.name}  {self.verdict}"
        spread = f"[{_short(self.least)}-{_short(self.most)}]"
        cells = (self.name, self.ours, self.baseline, _short(self.ratio), spread)
        return "  ".join([*cells, self.goal, self.verdict])


def line(
    name: str, *, ours: str, baseline: str = "-", rounds: Iterable[float], goal: str, is_met: bool
) -> Line:
    """A measured goal. rounds: the ratio (or, without a baseline, the figure) of each round; their
    median is reported.
    """
    rounds = list(rounds)
    return Line(
        name=name,
        ours=ours,
        baseline=baseline,
        ratio=statistics.median(rounds),
        least=min(rounds),
        most=max(rounds),
        goal=goal,
        verdict="ok" if is_met else "short",
    )


def skipped(name: str, why: str) -> Line:
    """A goal that cannot be measured here, and why (half a sentence)."""
    return Line(name, "", "", None, None, None, "", f"skipped: {why}")


def broken(name: str, why: str) -> Line:
    """A benchmark that did not come to its end."""
    return Line(name, "", "", None, None, None, "", f"broken: {why}")


def tell(lines: list[Line]) -> int:
    """Print the lines; the exit code: 1 when a goal falls short or a benchmark broke."""
    for each in lines:
        print(each, flush=True)
    return exit_code(lines)


def exit_code(lines: list[Line]) -> int:
    return 1 if any(each.verdict.startswith(("short", "broken")) for each in lines) else 0


def save(lines: list[Line], file: Path) -> None:
    """The same as JSON: a list of objects with the names of Line's fields."""
    file.write_text(json.dumps([asdict(each) for each in lines], indent=1) + "\n")


def load(file: Path) -> list[Line]:
    return [Line(**each) for each in json.loads(file.read_text())]


def _short(value: float) -> str:
    return (
        f"{value:,.0f}"
        if abs(value) >= 100
        else f"{value:.1f}"
        if abs(value) >= 10
        else f"{value:.2f}"
    )
