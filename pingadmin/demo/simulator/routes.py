"""The table of both systems' paths, on one port: which path and method is answered by which
function.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import unquote

from pingadmin.demo.simulator import agi, ping
from pingadmin.demo.simulator.messages import (
    AGI,
    PING,
    PING_LIMITS,
    Request,
    Response,
    error_format,
)
from pingadmin.demo.simulator.world import World

TABLE = (
    (PING, "GET", "/sessions/events", ping.events),
    (PING, "GET", "/sessions/{id}/status", ping.status),
    (PING, "PATCH", "/sessions/{id}/resume", ping.resume),
    (PING, "PATCH", "/sessions/{id}/pause", ping.pause),
    (PING, "GET", "/zones", ping.zones),
    (PING, "POST", "/sessions", ping.create),
    (PING_LIMITS, "GET", "/{id}", ping.limits),
    (AGI, "GET", "/sessions", agi.listing),
    (AGI, "GET", "/sessions/{id}", agi.session),
    (AGI, "GET", "/sessions/{id}/status", agi.task_status),
    (AGI, "POST", "/sessions/{id}/resume", agi.resume),
    (AGI, "POST", "/sessions/{id}/pause", agi.pause),
    (AGI, "POST", "/sessions/{id}/cancel", agi.cancel),
    (AGI, "GET", "/sessions/{id}/messages", agi.messages),
    (AGI, "POST", "/sessions/{id}/message", agi.send_message),
    (AGI, "GET", "/sessions/{id}/events", agi.events),
)
ROUTES: list[tuple[str, str, re.Pattern[str], Callable[..., Response]]] = [
    (system, method, re.compile(re.escape(system + path).replace(r"\{id\}", "([^/]+)")), handler)
    for system, method, path, handler in TABLE
]
APIS = {
    PING: (ping.is_allowed, ping.unauthorized),
    PING_LIMITS: (ping.is_allowed, ping.unauthorized),
    AGI: (agi.is_allowed, agi.unauthorized),
}


def respond(world: World, request: Request) -> Response:
    """The upstream's response: unknown path, wrong method and wrong key come before the session."""
    error = error_format(request.path)
    matches = [(route, match) for route in ROUTES if (match := route[2].fullmatch(request.path))]
    if not matches:
        return error(404, "not_found", "There is no such path.")
    wanted = [(route, match) for route, match in matches if route[1] == request.method]
    if not wanted:
        allowed = ", ".join(sorted({route[1] for route, _ in matches}))
        refusal = error(405, "method_not_allowed", "This path does not take this method.")
        return replace(refusal, headers={"Allow": allowed})
    (system, _, _, handler), match = wanted[0]
    is_allowed, unauthorized = APIS[system]
    if not is_allowed(request):
        return unauthorized()
    return handler(world, request, *(unquote(part) for part in match.groups()))
