"""What happens around every request, whatever the page: its id, its headers, the viewer's time zone."""

import secrets
import zoneinfo
from functools import cache
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from pingadmin.web import errors

METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
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
    ),
}


def request_id(get_response):
    """Name each request, for the log, the audit log and the person who reports a fault."""

    def middleware(request):
        # Never taken from the client: it is written into the audit log.
        request.request_id = secrets.token_hex(8)
        response = get_response(request)
        response["X-Request-ID"] = request.request_id
        return response

    return middleware


def safe_headers(get_response):
    """Headers for all answers, static files and refusals too; what a view set itself stays."""

    def middleware(request):
        response = get_response(request)
        for name, value in SAFE_HEADERS.items():
            response.setdefault(name, value)
        # Static files come with their own; all else may name a customer.
        response.setdefault("Cache-Control", "no-store")
        return response

    return middleware


def known_methods(get_response):
    """Refuse what no page of ours takes, before any view could take it for a GET."""

    def middleware(request):
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return get_response(request)

    return middleware


def viewer_zone(get_response):
    """Show times in the zone that the browser named in its `tz` cookie, else in UTC."""

    def middleware(request):
        with timezone.override(_zone(request.COOKIES.get("tz", ""))):
            return get_response(request)

    return middleware


def htmx_login(get_response):
    """Bring whoever met the sign-in page back to the page they were on, and not to what it asked for: that is a
    fragment, or takes only POST. An htmx request is told to go there, rather than to swap it into a corner."""

    def middleware(request):
        response = get_response(request)
        is_htmx = request.headers.get("HX-Request") == "true"
        met = urlsplit(response.get("Location", ""))
        # Without a `next` a press was done and ends there, as signing out is.
        is_sent_away = is_htmx or (request.method == "POST" and "next=" in met.query)
        if met.path != resolve_url(settings.LOGIN_URL) or not is_sent_away:
            return response
        there = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': _page_of(request)})}"
        answer = (
            HttpResponse(status=204, headers={"HX-Redirect": there}) if is_htmx else redirect(there)
        )
        answer.cookies = response.cookies
        return answer

    return middleware


def wrong_method(get_response):
    """Say in words that an address cannot be opened: a bare 405 is an empty page of the browser's own."""

    def middleware(request):
        response = get_response(request)
        if response.status_code != 405 or request.method != "GET":
            return response
        answer = errors.answer(request, 405)
        answer["Allow"] = response["Allow"]
        return answer

    return middleware


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(name: str) -> zoneinfo.ZoneInfo | str:
    return zoneinfo.ZoneInfo(name) if name in _zone_names() else "UTC"


def _page_of(request) -> str:
    """Path and query of the page that sent the request, or `/` when it is not one of ours."""
    current = request.headers.get("HX-Current-URL") or request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(
        current, {request.get_host()}, require_https=request.is_secure()
    ):
        return "/"
    parts = urlsplit(current)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    return path if url_has_allowed_host_and_scheme(path, None) else "/"
