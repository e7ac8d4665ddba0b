"""The event stream of one AGI session: what it has been through, then what happens, until its task
ends.
"""

import json
from collections.abc import Generator, Set
from typing import Any

from pingadmin.demo.simulator.sessions import AgiSession
from pingadmin.demo.simulator.world import World


def read(world: World, session: AgiSession, position: int, wanted: Set[str]) -> Generator[bytes]:
    """What one connection gets, from that event on. wanted: the types of events, empty for all.

    It ends when the task has, and when the simulator is reset.
    """
    beat = world.agi_beats
    yield b": stream begins\n\n"
    has_ended = False
    while not has_ended:
        with world.changed:
            _await_news(world, session, position, beat)
            fresh = session.events[position:]
            position += len(fresh)
            if world.agi_beats != beat:
                fresh.append({"event": "heartbeat", "id": None, "data": {}})
            beat = world.agi_beats
            has_ended = _has_ended(world, session)
        # Empty where all of it is unwanted.
        yield b"".join(_encode(event) for event in fresh if not wanted or event["event"] in wanted)


def _await_news(world: World, session: AgiSession, position: int, beat: int) -> None:
    def has_news() -> bool:
        return len(session.events) > position or world.agi_beats != beat

    world.changed.wait_for(lambda: has_news() or _has_ended(world, session))


def _has_ended(world: World, session: AgiSession) -> bool:
    is_forgotten = world.agi.get(session.session_id) is not session
    return is_forgotten or not session.has_task


def _encode(event: dict[str, Any]) -> bytes:
    first = "" if event["id"] is None else f"id: {event['id']}\n"
    return f"{first}event: {event['event']}\ndata: {json.dumps(event['data'])}\n\n".encode()
