"""How one simulated session lives: what changes it, and what it says of itself at a moment.

Time is always passed in (seconds since the epoch), and every counter is a function of time and id:
two runs with the same ids and times say the same. `plan` holds what will happen by itself, as
(when, verb), soonest first.
"""

import datetime
from dataclasses import dataclass, field
from typing import Any

from pingadmin.demo.simulator.traffic import total_bytes

CONNECT_MOMENT = 2.0
# Bytes a second in a steady hour of the afternoon.
USUAL_RATES = {"up": 9_000, "down": 75_000}
# Of an AGI session: the statuses that nothing follows, and the states of its task.
FINAL_STATUSES = {"completed", "terminated", "error"}
TASK_AT_FIRST = {
    "completed": "finished",
    "terminated": "finished",
    "finished": "finished",
    "error": "error",
    "waiting_for_input": "waiting_for_input",
}
TASK_AFTER_MESSAGE = {
    "QUESTION": "waiting_for_input",
    "USER": "running",
    "DONE": "finished",
    "ERROR": "error",
}

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
    """An agent's session: `status` is one of the words of the AGI system, `task` is the state of
    its task, which pausing does not change.

    pauses_after: so long after it begins to run, the agent pauses by itself. messages: as the API
    answers them, numbered from 1. events: what its event stream replays, as {event, id, data}.
    """

    session_id: str
    agent_name: str
    created_at: float
    status: str = "running"
    plan: list[Planned] = field(default_factory=list)
    pauses_after: float | None = None
    task: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.task = self.task or TASK_AT_FIRST.get(self.status, "running")

    @property
    def is_over(self) -> bool:
        """Whether it takes no messages any more."""
        return self.status in FINAL_STATUSES

    @property
    def has_task(self) -> bool:
        """Whether there is something to pause or to cancel."""
        return not self.is_over and self.task not in ("finished", "error")

    @property
    def execution_state(self) -> str:
        """The state of the task as the API answers it; a paused one waits for whoever resumes."""
        return "waiting_for_input" if self.status == "paused" else self.task

    def advance(self, now: float) -> list[Happened]:
        events = []
        while self.plan and self.plan[0][0] <= now:
            at, self.status = self.plan.pop(0)
            self._signal("paused", self.status == "paused")
            events.append((self.status, at))
        return events

    def become(self, status: str, at: float) -> None:
        """Take a state at once; nothing that was planned happens any more."""
        self._signal("resumed", status == "running" and self.status == "paused")
        self._signal("paused", status == "paused")
        self.status, self.plan = status, []
        if status == "running" and self.pauses_after:
            self.plan = [(at + self.pauses_after, "paused")]

    def add_message(
        self,
        at: float,
        *,
        type: str,
        content: Any,
        growing: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Add a message of the agent or of a user, and let the task go where it leads."""
        message = {
            "id": len(self.messages) + 1,
            "growing": growing,
            "type": type,
            "content": content,
            "timestamp": instant(at),
            "metadata": metadata or {},
        }
        self.messages.append(message)
        self.events.append({"event": type.lower(), "id": message["id"], "data": message})
        self.task = TASK_AFTER_MESSAGE.get(type, self.task)
        if type == "DONE":
            self.status, self.plan = "finished", []

    def take_message(self, text: str, at: float) -> None:
        """What a user's message does: it answers, gives new instructions or starts a task."""
        self.add_message(at, type="USER", content=text)
        # A paused session stays so until it is resumed; one that initializes runs by itself.
        if self.status in ("ready", "finished", "waiting_for_input"):
            self.become("running", at)

    def cancel(self, at: float) -> None:
        """End the task. The session stays, and a message starts the next task."""
        self.add_message(at, type="DONE", content="Task cancelled")

    def _signal(self, event: str, is_due: bool) -> None:
        if is_due:
            self.events.append({"event": event, "id": None, "data": {}})


def instant(at: float) -> str:
    """A moment as both APIs write it."""
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
