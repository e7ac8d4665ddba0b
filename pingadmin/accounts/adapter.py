"""Where allauth asks for our decisions: who may come in, and how often they may try."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from pingadmin.web import errors
from pingadmin.web.client_address import client_address


class ClosedSignup(DefaultAccountAdapter):
    """People are added by an administrator; nobody signs up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "Wrong username or password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            # allauth would show the form again with status 200: a refusal has its own status.
            sentence = "Too many failed sign-ins. Wait five minutes, then try again."
            response = errors.error_response(request, 429, sentence=sentence)
            raise ImmediateHttpResponse(response) from None

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        # The library's own key begins with the Host header, which an attacker may vary.
        return str(credentials.get("email", credentials.get("username", ""))).casefold()


class SecondFactors(DefaultMFAAdapter):
    """What people read about their second factor."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": (
            "This code doesn’t fit. Each works once: wait for the next one. "
            "If that fails too, set your phone’s clock to automatic."
        ),
    }


class KnownPeopleOnly(DefaultSocialAccountAdapter):
    """Single sign-on is for people who were added here; it adds nobody."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False
