"""AGI's agent sessions as its API pages describe them: a function for each call, (world, call, id) -> Answer.

Facts: the AGI API's "Resume Session" page and its neighbours; openapi.json beside this file.
"""

from pingadmin.demo import cast
from pingadmin.demo.answers import Answer, Call, agi_error, say
from pingadmin.demo.ping import instant
from pingadmin.demo.sessions import AgiSession
from pingadmin.demo.world import World

TASKS = {
    "completed": "finished",
    "terminated": "finished",
    "error": "error",
    "paused": "waiting_for_input",
}
OVER = {"completed", "terminated", "error"}


def is_allowed(call: Call) -> bool:
    return call.authorization == f"Bearer {cast.AGI_KEY}"


def refuse() -> Answer:
    return agi_error(401, "unauthorized", "Invalid or missing API key")


def listing(world: World, call: Call) -> Answer:
    with world.now():
        newest_first = sorted(world.agi.values(), key=lambda session: -session.created_at)
        return say(200, [_describe(session) for session in newest_first])


def session(world: World, call: Call, session_id: str) -> Answer:
    with world.now():
        found = world.agi.get(session_id)
        if found is None:
            return _not_found()
        return say(200, _describe(found) | {"vnc_url": f"https://vnc.invalid/{session_id}"})


def task_status(world: World, call: Call, session_id: str) -> Answer:
    with world.now():
        found = world.agi.get(session_id)
        return say(200, {"status": TASKS.get(found.status, "running")}) if found else _not_found()


def resume(world: World, call: Call, session_id: str) -> Answer:
    with world.now():
        found = world.agi.get(session_id)
        if found is None:
            return _not_found()
        if found.status != "paused":
            return agi_error(400, "not_paused", "Session is not paused")
        found.become("running")
        return say(200, {"success": True, "message": "Session resumed successfully"})


def pause(world: World, call: Call, session_id: str) -> Answer:
    with world.now():
        found = world.agi.get(session_id)
        if found is None:
            return _not_found()
        if found.status == "paused":
            return agi_error(400, "already_paused", "Session is already paused")
        if found.status in OVER:
            return agi_error(400, "not_running", "Session is over")
        found.become("paused")
        return say(200, {"success": True, "message": "Session paused successfully"})


def cancel(world: World, call: Call, session_id: str) -> Answer:
    with world.now():
        found = world.agi.get(session_id)
        if found is None:
            return _not_found()
        if found.status in OVER:
            return agi_error(400, "not_running", "Session is over")
        found.become("terminated")
        return say(200, {"success": True, "message": "Session cancelled successfully"})


def _describe(found: AgiSession) -> dict:
    return {
        "session_id": found.session_id,
        "agent_name": found.agent_name,
        "status": found.status,
        "created_at": instant(found.created_at),
    }


def _not_found() -> Answer:
    return agi_error(404, "not_found", "Session not found")
