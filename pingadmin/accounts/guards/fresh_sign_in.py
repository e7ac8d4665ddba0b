"""Exports and people's rights need a sign-in of the last minutes: a browser may be left open."""

import time
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from pingadmin.accounts.sign_ins import TIMES_KEY
from pingadmin.web.wording import duration

# Names of addresses, and namespaces of which all are meant.
GUARDED_VIEWS = {"audit:export_csv", "audit:export_jsonl"}
GUARDED_NAMESPACES = {"admin", "people"}


class FreshSignIn(MiddlewareMixin):
    """Asks whoever signed in longer ago for the password or second factor, and then goes on.

    A form that was sent meanwhile is kept and sent after that, unless it holds a password. Who has
    neither here signs in again at the provider.
    """

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not request.user.is_authenticated or not _is_guarded(request) or is_fresh(request):
            return None
        methods = get_adapter().get_reauthentication_methods(request.user)
        # It must not lie in the store of sessions while somebody confirms.
        if methods and any("password" in name for name in request.POST):
            messages.info(request, "Nothing was changed. Confirm first, then type it again.")
            return redirect_to_login(_page_of_form(request), methods[0]["url"])
        if methods:
            answer: HttpResponse = suspend_request(request, methods[0]["url"])
            return answer
        logout(request)
        limit = duration(settings.FRESH_SIGN_IN_SECONDS)
        messages.info(request, f"Sign in again: this needs a sign-in of the last {limit}.")
        return redirect_to_login(request.get_full_path())


def is_fresh(request: HttpRequest) -> bool:
    """Whether the person signed in, or confirmed that it is them, lately enough."""
    moments = [request.session.get(TIMES_KEY, {}).get("began", 0.0)]
    moments += [
        record["at"]
        for record in get_authentication_records(request, request.user)
        if record.get("reauthenticated")
    ]
    return bool(time.time() - max(moments) <= settings.FRESH_SIGN_IN_SECONDS)


def _page_of_form(request: HttpRequest) -> str:
    """Where the form stood: forms of a person's page have addresses below it."""
    path = request.get_full_path()
    return path.removesuffix("password/") if path.endswith("/password/") else path


def _is_guarded(request: HttpRequest) -> bool:
    match = request.resolver_match
    assert match is not None, "a view was found"
    return match.view_name in GUARDED_VIEWS or not GUARDED_NAMESPACES.isdisjoint(match.namespaces)
