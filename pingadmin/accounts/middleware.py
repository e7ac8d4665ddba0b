"""How long a signed-in session may last: so long without activity, and so long in all."""

import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied

from pingadmin.accounts import recording
from pingadmin.web.wording import duration

STAMPS = "accounts.stamps"
FRESH_SECONDS = 60


class DeniedActs:
    """Write down who asked for what they may not do."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if isinstance(exception, PermissionDenied) and request.user.is_authenticated:
            recording.record_denied(request)


def session_limits(get_response):
    """End a session on the server when it was idle or alive too long.

    A request with the header `X-Poll` is a page looking after itself, and no sign of a person.
    """

    def middleware(request):
        if request.user.is_authenticated:
            _keep_or_end(request, time.time())
        return get_response(request)

    return middleware


def _keep_or_end(request, now: float) -> None:
    stamps = request.session.get(STAMPS)
    if stamps is None:
        request.session[STAMPS] = {"began": now, "active": now}
    elif now - stamps["began"] > settings.SESSION_WHOLE_SECONDS:
        _end(
            request,
            f"You were signed out: a sign-in lasts {duration(settings.SESSION_WHOLE_SECONDS)}.",
        )
    elif now - stamps["active"] > settings.SESSION_IDLE_SECONDS:
        _end(
            request,
            f"You were signed out after {duration(settings.SESSION_IDLE_SECONDS)} without activity.",
        )
    elif now - stamps["active"] > FRESH_SECONDS and not request.headers.get("X-Poll"):
        # Once a minute at most, so that reading does not write.
        request.session[STAMPS] = {**stamps, "active": now}


def _end(request, why: str) -> None:
    logout(request)
    messages.info(request, why)
