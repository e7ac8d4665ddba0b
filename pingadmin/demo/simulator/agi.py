"""AGI's agent sessions as its API pages describe them: a function for each call,
(world, request, id) -> Response.

Facts: the AGI API's "Resume Session" page and its neighbours, and the vendor's own client for
Python, 0.5.1; openapi.json beside this file.
"""

import re
from typing import Any

from pingadmin.demo import cast
from pingadmin.demo.simulator import agi_events
from pingadmin.demo.simulator.messages import (
    Request,
    Response,
    agi_error,
    agi_wrong_fields,
    json_response,
)
from pingadmin.demo.simulator.sessions import AgiSession, instant
from pingadmin.demo.simulator.world import World

MAX_MESSAGE_LENGTH = 10_000
FLAGS = {"true": True, "1": True, "false": False, "0": False}

Fault = tuple[list[str], str, str]


def is_allowed(request: Request) -> bool:
    return request.authorization == f"Bearer {cast.AGI_KEY}"


def unauthorized() -> Response:
    return agi_error(401, "Invalid or missing API key")


def listing(world: World, request: Request) -> Response:
    with world.now():
        newest_first = sorted(world.agi.values(), key=lambda session: -session.created_at)
        return json_response(200, [_describe(session) for session in newest_first])


def session(world: World, request: Request, session_id: str) -> Response:
    with world.now():
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        return json_response(
            200, _describe(session) | {"vnc_url": f"https://vnc.invalid/{session_id}"}
        )


def task_status(world: World, request: Request, session_id: str) -> Response:
    with world.now():
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        return json_response(200, {"status": session.execution_state})


def messages(world: World, request: Request, session_id: str) -> Response:
    """The messages after an id. `sanitize` is checked and changes nothing: all here is clean."""
    after_id = _last_value(request, "after_id", "0")
    faults = [*_wrong_flags(request, "sanitize")]
    if not re.fullmatch(r"-?[0-9]{1,4000}", after_id):
        faults.append((["query", "after_id"], "Input should be a valid integer", "int_parsing"))
    if faults:
        return agi_wrong_fields(*faults)
    with world.now():
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        content = {
            "messages": session.messages[max(int(after_id), 0) :],
            "status": session.execution_state,
            "has_agent": not session.is_over,
        }
        return json_response(200, content)


def send_message(world: World, request: Request, session_id: str) -> Response:
    try:
        body = request.json()
    except ValueError:
        return agi_wrong_fields((["body"], "JSON decode error", "json_invalid"))
    faults = _wrong_message_fields(body)
    if faults:
        return agi_wrong_fields(*faults)
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if session.is_over:
            return agi_error(400, "Session is over")
        session.take_message(body["message"], now)
        world.changed.notify_all()
        return _done("Message sent successfully")


def resume(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if session.status != "paused":
            return agi_error(400, "not_paused: Session is not paused")
        session.become("running", now)
        world.changed.notify_all()
        return _done("Session resumed successfully")


def pause(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if session.status == "paused":
            return agi_error(400, "already_paused: Session is already paused")
        if not session.has_task:
            return agi_error(400, "Session has no task to pause")
        session.become("paused", now)
        world.changed.notify_all()
        return _done("Session paused successfully")


def cancel(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if not session.has_task:
            return agi_error(400, "Session has no task to cancel")
        session.cancel(now)
        world.changed.notify_all()
        return _done("Task cancelled successfully")


def events(world: World, request: Request, session_id: str) -> Response:
    """The stream of one session: its history, unless it is not wanted, and what happens then."""
    faults = _wrong_flags(request, "sanitize", "include_history")
    if faults:
        return agi_wrong_fields(*faults)
    wanted = set(filter(None, _last_value(request, "event_types", "").split(",")))
    with world.now():
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        has_history = FLAGS[_last_value(request, "include_history", "true").lower()]
        start = 0 if has_history else len(session.events)
        stream = agi_events.read(world, session, start, wanted)
        return Response(200, content_type="text/event-stream", stream=stream)


def _describe(session: AgiSession) -> dict[str, str]:
    return {
        "session_id": session.session_id,
        "agent_name": session.agent_name,
        "status": session.status,
        "created_at": instant(session.created_at),
    }


def _done(message: str) -> Response:
    return json_response(200, {"success": True, "message": message})


def _not_found() -> Response:
    return agi_error(404, "Session not found")


def _last_value(request: Request, name: str, default: str) -> str:
    return request.query.get(name, [default])[-1]


def _wrong_flags(request: Request, *names: str) -> list[Fault]:
    return [
        (["query", name], "Input should be a valid boolean", "bool_parsing")
        for name in names
        if _last_value(request, name, "true").lower() not in FLAGS
    ]


def _wrong_message_fields(body: Any) -> list[Fault]:
    if not isinstance(body, dict):
        return [(["body"], "Input should be a valid dictionary", "model_attributes_type")]
    faults: list[Fault] = []
    text = body.get("message")
    where = ["body", "message"]
    if "message" not in body:
        faults.append((where, "Field required", "missing"))
    elif not isinstance(text, str):
        faults.append((where, "Input should be a valid string", "string_type"))
    elif not text:
        faults.append((where, "String should have at least 1 character", "string_too_short"))
    elif len(text) > MAX_MESSAGE_LENGTH:
        faults.append((where, "String should have at most 10000 characters", "string_too_long"))
    if not isinstance(body.get("start_url"), str | None):
        faults.append((["body", "start_url"], "Input should be a valid string", "string_type"))
    if not isinstance(body.get("config_updates"), dict | None):
        faults.append(
            (["body", "config_updates"], "Input should be a valid dictionary", "dict_type")
        )
    return faults
