"""allauth's two views of single sign-on and one of ours, which never leave anybody without a page.

Whatever the provider answers or doesn't, people read words and find the local sign-in, and the
operator finds the reason in the audit log.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views as allauth_views
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from pingadmin.accounts import audit_events
from pingadmin.audit.record.actors import Actor
from pingadmin.config.environment import is_private_transport
from pingadmin.http.session import SessionError
from pingadmin.web import errors

log = logging.getLogger(__name__)

# What comes of a provider that does not answer as it should.
UNUSABLE = (
    SessionError,
    OAuth2Error,
    # What allauth raises where JSON of another shape comes, or nested too deep.
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
    RecursionError,
    # Text that the database doesn't take: too long, or with a NUL.
    ImproperlyConfigured,
    DataError,
)


@login_not_required
def leave(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Asks, then leads to the provider.

    By a page and not by a redirect: the Content-Security-Policy of the form would have to name
    every origin that the provider redirects to.
    """
    response = _guarded(allauth_views.login, request, provider_id)
    address = response.headers.get("Location", "")
    if response.status_code != 302 or not urlsplit(address).netloc:
        return response
    if not is_private_transport(address):
        return fail(request, ValueError("its authorization endpoint is not https"))
    return render(request, "accounts/leaving.html", {"address": address})


@login_not_required
def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends people back to."""
    return _guarded(allauth_views.callback, request, provider_id)


@login_not_required
@require_safe
def sign_out_there(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Leads to where the provider signs people out (OpenID Connect RP-Initiated Logout 1.0).

    We keep no token of the provider's, so it asks the person whether they mean it.
    """
    try:
        return _lead_to_sign_out(request, provider_id)
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except UNUSABLE as failure:
        # Nobody tried to sign in, so that is not what the audit log gets.
        return _failure_page(request, failure)


def is_signed_in_there(request: HttpRequest) -> bool:
    """Whether this sign-in came from the provider that is still set."""
    if not settings.SOCIALACCOUNT_PROVIDERS:
        return False
    records = get_authentication_records(request, request.user)
    return any(record.get("method") == "socialaccount" for record in records)


def _lead_to_sign_out(request: HttpRequest, provider_id: str) -> HttpResponse:
    adapter = allauth_views.OpenIDConnectOAuth2Adapter(request, provider_id)
    client_id = adapter.get_provider().app.client_id
    endpoint = adapter.openid_config.get("end_session_endpoint")
    if not isinstance(endpoint, str) or not is_private_transport(endpoint):
        return errors.error_response(
            request,
            404,
            heading="It can’t be done from here",
            sentence="Your organisation’s sign-in names no page for signing out. "
            "Sign out on its own pages, or close the browser.",
        )
    come_back_to = request.build_absolute_uri(reverse("account_login"))
    asked = urlencode({"client_id": client_id, "post_logout_redirect_uri": come_back_to})
    return redirect(f"{endpoint}{'&' if '?' in endpoint else '?'}{asked}")


def refuse(request: HttpRequest, why: str) -> HttpResponse:
    """The page for somebody whom the provider knows and we don't let in. why: half a sentence."""
    _record(request, why)
    return errors.error_response(
        request,
        403,
        heading="You can’t sign in with this account",
        sentence=f"Nobody was signed in: {why}. Ask whoever runs this panel to add you with the "
        "mail address of this account, or sign in with your password.",
    )


def fail(request: HttpRequest, failure: BaseException | None) -> HttpResponse:
    """The page for a provider that did not answer as it should."""
    _record(request, f"the provider could not be used ({_name(failure)})")
    return _failure_page(request, failure)


def _failure_page(request: HttpRequest, failure: BaseException | None) -> HttpResponse:
    log.warning("single sign-on failed: %s", _name(failure))
    return errors.error_response(
        request,
        503,
        heading="Single sign-on doesn’t answer",
        sentence="Your organisation’s sign-in can’t be used right now. "
        "Try again, or sign in with your password here.",
    )


def _name(failure: BaseException | None) -> str:
    return type(failure).__name__ if failure else "it reported an error"


def _guarded(
    view: Callable[..., HttpResponse], request: HttpRequest, provider_id: str
) -> HttpResponse:
    try:
        response: HttpResponse = view(request, provider_id=provider_id)
        return response
    except ImmediateHttpResponse as immediate:
        answer: HttpResponse = immediate.response
        return answer
    except UNUSABLE as failure:
        return fail(request, failure)


def _record(request: HttpRequest, why: str) -> None:
    audit_events.record_if_possible(
        "sign_in_failed", by=Actor.visitor(request), name="single sign-on", why=why
    )
