"""Where allauth asks for our decisions: who may come in, and how often they may try."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.core.exceptions import ValidationError

from pingadmin.web import errors


class ClosedSignup(DefaultAccountAdapter):
    """People are added by an administrator; nobody signs up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "That user name and password do not belong together.",
    }

    def is_open_for_signup(self, request) -> bool:
        return False

    def pre_authenticate(self, request, **credentials):
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            sentence = "Too many failed sign-ins. Wait five minutes, then try again."
            raise ImmediateHttpResponse(errors.answer(request, 429, sentence=sentence)) from None


class KnownPeopleOnly(DefaultSocialAccountAdapter):
    """Single sign-on is for people who were added here; it adds nobody."""

    def is_open_for_signup(self, request, sociallogin) -> bool:
        return False
