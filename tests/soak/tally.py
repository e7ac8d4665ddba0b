"""What a soak is judged by: writes that the simulator counted, beside what the audit log says."""

import collections
from dataclasses import dataclass, field

from tests.support.panel import Panel
from tests.support.simulator import Simulator

SENT_FOR_SURE = {"ok", "already", "rejected"}
# Beyond the warm-up nothing may grow by more than this, from the first third to the last.
MOST_GROWTH = 1.25


@dataclass
class Tally:
    """writes: how often the simulator was asked to resume each session. phases: of each attempt.

    sessions and results: of each attempt, by its id. memory: RSS in MiB, by role of process, one
    figure a moment.
    """

    writes: collections.Counter[str]
    phases: dict[str, list[str]]
    sessions: dict[str, str]
    results: dict[str, str]
    verified: str = ""
    is_whole: bool = True
    server_errors: list[str] = field(default_factory=list)
    waiting_outcomes: int = 0
    memory: dict[str, list[float]] = field(default_factory=dict)

    def findings(self) -> list[str]:
        """Everything that must not be, a sentence each."""
        return [
            *self._unpaired(),
            *self._contradictions(),
            *([] if self.is_whole else [f"The audit log is not whole: {self.verified}"]),
            *self.server_errors,
            *(
                [f"{self.waiting_outcomes} outcomes still wait to be recorded"]
                if self.waiting_outcomes
                else []
            ),
            *self._growth(),
        ]

    def _unpaired(self) -> list[str]:
        found = []
        for attempt, phases in self.phases.items():
            counts = (phases.count("intent"), phases.count("outcome"))
            if counts != (1, 1):
                found.append(f"Attempt {attempt} has {counts[0]} intents, {counts[1]} outcomes")
        return found

    def _contradictions(self) -> list[str]:
        """Sessions that were written to more or less often than their attempts' results allow."""
        found = []
        least, most = collections.Counter[str](), collections.Counter[str]()
        for attempt, session in self.sessions.items():
            result = self.results.get(attempt, "")
            least[session] += result in SENT_FOR_SURE
            most[session] += result != "not_sent"
        for session in self.writes.keys() | most.keys():
            if not least[session] <= self.writes[session] <= most[session]:
                found.append(
                    f"{session} was written to {self.writes[session]} times; its attempts allow"
                    f" {least[session]} to {most[session]}"
                )
        return found

    def _growth(self) -> list[str]:
        found = []
        for role, figures in self.memory.items():
            first, last = thirds(figures)
            if last > first * MOST_GROWTH:
                found.append(f"Memory of the {role} grew from {first:.0f} MiB to {last:.0f} MiB")
        return found


def thirds(figures: list[float]) -> tuple[float, float]:
    """The highest of the first third, and of the last one."""
    size = max(1, len(figures) // 3)
    return max(figures[:size], default=0), max(figures[-size:], default=0)


def take(panel: Panel, simulator: Simulator) -> Tally:
    """Count, once nothing is under way any more. Server errors and memory are the caller's."""
    tally = Tally(collections.Counter(), collections.defaultdict(list), {}, {})
    for call, times in simulator.calls("/resume").items():
        tally.writes[call.split("/")[-2]] += times
    query = "SELECT attempt, phase, result, session_id FROM audit_auditevent"
    query += " WHERE action = 'resume' AND attempt <> '' ORDER BY seq"
    for row in panel.rows(query):
        if row["phase"] in ("intent", "outcome"):
            tally.phases[row["attempt"]].append(row["phase"])
            tally.sessions[row["attempt"]] = row["session_id"]
        if row["phase"] == "outcome":
            tally.results[row["attempt"]] = row["result"]
    verified = panel.manage("audit_verify", check=False)
    tally.is_whole = verified.returncode == 0
    tally.verified = (verified.stdout + verified.stderr).strip()
    waiting = panel.directory / "data" / "unrecorded-outcomes.jsonl"
    tally.waiting_outcomes = len(waiting.read_text().splitlines()) if waiting.exists() else 0
    return tally
