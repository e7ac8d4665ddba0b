"""allauth's two views of single sign-on, which never leave anybody without a page.

Whatever the provider answers or doesn't, people read words and find the local sign-in, and the
operator finds the reason in the audit log.
"""

import logging
from collections.abc import Callable
from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views as allauth_views
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ImproperlyConfigured
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from pingadmin.accounts import audit_events
from pingadmin.audit.record.actors import Actor
from pingadmin.config.environment import is_private_transport
from pingadmin.http.session import SessionError
from pingadmin.web import errors

log = logging.getLogger(__name__)


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
    name = type(failure).__name__ if failure else "it reported an error"
    _record(request, f"the provider could not be used ({name})")
    log.warning("single sign-on failed: %s", name)
    return errors.error_response(
        request,
        503,
        heading="Single sign-on doesn’t answer",
        sentence="Your organisation’s sign-in can’t be used right now. "
        "Try again, or sign in with your password here.",
    )


def _guarded(
    view: Callable[..., HttpResponse], request: HttpRequest, provider_id: str
) -> HttpResponse:
    try:
        response: HttpResponse = view(request, provider_id=provider_id)
        return response
    except ImmediateHttpResponse as immediate:
        answer: HttpResponse = immediate.response
        return answer
    except (
        SessionError,
        OAuth2Error,
        # What allauth raises where JSON of another shape comes.
        AttributeError,
        KeyError,
        TypeError,
        ValueError,
        # Text that the database doesn't take: too long, or with a NUL.
        ImproperlyConfigured,
        DataError,
    ) as failure:
        return fail(request, failure)


def _record(request: HttpRequest, why: str) -> None:
    audit_events.record_if_possible(
        "sign_in_failed", by=Actor.visitor(request), name="single sign-on", why=why
    )
