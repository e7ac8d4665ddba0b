"""How one simulated session lives: what changes it, and what it says of itself at a moment.

Time is always passed in (seconds since the epoch), and every counter is a function of time and id:
two runs with the same ids and times say the same. `plan` holds what will happen by itself, as
(when, verb), soonest first.
"""

import math
import zlib
from dataclasses import dataclass, field

CONNECT_MOMENT = 2.0

# What will happen by itself, as (when, verb), and what has happened, as (event type, when).
Planned = tuple[float, str]
Happened = tuple[str, float]


@dataclass
class PingSession:
    """A VPN session. `status` is created, connected or disconnected; only pause and resume tell
    `paused`.
    """

    session_id: str
    client_id: str
    created_at: float
    zone: str = "de-fra"
    reusable: bool = True
    paused: bool = False
    status: str = "created"
    cycle: tuple[float, float] | None = None
    plan: list[Planned] = field(default_factory=list)
    connected_at: float = 0.0
    earlier_seconds: float = 0.0

    def advance(self, now: float) -> list[Happened]:
        """Live on until `now`; the events that happened on the way, as (event type, when)."""
        events = []
        while self.plan and self.plan[0][0] <= now:
            at, verb = self.plan.pop(0)
            events += getattr(self, verb)(at)
        return events

    def connect(self, at: float) -> list[Happened]:
        self.status, self.connected_at = "connected", at
        if self.cycle:
            self.plan = [(at + self.cycle[0], "end")]
        return [("session_start", at)]

    def end(self, at: float) -> list[Happened]:
        if self.status != "connected":
            return []
        self.earlier_seconds += at - self.connected_at
        self.status = "disconnected"
        if self.cycle:
            self.plan = [(at + self.cycle[1], "connect")]
        return [("session_end", at)]

    def pause(self, at: float) -> list[Happened]:
        events = self.end(at)
        self.paused, self.plan = True, []
        return events

    def resume(self, at: float) -> list[Happened]:
        self.paused, self.plan = False, [(at + CONNECT_MOMENT, "connect")]
        return []

    def counters(self, now: float) -> dict[str, int]:
        """Seconds and bytes over all its connections; empty before the first one."""
        if self.status == "created":
            return {}
        seconds = self.earlier_seconds + (
            now - self.connected_at if self.status == "connected" else 0
        )
        return {
            "duration": int(seconds),
            "uploaded_bytes": _bytes(self.session_id + "up", seconds, 9_000),
            "downloaded_bytes": _bytes(self.session_id + "down", seconds, 75_000),
        }


@dataclass
class AgiSession:
    """An agent's session: `status` is one of the seven words of the AGI system."""

    session_id: str
    agent_name: str
    created_at: float
    status: str = "running"
    plan: list[Planned] = field(default_factory=list)

    def advance(self, now: float) -> list[Happened]:
        events = []
        while self.plan and self.plan[0][0] <= now:
            at, self.status = self.plan.pop(0)
            events.append((self.status, at))
        return events

    def become(self, status: str) -> None:
        """Take a state at once; nothing that was planned happens any more."""
        self.status, self.plan = status, []


def _bytes(seed: str, seconds: float, usual_rate: int) -> int:
    """A counter that only grows, faster and slower in waves; the seed decides its rate and its
    waves.
    """
    number = zlib.crc32(seed.encode())
    rate = usual_rate * (0.4 + number % 997 / 500)
    wave = 40 + number % 83
    return int(rate * (seconds + 0.8 * wave * math.sin(seconds / wave)))
