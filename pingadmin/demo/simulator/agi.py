"""AGI's agent sessions as its API pages describe them: a function for each call,
(world, request, id) -> Response.

Facts: the AGI API's "Resume Session" page and its neighbours; openapi.json beside this file.
"""

from pingadmin.demo import cast
from pingadmin.demo.simulator.messages import Request, Response, agi_error, json_response
from pingadmin.demo.simulator.ping import instant
from pingadmin.demo.simulator.sessions import AgiSession
from pingadmin.demo.simulator.world import World

TASK_STATUSES = {
    "completed": "finished",
    "terminated": "finished",
    "error": "error",
    "paused": "waiting_for_input",
}
FINAL_STATUSES = {"completed", "terminated", "error"}


def is_allowed(request: Request) -> bool:
    return request.authorization == f"Bearer {cast.AGI_KEY}"


def unauthorized() -> Response:
    return agi_error(401, "unauthorized", "Invalid or missing API key")


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
        return json_response(200, {"status": TASK_STATUSES.get(session.status, "running")})


def resume(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if session.status != "paused":
            return agi_error(400, "not_paused", "Session is not paused")
        session.become("running", now)
        return json_response(200, {"success": True, "message": "Session resumed successfully"})


def pause(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if session.status == "paused":
            return agi_error(400, "already_paused", "Session is already paused")
        if session.status in FINAL_STATUSES:
            return agi_error(400, "not_running", "Session is over")
        session.become("paused", now)
        return json_response(200, {"success": True, "message": "Session paused successfully"})


def cancel(world: World, request: Request, session_id: str) -> Response:
    with world.now() as now:
        session = world.agi.get(session_id)
        if session is None:
            return _not_found()
        if session.status in FINAL_STATUSES:
            return agi_error(400, "not_running", "Session is over")
        session.become("terminated", now)
        return json_response(200, {"success": True, "message": "Session cancelled successfully"})


def _describe(session: AgiSession) -> dict[str, str]:
    return {
        "session_id": session.session_id,
        "agent_name": session.agent_name,
        "status": session.status,
        "created_at": instant(session.created_at),
    }


def _not_found() -> Response:
    return agi_error(404, "not_found", "Session not found")
