"""Ping's VPN sessions as its API pages describe them: a function for each call, (world, request,
id) -> Response.

Facts: docs.pingnetwork.io, "Get session status" and "Resume a paused session"; openapi.json beside
this file. Limits are described for version 1 alone; no session here ever stops because of one.
"""

from pingadmin.demo import cast
from pingadmin.demo.simulator.messages import Request, Response, json_response, ping_error
from pingadmin.demo.simulator.sessions import instant
from pingadmin.demo.simulator.world import World


def is_allowed(request: Request) -> bool:
    return request.authorization == cast.PING_KEY


def unauthorized() -> Response:
    return ping_error(401, "unauthorized", "The API key is missing or not valid.")


def status(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.ping.get(session_id)
        if session is None and world.storm.owns(session_id):
            return json_response(200, world.storm.describe(session_id))
        if session is None:
            return _not_found(session_id)
        return json_response(
            200, {"client_id": session.client_id, "status": session.status, **session.counters(now)}
        )


def resume(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.ping.get(session_id)
        if session is None and not world.storm.owns(session_id):
            return _not_found(session_id)
        if session is None or not session.reusable:
            return _not_reusable()
        if not session.paused:
            return ping_error(400, "session_not_paused", "The session is not paused.")
        world.publish(session, session.resume(now))
        return json_response(200, {"session_id": session_id, "paused": False})


def pause(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.ping.get(session_id)
        if session is None and not world.storm.owns(session_id):
            return _not_found(session_id)
        if session is None or not session.reusable:
            return _not_reusable()
        if session.paused:
            return ping_error(400, "session_already_paused", "The session is already paused.")
        world.publish(session, session.pause(now))
        return json_response(200, {"session_id": session_id, "paused": True})


def zones(world: World, request: Request) -> Response:
    include = request.query.get("include", [])
    if include not in ([], ["node_count"]):
        return ping_error(400, "invalid_parameter", "include can be node_count.")
    hidden = set() if include else {"active_nodes"}
    return json_response(
        200, {"zones": [{k: v for k, v in zone.items() if k not in hidden} for zone in cast.ZONES]}
    )


def limits(world: World, request: Request, kind: str) -> Response:
    """The limits of a kind, where a switch has set some."""
    with world.changed:
        limits = world.limits.get(kind)
    if limits is None:
        return ping_error(404, "limits_not_found", "No limits are set.")
    return json_response(200, limits)


def create(world: World, request: Request) -> Response:
    try:
        spec = request.json()
    except ValueError:
        return ping_error(400, "bad_request", "The body is not JSON.")
    wrong = _wrong_fields(spec)
    if wrong:
        return ping_error(
            422, "validation_failed", "Some fields are missing or wrong.", fields=wrong
        )
    if spec["zone"] not in {zone["code"] for zone in cast.ZONES}:
        return ping_error(404, "zone_not_found", "There is no such zone.")
    reusable = spec.get("reusable", False)
    session = world.add_ping(
        client_id=spec["client_id"], zone=spec["zone"], reusable=reusable, connects_in=2
    )
    link = f"vless://{session.session_id}@{session.zone}.vpn.invalid:443"
    return json_response(
        201,
        {
            "id": session.session_id,
            "connection_type": "vless",
            "zone": session.zone,
            "configuration": link,
            "configuration_link": f"https://vpn.invalid/{session.session_id}",
            "reusable": reusable,
            "created_at": instant(session.created_at),
        },
    )


def events(world: World, request: Request) -> Response:
    """The stream of all sessions, from now on: nothing is replayed, whatever Last-Event-ID says."""
    return Response(
        200, content_type="text/event-stream", stream=world.stream.read(world.heartbeat_seconds)
    )


def _wrong_fields(spec: object) -> list[str]:
    if not isinstance(spec, dict):
        return ["body"]
    checks = {
        "client_id": isinstance(spec.get("client_id"), str) and spec.get("client_id") != "",
        "connection_type": spec.get("connection_type") == "vless",
        "zone": isinstance(spec.get("zone"), str),
        "reusable": isinstance(spec.get("reusable", False), bool),
    }
    return [name for name, is_right in checks.items() if not is_right]


def _not_found(session_id: str) -> Response:
    return ping_error(404, "session_not_found", "Session not found.", session_id=session_id)


def _not_reusable() -> Response:
    return ping_error(
        400, "session_not_reusable", "Only a reusable session can be paused and resumed."
    )
