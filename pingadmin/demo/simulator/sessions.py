"""How one simulated session lives: what changes it, and what it says of itself at a moment.

Time is always passed in (seconds since the epoch), and every counter is a function of time and id:
two runs with the same ids and times say the same. `plan` holds what will happen by itself, as
(when, verb), soonest first.
"""

from dataclasses import dataclass, field

from pingadmin.demo.simulator.traffic import total_bytes

CONNECT_MOMENT = 2.0
# Bytes a second in a steady hour of the afternoon.
USUAL_RATES = {"up": 9_000, "down": 75_000}

# What will happen by itself, as (when, verb), and what has happened, as (event type, when).
Planned = tuple[float, str]
Happened = tuple[str, float]


@dataclass
class PingSession:
    """A VPN session. `status` is created, connected or disconnected; only pause and resume tell
    `paused`. pauses_after: so long after it connects, its customer's own system pauses it.
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
    earlier_up: int = 0
    earlier_down: int = 0
    pauses_after: float | None = None

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
        if self.pauses_after:
            self.plan = [(at + self.pauses_after, "pause")]
        return [("session_start", at)]

    def end(self, at: float) -> list[Happened]:
        if self.status != "connected":
            return []
        self.earlier_seconds += at - self.connected_at
        self.earlier_up += self._bytes_until(at, "up")
        self.earlier_down += self._bytes_until(at, "down")
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
        is_connected = self.status == "connected"
        seconds = now - self.connected_at if is_connected else 0
        return {
            "duration": int(self.earlier_seconds + seconds),
            "uploaded_bytes": self.earlier_up
            + (self._bytes_until(now, "up") if is_connected else 0),
            "downloaded_bytes": self.earlier_down
            + (self._bytes_until(now, "down") if is_connected else 0),
        }

    def _bytes_until(self, now: float, direction: str) -> int:
        """What passed on the present connection."""
        seed, rate = f"{self.session_id} {direction}", USUAL_RATES[direction]
        return total_bytes(seed, rate, now) - total_bytes(seed, rate, self.connected_at)


@dataclass
class AgiSession:
    """An agent's session: `status` is one of the seven words of the AGI system.

    pauses_after: so long after it begins to run, the agent pauses by itself.
    """

    session_id: str
    agent_name: str
    created_at: float
    status: str = "running"
    plan: list[Planned] = field(default_factory=list)
    pauses_after: float | None = None

    def advance(self, now: float) -> list[Happened]:
        events = []
        while self.plan and self.plan[0][0] <= now:
            at, self.status = self.plan.pop(0)
            events.append((self.status, at))
        return events

    def become(self, status: str, at: float) -> None:
        """Take a state at once; nothing that was planned happens any more."""
        self.status, self.plan = status, []
        if status == "running" and self.pauses_after:
            self.plan = [(at + self.pauses_after, "paused")]
