"""The switches under /_sim/: for tests and for a person at the demo, never part of the upstreams'
contract.

`GET /_sim/calls` counts by "METHOD path" · `DELETE /_sim/calls` · `POST /_sim/faults` one fault or a list
(faults.py) · `GET` and `DELETE /_sim/faults` · `POST /_sim/sessions` one session or a list, as in
cast.py, with `system` and perhaps `count` · `POST /_sim/clock` {"advance": seconds} · `POST /_sim/reset`
· `POST /_sim/stream` one fault of the event stream or a list (stream_faults.py) · `GET /_sim/stream` ·
`POST /_sim/storm` {"sessions", "heartbeats", "per_second"?} (storm.py) · `GET` and `DELETE /_sim/storm`
· `GET /_sim/openapi.json`
"""

import pathlib

from pingadmin.demo.answers import Answer, Call, say
from pingadmin.demo.faults import Faults
from pingadmin.demo.world import World


def answer(world: World, faults: Faults, call: Call) -> Answer:
    act = TABLE.get((call.method, call.path))
    if act is None:
        return say(
            404, {"error": "There is no such switch.", "switches": [" ".join(key) for key in TABLE]}
        )
    try:
        return act(world, faults, call)
    except (ValueError, TypeError) as error:
        return say(400, {"error": str(error)})


def _calls(world, faults, call):
    with world.changed:
        return say(200, dict(world.calls))


def _forget_calls(world, faults, call):
    with world.changed:
        world.calls.clear()
    return say(200, {})


def _faults(world, faults, call):
    return say(200, faults.listing())


def _add_faults(world, faults, call):
    faults.add(_listed(call.json()))
    return say(201, faults.listing())


def _forget_faults(world, faults, call):
    faults.clear()
    return say(200, [])


def _add_sessions(world, faults, call):
    return say(201, [one for wish in _listed(call.json()) for one in _make(world, **wish)])


def _make(world, *, system, count=1, **wish):
    add = {"ping": world.add_ping, "agi": world.add_agi}.get(system)
    if add is None:
        raise ValueError("system is ping or agi")
    return [{"system": system, "session_id": add(**wish).session_id} for _ in range(count)]


def _listed(wishes):
    return wishes if isinstance(wishes, list) else [wishes]


def _jump(world, faults, call):
    with world.changed:
        world.jumped += float(call.json()["advance"])
    with world.now():
        return say(200, {"jumped": world.jumped})


def _stream(world, faults, call):
    stream = world.stream
    with world.changed:
        names = ("readers", "made", "sent", "lost", "next_id", "waiting")
        return say(200, {name: getattr(stream, name) for name in names})


def _spoil_stream(world, faults, call):
    world.stream.add_faults(_listed(call.json()))
    return say(201, {})


def _storm(world, faults, call):
    return say(200, world.storm.report())


def _start_storm(world, faults, call):
    world.storm.start(**call.json())
    return say(201, world.storm.report())


def _stop_storm(world, faults, call):
    world.storm.stop()
    return say(200, {})


def _reset(world, faults, call):
    faults.clear()
    world.reset()
    return say(200, {})


def _openapi(world, faults, call):
    return Answer(200, pathlib.Path(__file__).with_name("openapi.json").read_bytes())


TABLE = {
    ("GET", "/_sim/calls"): _calls,
    ("DELETE", "/_sim/calls"): _forget_calls,
    ("GET", "/_sim/faults"): _faults,
    ("POST", "/_sim/faults"): _add_faults,
    ("DELETE", "/_sim/faults"): _forget_faults,
    ("POST", "/_sim/sessions"): _add_sessions,
    ("POST", "/_sim/clock"): _jump,
    ("POST", "/_sim/stream"): _spoil_stream,
    ("GET", "/_sim/stream"): _stream,
    ("POST", "/_sim/storm"): _start_storm,
    ("GET", "/_sim/storm"): _storm,
    ("DELETE", "/_sim/storm"): _stop_storm,
    ("POST", "/_sim/reset"): _reset,
    ("GET", "/_sim/openapi.json"): _openapi,
}
