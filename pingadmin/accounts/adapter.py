"""Where allauth asks for our decisions: who may come in, and how often they may try."""

from time import monotonic
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from pingadmin.accounts import audit_events, provider_groups, single_sign_on
from pingadmin.accounts.guards.fresh_sign_in import is_fresh
from pingadmin.accounts.guards.second_factor import lacks_second_factor
from pingadmin.accounts.models import User
from pingadmin.http.deadline import Call
from pingadmin.http.session import DeadlineSession
from pingadmin.web import errors
from pingadmin.web.client_address import client_address

UNKNOWN_ADDRESS = "nobody with this mail address was added here"
PASSWORDS_ARE_FOR_EMERGENCIES = (
    "Passwords are only for emergency accounts here. Sign in with your organisation’s account."
)


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
        name = str(credentials.get("username", ""))
        if not audit_events.may_use_password(name):
            # After the limits, which keep the log from being flooded, and before the password is
            # looked at, so that nothing can be learnt about it.
            audit_events.record_refused_password(request, name)
            response = errors.error_response(request, 403, sentence=PASSWORDS_ARE_FOR_EMERGENCIES)
            raise ImmediateHttpResponse(response)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Not by a password that works nowhere else either."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and not audit_events.may_use_password(user.get_username()):
            methods = [method for method in methods if method["id"] != "reauthenticate"]
        return methods

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        """Not of whoever has just signed in to set a second factor up, or has no way to do it."""
        if lacks_second_factor(self.request.user) and is_fresh(self.request):
            return False
        if not self.get_reauthentication_methods(self.request.user):
            return False
        return bool(super().is_reauthentication_required(app=app, **more))

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

    def get_requests_session(self) -> DeadlineSession:
        """All calls to the provider for one request share one deadline."""
        if not hasattr(self.request, "provider_call"):
            deadline = monotonic() + settings.OIDC_SECONDS
            self.request.provider_call = Call(deadline, settings.OIDC_SECONDS)
        return DeadlineSession(self.request.provider_call)

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """The person with the address that the provider vouches for.

        allauth takes any text for a yes, "false" too.
        """
        is_trusted = is_address_trusted(sociallogin)
        for address in sociallogin.email_addresses:
            address.verified = is_trusted
        found: tuple[User, str] | None = super().authenticate_by_email(sociallogin)
        return found

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Connects whoever was found by the address; raises ImmediateHttpResponse for all others.

        allauth would take the password away when it connects by the address: it lets anybody sign
        up with anybody's. Here an administrator added the person, and the password may be the only
        way in while the provider is away.
        """
        why = _reason_to_refuse(sociallogin)
        role = provider_groups.find_role(_claims(sociallogin)) if settings.OIDC_GROUPS else ""
        if why == UNKNOWN_ADDRESS and settings.OIDC_CREATE_PEOPLE and role:
            why = _add_person(request, sociallogin, role)
        elif not why and settings.OIDC_GROUPS:
            provider_groups.apply_role(sociallogin.user, role)
            why = "" if role else provider_groups.NO_GROUP
        if why:
            raise ImmediateHttpResponse(single_sign_on.refuse(request, why))
        if sociallogin._did_authenticate_by_email:
            sociallogin.connect(request, sociallogin.user)
            sociallogin._did_authenticate_by_email = None

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, exception: Exception | None = None, **rest: Any
    ) -> None:
        raise ImmediateHttpResponse(single_sign_on.fail(request, exception))


def is_address_trusted(sociallogin: SocialLogin) -> bool:
    """Whether the provider says that the mail address is the person's, or we were told that it is.

    Only JSON's own `true` says so.
    """
    return _claims(sociallogin).get("email_verified") is True or settings.OIDC_TRUST_EMAIL


def _claims(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the provider says of the person."""
    data: dict[str, Any] = sociallogin.account.extra_data
    claims: dict[str, Any] = data.get("userinfo") or data.get("id_token") or data
    return claims


def _add_person(request: HttpRequest, sociallogin: SocialLogin, role: str) -> str:
    """Adds somebody whom nobody added here. Half a sentence on why not, "" where it worked."""
    try:
        person = provider_groups.add_person(
            _claims(sociallogin), email=sociallogin.email_addresses[0].email, role=role
        )
    except provider_groups.CannotBeAdded as why:
        return str(why)
    sociallogin.connect(request, person)
    return ""


def _reason_to_refuse(sociallogin: SocialLogin) -> str:
    """Half a sentence for the audit log and the page; empty where the person may come in."""
    if sociallogin.is_existing:
        return "" if sociallogin.user.is_active else "this account was switched off"
    if not sociallogin.email_addresses:
        return "the provider gave no mail address"
    if not is_address_trusted(sociallogin):
        return "the provider does not say that the mail address was verified"
    return UNKNOWN_ADDRESS
