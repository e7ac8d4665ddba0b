"""Ends sign-ins that lasted too long, records refusals, and shows times in a person's own zone."""

import time
from collections.abc import Callable
from contextlib import nullcontext

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from pingadmin.accounts import audit_events
from pingadmin.accounts.sign_ins import TIMES_KEY, times_of
from pingadmin.web.wording import duration

GetResponse = Callable[[HttpRequest], HttpResponseBase]

ACTIVITY_SECONDS = 60


class RecordDenied(MiddlewareMixin):
    """Records a request that was refused for want of a permission."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, PermissionDenied) and request.user.is_authenticated:
            audit_events.record_denied(request)


def session_limits(get_response: GetResponse) -> GetResponse:
    """Ends a sign-in, on the server, that was idle or lasted too long.

    A request with the header `X-Poll` is a page updating itself, and no activity of a person.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated:
            _check_limits(request, time.time())
        return get_response(request)

    return middleware


def own_zone(get_response: GetResponse) -> GetResponse:
    """Shows times in the zone that a person chose; without one, the browser's stays."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        zone = request.user.is_authenticated and request.user.own_settings.zone
        with timezone.override(zone) if zone else nullcontext():
            return get_response(request)

    return middleware


def _check_limits(request: HttpRequest, now: float) -> None:
    times = request.session.get(TIMES_KEY)
    if times is None:
        request.session[TIMES_KEY] = times_of(request, began=now, active=now)
    elif now - times["began"] > settings.SESSION_WHOLE_SECONDS:
        _sign_out(request, f"a sign-in lasts {duration(settings.SESSION_WHOLE_SECONDS)}")
    elif now - times["active"] > settings.SESSION_IDLE_SECONDS:
        idle = duration(settings.SESSION_IDLE_SECONDS)
        _sign_out(request, f"there was no activity for {idle}")
    elif now - times["active"] > ACTIVITY_SECONDS and not request.headers.get("X-Poll"):
        # Once a minute at most, so that reading pages does not write to the database.
        request.session[TIMES_KEY] = times_of(request, began=times["began"], active=now)
        # Now, and not when the response is there: a database that is away by then must not replace
        # a page that says what became of a resume.
        request.session.save()
        request.session.modified = False


def _sign_out(request: HttpRequest, why: str) -> None:
    logout(request)
    messages.info(request, f"You were signed out: {why}.")
