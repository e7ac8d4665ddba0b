"""Ping's VPN sessions as its API pages describe them: a function for each call, (world, call, id) -> Answer.

Facts: docs.pingnetwork.io, "Get session status" and "Resume a paused session"; openapi.json beside this
file.
"""

import datetime

from pingadmin.demo import cast
from pingadmin.demo.answers import Answer, Call, ping_error, say
from pingadmin.demo.world import World


def is_allowed(call: Call) -> bool:
    return call.authorization == cast.PING_KEY


def refuse() -> Answer:
    return ping_error(401, "unauthorized", "The API key is missing or not valid.")


def status(world: World, call: Call, session_id: str) -> Answer:
    with world.now() as now:
        session = world.ping.get(session_id)
        if session is None and world.storm.owns(session_id):
            return say(200, world.storm.describe(session_id))
        if session is None:
            return _not_found(session_id)
        return say(
            200, {"client_id": session.client_id, "status": session.status, **session.counters(now)}
        )


def resume(world: World, call: Call, session_id: str) -> Answer:
    with world.now() as now:
        session = world.ping.get(session_id)
        if session is None and not world.storm.owns(session_id):
            return _not_found(session_id)
        if session is None or not session.reusable:
            return _not_reusable()
        if not session.paused:
            return ping_error(400, "session_not_paused", "The session is not paused.")
        world.tell(session, session.resume(now))
        return say(200, {"session_id": session_id, "paused": False})


def pause(world: World, call: Call, session_id: str) -> Answer:
    with world.now() as now:
        session = world.ping.get(session_id)
        if session is None and not world.storm.owns(session_id):
            return _not_found(session_id)
        if session is None or not session.reusable:
            return _not_reusable()
        if session.paused:
            return ping_error(400, "session_already_paused", "The session is already paused.")
        world.tell(session, session.pause(now))
        return say(200, {"session_id": session_id, "paused": True})


def zones(world: World, call: Call) -> Answer:
    include = call.query.get("include", [])
    if include not in ([], ["node_count"]):
        return ping_error(400, "invalid_parameter", "include can be node_count.")
    hidden = set() if include else {"active_nodes"}
    return say(
        200, {"zones": [{k: v for k, v in zone.items() if k not in hidden} for zone in cast.ZONES]}
    )


def create(world: World, call: Call) -> Answer:
    try:
        wish = call.json()
    except ValueError:
        return ping_error(400, "bad_request", "The body is not JSON.")
    wrong = _wrong_fields(wish)
    if wrong:
        return ping_error(
            422, "validation_failed", "Some fields are missing or wrong.", fields=wrong
        )
    if wish["zone"] not in {zone["code"] for zone in cast.ZONES}:
        return ping_error(404, "zone_not_found", "There is no such zone.")
    reusable = wish.get("reusable", False)
    session = world.add_ping(
        client_id=wish["client_id"], zone=wish["zone"], reusable=reusable, connects_in=2
    )
    link = f"vless://{session.session_id}@{session.zone}.vpn.invalid:443"
    return say(
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


def events(world: World, call: Call) -> Answer:
    """The stream of all sessions, from now on: nothing is replayed, whatever Last-Event-ID says."""
    return Answer(
        200, content_type="text/event-stream", stream=world.stream.read(world.heartbeat_seconds)
    )


def instant(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _wrong_fields(wish) -> list[str]:
    if not isinstance(wish, dict):
        return ["body"]
    checks = {
        "client_id": isinstance(wish.get("client_id"), str) and wish.get("client_id") != "",
        "connection_type": wish.get("connection_type") == "vless",
        "zone": isinstance(wish.get("zone"), str),
        "reusable": isinstance(wish.get("reusable", False), bool),
    }
    return [name for name, is_right in checks.items() if not is_right]


def _not_found(session_id: str) -> Answer:
    return ping_error(404, "session_not_found", "Session not found.", session_id=session_id)


def _not_reusable() -> Answer:
    return ping_error(
        400, "session_not_reusable", "Only a reusable session can be paused and resumed."
    )
