"""Roles that need a second factor (MFA_ROLES): whoever has none first sets one up."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from pingadmin.accounts.models import User

# What is needed to set one up, and to leave.
OPEN_VIEWS = {"totp_qr", "account_logout", "account_reauthenticate", "own_settings"}
OPEN_PREFIX = "mfa_"
KINDS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class SecondFactorNeeded(MiddlewareMixin):
    """Leads people of those roles to the page where a second factor is set up."""

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not request.user.is_authenticated or _is_open(request):
            return None
        if not lacks_second_factor(request.user):
            return None
        address = reverse("mfa_activate_totp")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        messages.warning(request, "Your role needs a second factor. Set one up to go on.")
        return redirect(address)


def lacks_second_factor(person: User) -> bool:
    """Whether the person's role needs a second factor that they have not set up."""
    # The role is a query, which polls must not need.
    if not settings.MFA_ROLES or person.role not in settings.MFA_ROLES:
        return False
    return not Authenticator.objects.filter(user=person, type__in=KINDS).exists()


def _is_open(request: HttpRequest) -> bool:
    match = request.resolver_match
    assert match is not None, "a view was found"
    # Pages that anybody may read say nothing of sessions.
    is_public = not getattr(match.func, "login_required", True)
    name = match.view_name or ""
    return is_public or name in OPEN_VIEWS or name.startswith(OPEN_PREFIX)
