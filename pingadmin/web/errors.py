"""Refusals and faults in words: a whole page for a browser, a notice for an htmx request.

The HTTP status is kept in both.
"""

import sys
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

# status -> heading, sentence
TEXTS = {
    400: (
        "This request can’t be read",
        "Something in the address or the form isn’t in the panel’s format. Go back and try again.",
    ),
    403: (
        "You can’t do this",
        "Your role doesn’t include it. An administrator can change your role.",
    ),
    404: (
        "Nothing at this address",
        "Check the address, or paste the session id into the search box.",
    ),
    405: (
        "This address only works with its button",
        "Nothing was done. Paste the session id into the search box, or go back to sessions.",
    ),
    413: (
        "That’s too much at once",
        "Nothing was stored and nothing was sent. Send less, then try again.",
    ),
    429: (
        "Too many attempts",
        "Nothing was sent. Wait a moment, then try again.",
    ),
}


def error_response(
    request: HttpRequest, status: int, *, heading: str = "", sentence: str = ""
) -> HttpResponse:
    """The page or notice for a refusal.

    heading, sentence: replace the usual ones of that status.
    """
    usual_heading, usual_sentence = TEXTS.get(status) or (HTTPStatus(status).phrase, "")
    context = {
        "status": status,
        "heading": heading or usual_heading,
        "sentence": sentence or usual_sentence,
    }
    template = "web/_error.html" if _is_htmx(request) else "web/error.html"
    return _retarget(request, render(request, template, context, status=status))


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_response(request, 404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form is older than the sign-in, or came from elsewhere: what to do is the same."""
    return error_response(
        request,
        403,
        heading="Reload this page: nothing was sent",
        sentence="This form is older than your sign-in, or didn’t come from this page. "
        "Reload, check what you typed, then submit it again.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Renders without the database, the session or any context: each may be what failed."""
    is_database_away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    context = {
        "is_database_away": is_database_away,
        "request_id": getattr(request, "request_id", ""),
        # Plain addresses: the manifest of hashed names may be what is missing.
        "static_url": settings.STATIC_URL,
    }
    template = "web/_broken.html" if _is_htmx(request) else "500.html"
    response = HttpResponse(
        render_to_string(template, context), status=503 if is_database_away else 500
    )
    return _retarget(request, response)


def _is_htmx(request: HttpRequest) -> bool:
    # Not request.htmx: django-htmx may not have run when an early middleware refuses.
    return request.headers.get("HX-Request") == "true"


def _retarget(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Sends a refusal to a place of its own: it must not replace a form that holds typed text."""
    if _is_htmx(request):
        response["HX-Retarget"] = "#problem"
        response["HX-Reswap"] = "innerHTML"
    return response
