"""Counts and times each request, and writes the access log: one line of JSON a request."""

import logging
from collections.abc import Callable
from time import monotonic

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import Histogram

from pingadmin.telemetry import counters, tracing
from pingadmin.web.client_address import client_address
from pingadmin.web.middleware import METHODS

PATH_CHARACTERS = 500
REQUESTS = Histogram(
    "pingadmin_request_seconds",
    "How long requests took until their response began, by the name of the view.",
    ["view", "method", "status"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=counters.REGISTRY,
)

log = logging.getLogger("pingadmin.access")


def measure_requests(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Outside everything that may answer, so that refusals and static files count too."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        began = monotonic()
        with tracing.span("request") as describe:
            response = get_response(request)
            view = _view_name(request)
            describe("view", view)
            describe("http.response.status_code", response.status_code)
        seconds = monotonic() - began
        # Any other is somebody's own word, and each word would be a line of figures for good.
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view, method, response.status_code).observe(seconds)
        if settings.ACCESS_LOG:
            log.info("request", extra=_access_fields(request, response, view, seconds))
        return response

    return middleware


def _view_name(request: HttpRequest) -> str:
    """ "none" where no view was reached: a static file, a refusal, an unknown address."""
    match = request.resolver_match
    return (match.view_name if match else "") or "none"


def _access_fields(
    request: HttpRequest, response: HttpResponseBase, view: str, seconds: float
) -> dict[str, object]:
    """Without the query, in which people search for customers. ms: until the response began."""
    # Where no view asked who it is, we don't either: that is a query.
    person = getattr(request, "_cached_user", None)
    return {
        "request_id": getattr(request, "request_id", ""),
        "method": request.method,
        "path": request.path[:PATH_CHARACTERS],
        "view": view,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
        "bytes": len(response.content) if isinstance(response, HttpResponse) else None,
        "address": client_address(request),
        "person": person.get_username() if person else "",
    }
