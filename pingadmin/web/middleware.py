"""What happens around every request, whatever the page: its id, its headers, the viewer's zone."""

import secrets
import zoneinfo
from collections.abc import Callable
from time import monotonic
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    QueryDict,
    UnreadablePostError,
)
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from pingadmin.web import arrival, errors
from pingadmin.web.local_time import zone_names

GetResponse = Callable[[HttpRequest], HttpResponseBase]

UNSENT = "unsent"
METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
DENIED_FEATURES = (
    "accelerometer",
    "autoplay",
    "browsing-topics",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
# What Django has no setting for; SecurityMiddleware and its neighbours add the others.
SECURITY_HEADERS = {
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in DENIED_FEATURES),
}


def request_id(get_response: GetResponse) -> GetResponse:
    """Names each request, for the log, the audit log and whoever reports a fault; times it too."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        # Never taken from the client: it is written into the audit log.
        identifier = secrets.token_hex(8)
        setattr(request, "request_id", identifier)  # noqa: B010 - no declared attribute
        setattr(request, "began_at", monotonic())  # noqa: B010
        response = get_response(request)
        response["X-Request-ID"] = identifier
        return response

    return middleware


def security_headers(get_response: GetResponse) -> GetResponse:
    """Adds headers to every response, static files and refusals too; what a view set stays."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        # Static files bring their own; everything else may name a customer.
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def refuse_unknown_methods(get_response: GetResponse) -> GetResponse:
    """Refuses what no page of ours takes, before a view could take it for a GET."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return get_response(request)

    return middleware


def refuse_unreadable(get_response: GetResponse) -> GetResponse:
    """Refuses more fields than a form of ours has, and a request line with an address of its own;
    leaves out cookies that none of ours can be.

    Everything after this may read fields, the page of a refusal too; and a cookie's value goes to
    the database, where PostgreSQL takes no NUL.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        unreadable = [name for name, value in request.COOKIES.items() if not value.isprintable()]
        for name in unreadable:
            del request.COOKIES[name]
        try:
            request.GET, request.POST  # noqa: B018 - both are read on first use
        except TooManyFieldsSent:
            nothing = QueryDict()
            request.GET, request.POST = nothing, nothing
            raise
        except UnreadablePostError:
            # Whoever sent it has gone.
            pass
        arrival.has_arrived()
        # `GET http://elsewhere/ HTTP/1.1` is for proxies: two hosts in one request mislead.
        if not request.META.get("RAW_URI", "/").startswith("/"):
            return errors.bad_request(request)
        return get_response(request)

    return middleware


def viewer_zone(get_response: GetResponse) -> GetResponse:
    """Shows times in the zone that the browser named in its `tz` cookie, else in UTC."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        name = request.COOKIES.get("tz", "")
        zone = zoneinfo.ZoneInfo(name) if name in zone_names() else "UTC"
        with timezone.override(zone):
            return get_response(request)

    return middleware


def htmx_login(get_response: GetResponse) -> GetResponse:
    """Sends whoever meets the sign-in page back, afterwards, to the page they were on.

    What they asked for may be a fragment, or take only POST. An htmx request is told to leave
    the page, so that the sign-in form is not swapped into a corner of it.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        is_htmx = request.headers.get("HX-Request") == "true"
        location = urlsplit(response.get("Location", ""))
        # Without a `next` the action is complete and ends there, as signing out does.
        is_interrupted = is_htmx or (request.method == "POST" and "next=" in location.query)
        if location.path != resolve_url(settings.LOGIN_URL) or not is_interrupted:
            return response
        page = _current_page(request)
        if request.method == "POST" and page != reverse("home"):
            # Their page then says that what they clicked was not done.
            page += f"{'&' if '?' in page else '?'}{UNSENT}=1"
        query = urlencode({"next": page})
        login_url = f"{resolve_url(settings.LOGIN_URL)}?{query}"
        answer = (
            HttpResponse(status=204, headers={"HX-Redirect": login_url})
            if is_htmx
            else redirect(login_url)
        )
        answer.cookies = response.cookies
        return answer

    return middleware


def explain_wrong_method(get_response: GetResponse) -> GetResponse:
    """Says in words that an address can't be opened: a bare 405 is the browser's empty page."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if response.status_code != 405 or request.method != "GET":
            return response
        answer = errors.error_response(request, 405)
        answer["Allow"] = response["Allow"]
        return answer

    return middleware


def _current_page(request: HttpRequest) -> str:
    """Path and query of the page that sent the request; the first page for one that is not ours."""
    current = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        current, {request.get_host()}, require_https=request.is_secure()
    ):
        return reverse("home")
    parts = urlsplit(current)
    path = parts.path or reverse("home")
    if parts.query:
        path = f"{path}?{parts.query}"
    return path if url_has_allowed_host_and_scheme(path, None) else reverse("home")
