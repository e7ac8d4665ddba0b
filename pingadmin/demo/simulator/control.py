"""The switches under /_sim/: for tests and for a person at the demo, never part of the upstreams'
contract.

`GET /_sim/calls` counts by "METHOD path" · `DELETE /_sim/calls` · `POST /_sim/faults` one fault or
a list (faults.py) · `GET` and `DELETE /_sim/faults` · `POST /_sim/sessions` one session or a list,
as in cast.py, with `system` and perhaps `count`; of an AGI one, `messages` so far, {"type",
"content"}, and a `question` that waits · `POST /_sim/messages` {"session_id", "type", "content"},
perhaps `count`: an agent says that, and a QUESTION then waits, DONE and ERROR end the task · `POST
/_sim/clock` {"advance": seconds} · `POST /_sim/reset` · `POST /_sim/stream` one fault of the event
stream or a list (stream_faults.py) · `GET /_sim/stream` · `POST /_sim/storm` {"sessions",
"heartbeats", "per_second"?} (storm.py) · `GET` and `DELETE /_sim/storm` · `POST /_sim/limits`
{"global"?, "client"?, "session"?: {"downloaded_bytes"?, "uploaded_bytes"?, "download_speed"?,
"upload_speed"?, "max_sessions"?, "max_reconnections"?}} replaces Ping's limits · `GET
/_sim/openapi.json`
"""

import itertools
import pathlib
from collections.abc import Callable
from typing import Any

from pingadmin.demo.simulator.faults import Faults
from pingadmin.demo.simulator.messages import Request, Response, json_response
from pingadmin.demo.simulator.ping import instant
from pingadmin.demo.simulator.sessions import AgiSession, PingSession
from pingadmin.demo.simulator.world import World


def respond(world: World, faults: Faults, request: Request) -> Response:
    handler = SWITCHES.get((request.method, request.path))
    if handler is None:
        return json_response(
            404,
            {"error": "There is no such switch.", "switches": [" ".join(key) for key in SWITCHES]},
        )
    try:
        return handler(world, faults, request)
    except (ValueError, TypeError) as error:
        return json_response(400, {"error": str(error)})


def _calls(world: World, faults: Faults, request: Request) -> Response:
    with world.changed:
        return json_response(200, dict(world.calls))


def _clear_calls(world: World, faults: Faults, request: Request) -> Response:
    with world.changed:
        world.calls.clear()
    return json_response(200, {})


def _faults(world: World, faults: Faults, request: Request) -> Response:
    return json_response(200, faults.listing())


def _add_faults(world: World, faults: Faults, request: Request) -> Response:
    faults.add(_as_list(request.json()))
    return json_response(201, faults.listing())


def _clear_faults(world: World, faults: Faults, request: Request) -> Response:
    faults.clear()
    return json_response(200, [])


def _add_sessions(world: World, faults: Faults, request: Request) -> Response:
    created = [_create_sessions(world, **spec) for spec in _as_list(request.json())]
    return json_response(201, list(itertools.chain.from_iterable(created)))


def _create_sessions(
    world: World, *, system: str, count: int = 1, **spec: Any
) -> list[dict[str, str]]:
    adders: dict[str, Callable[..., PingSession | AgiSession]]
    adders = {"ping": world.add_ping, "agi": world.add_agi}
    add = adders.get(system)
    if add is None:
        raise ValueError("system is ping or agi")
    return [{"system": system, "session_id": add(**spec).session_id} for _ in range(count)]


def _add_messages(world: World, faults: Faults, request: Request) -> Response:
    for spec in _as_list(request.json()):
        _say(world, **spec)
    return json_response(201, {})


def _say(world: World, *, session_id: str, count: int = 1, **message: Any) -> None:
    with world.now() as now:
        if session_id not in world.agi:
            raise ValueError("There is no such AGI session.")
        for _ in range(count):
            world.agi[session_id].add_message(now, **message)
        world.changed.notify_all()


def _as_list(specs: Any) -> list[Any]:
    return specs if isinstance(specs, list) else [specs]


def _advance_clock(world: World, faults: Faults, request: Request) -> Response:
    with world.changed:
        world.jumped += float(request.json()["advance"])
    with world.now():
        return json_response(200, {"jumped": world.jumped})


def _stream(world: World, faults: Faults, request: Request) -> Response:
    stream = world.stream
    with world.changed:
        names = ("readers", "made", "sent", "lost", "next_id", "waiting")
        return json_response(200, {name: getattr(stream, name) for name in names})


def _add_stream_faults(world: World, faults: Faults, request: Request) -> Response:
    world.stream.add_faults(_as_list(request.json()))
    return json_response(201, {})


def _storm(world: World, faults: Faults, request: Request) -> Response:
    return json_response(200, world.storm.report())


def _start_storm(world: World, faults: Faults, request: Request) -> Response:
    world.storm.start(**request.json())
    return json_response(201, world.storm.report())


def _stop_storm(world: World, faults: Faults, request: Request) -> Response:
    world.storm.stop()
    return json_response(200, {})


def _set_limits(world: World, faults: Faults, request: Request) -> Response:
    wanted = request.json()
    if not isinstance(wanted, dict) or not wanted.keys() <= {"global", "client", "session"}:
        raise ValueError("limits are an object of global, client and session")
    with world.now() as now:
        at = instant(now)
        stamps = {"created_at": at, "updated_at": at}
        world.limits = {kind: {"id": f"limits-{kind}"} | stamps | wanted[kind] for kind in wanted}
        return json_response(201, world.limits)


def _reset(world: World, faults: Faults, request: Request) -> Response:
    faults.clear()
    world.reset()
    return json_response(200, {})


def _openapi(world: World, faults: Faults, request: Request) -> Response:
    return Response(200, pathlib.Path(__file__).with_name("openapi.json").read_bytes())


SWITCHES = {
    ("GET", "/_sim/calls"): _calls,
    ("DELETE", "/_sim/calls"): _clear_calls,
    ("GET", "/_sim/faults"): _faults,
    ("POST", "/_sim/faults"): _add_faults,
    ("DELETE", "/_sim/faults"): _clear_faults,
    ("POST", "/_sim/sessions"): _add_sessions,
    ("POST", "/_sim/messages"): _add_messages,
    ("POST", "/_sim/clock"): _advance_clock,
    ("POST", "/_sim/stream"): _add_stream_faults,
    ("GET", "/_sim/stream"): _stream,
    ("POST", "/_sim/storm"): _start_storm,
    ("GET", "/_sim/storm"): _storm,
    ("DELETE", "/_sim/storm"): _stop_storm,
    ("POST", "/_sim/limits"): _set_limits,
    ("POST", "/_sim/reset"): _reset,
    ("GET", "/_sim/openapi.json"): _openapi,
}
