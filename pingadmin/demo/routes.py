"""The table of both systems' calls, on one port: which path and method is answered by which function."""

import re
from urllib.parse import unquote

from pingadmin.demo import agi, ping
from pingadmin.demo.answers import Answer, Call, agi_error, ping_error
from pingadmin.demo.world import World

PING, AGI = "/customer/v2", "/v1"

TABLE = (
    (PING, "GET", "/sessions/events", ping.events),
    (PING, "GET", "/sessions/{id}/status", ping.status),
    (PING, "PATCH", "/sessions/{id}/resume", ping.resume),
    (PING, "PATCH", "/sessions/{id}/pause", ping.pause),
    (PING, "GET", "/zones", ping.zones),
    (PING, "POST", "/sessions", ping.create),
    (AGI, "GET", "/sessions", agi.listing),
    (AGI, "GET", "/sessions/{id}", agi.session),
    (AGI, "GET", "/sessions/{id}/status", agi.task_status),
    (AGI, "POST", "/sessions/{id}/resume", agi.resume),
    (AGI, "POST", "/sessions/{id}/pause", agi.pause),
    (AGI, "POST", "/sessions/{id}/cancel", agi.cancel),
)
ROUTES = [
    (system, method, re.compile(re.escape(system + path).replace(r"\{id\}", "([^/]+)")), act)
    for system, method, path, act in TABLE
]


def answer(world: World, call: Call) -> Answer:
    """The upstream's answer: unknown path, wrong method and wrong key come before the act."""
    error = error_of(call.path)
    found = [(route, match) for route in ROUTES if (match := route[2].fullmatch(call.path))]
    if not found:
        return error(404, "not_found", "There is no such path.")
    wanted = [(route, match) for route, match in found if route[1] == call.method]
    if not wanted:
        allowed = ", ".join(sorted({route[1] for route, _ in found}))
        return error(405, "method_not_allowed", "This path does not take this method.").having(
            headers={"Allow": allowed}
        )
    (system, _, _, act), match = wanted[0]
    guard = ping if system == PING else agi
    if not guard.is_allowed(call):
        return guard.refuse()
    return act(world, call, *(unquote(part) for part in match.groups()))


def error_of(path: str):
    """The function that words an error as the system that owns the path does."""
    return agi_error if path.startswith(AGI + "/") else ping_error
