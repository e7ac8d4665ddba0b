"""Everything that the simulator remembers: sessions of both systems, their events, and the calls
made.
"""

import collections
import contextlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pingadmin.demo import cast
from pingadmin.demo.simulator.sessions import AgiSession, PingSession
from pingadmin.demo.simulator.storm import Storm
from pingadmin.demo.simulator.stream import EventStream

AGI_HEARTBEAT_SECONDS = 30


class World:
    """One lock guards it all: hold it by `with world.now() as now`, which lets planned changes
    happen. clock: seconds since the epoch. agi_beats: how many heartbeats AGI's streams have had.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.time, heartbeat_seconds: float = 5.0
    ) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.heartbeat_seconds = heartbeat_seconds
        self.clock = clock
        self.stream = EventStream(self.changed)
        self.storm = Storm(self.stream)
        self.reset()

    def clear(self) -> None:
        """Hold no session at all."""
        with self.changed:
            self.ping: dict[str, PingSession] = {}
            self.agi: dict[str, AgiSession] = {}

    def save(self, path: Path) -> None:
        """Write every session into a file, for `load` in another process."""
        with self.now():
            ping, agi = map(asdict, self.ping.values()), map(asdict, self.agi.values())
            path.write_text(json.dumps({"ping": list(ping), "agi": list(agi)}))

    def load(self, path: Path) -> None:
        """Hold a saved world's sessions and no others.

        Raises OSError, ValueError, TypeError or KeyError.
        """
        saved = json.loads(path.read_text())
        with self.changed:
            self.ping = {spec["session_id"]: PingSession(**spec) for spec in saved["ping"]}
            self.agi = {spec["session_id"]: AgiSession(**spec) for spec in saved["agi"]}

    def reset(self) -> None:
        """Begin again with the cast: no calls, no events, no time jumped."""
        with self.changed:
            self.clear()
            self.calls: collections.Counter[str] = collections.Counter()
            self.storm.stop()
            self.stream.reset()
            self.jumped = 0.0
            self.limits: dict[str, dict[str, Any]] = {}
            self._next_heartbeat = self.clock() + self.heartbeat_seconds
            self.agi_beats = 0
            self._next_agi_beat = self.clock() + AGI_HEARTBEAT_SECONDS
            for spec in cast.PING_SESSIONS:
                self.add_ping(**spec)
            for spec in cast.AGI_SESSIONS:
                self.add_agi(**spec)
            self.changed.notify_all()

    @contextlib.contextmanager
    def now(self) -> Iterator[float]:
        """The moment, in seconds since the epoch, with every session brought up to it and the lock
        held.
        """
        with self.changed:
            now = self.clock() + self.jumped
            self._advance(now)
            yield now

    def add_ping(
        self,
        *,
        session_id: str = "",
        client_id: str = "client",
        created_ago: float = 0,
        connected_for: float = 0,
        ended_ago: float = 0,
        paused_ago: float = 0,
        connects_in: float | None = None,
        **rest: Any,
    ) -> PingSession:
        """A Ping session as cast.py describes one; the id is made up where none is given."""
        now = self.clock() + self.jumped
        session_id = session_id or f"ses_{uuid.uuid4().hex[:10]}"
        session = PingSession(session_id, client_id, now - max(created_ago, connected_for), **rest)
        if connected_for:
            session.connect(now - connected_for)
        if connected_for and (ended_ago or session.paused):
            session.end(now - (ended_ago or paused_ago))
            session.plan = []
        if connects_in is not None:
            session.plan = [(now + connects_in, "connect")]
        with self.changed:
            self.ping[session_id] = session
        return session

    def add_agi(
        self,
        *,
        session_id: str = "",
        agent_name: str = "agi-0",
        status: str = "running",
        created_ago: float = 0,
        pauses_after: float | None = None,
        question: str = "",
        messages: Sequence[dict[str, Any]] = (),
    ) -> AgiSession:
        """An AGI session; one that initializes becomes ready and then runs by itself.

        messages: what was said so far, {type, content} and what else add_message takes. question:
        the newest of them, for whose answer the task waits.
        """
        now = self.clock() + self.jumped
        session_id = session_id or str(uuid.uuid4())
        plan = [(now + 8, "ready"), (now + 12, "running")] if status == "initializing" else []
        session = AgiSession(session_id, agent_name, now - created_ago, status, plan, pauses_after)
        if pauses_after and status == "running":
            session.become("running", now)
        asked = [{"type": "QUESTION", "content": question}] if question else []
        for message in [*messages, *asked]:
            session.add_message(now, **message)
        with self.changed:
            self.agi[session_id] = session
        return session

    def publish(self, session: PingSession, events: list[tuple[str, float]]) -> None:
        """Put events of a Ping session on the stream."""
        for event_type, at in events:
            self.stream.publish(
                {
                    "session_id": session.session_id,
                    "client_id": session.client_id,
                    "event_type": event_type,
                    **session.counters(at),
                }
            )

    def count(self, method: str, path: str) -> None:
        with self.changed:
            self.calls[f"{method} {path}"] += 1

    def _advance(self, now: float) -> None:
        for session in self.ping.values():
            if session.plan and session.plan[0][0] <= now:
                self.publish(session, session.advance(now))
        happened = [each for session in self.agi.values() for each in session.advance(now)]
        if now >= self._next_agi_beat:
            self._next_agi_beat = now + AGI_HEARTBEAT_SECONDS
            self.agi_beats += 1
            happened.append(("heartbeat", now))
        if happened:
            self.changed.notify_all()
        if now >= self._next_heartbeat:
            self._next_heartbeat = now + self.heartbeat_seconds
            for session in self.ping.values():
                if session.status == "connected":
                    self.publish(session, [("session_heartbeat", now)])
