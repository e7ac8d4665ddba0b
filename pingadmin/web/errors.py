"""Refusals and faults in words: a whole page for a browser, a notice for an htmx request, the status kept."""

import sys
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

WORDS = {
    400: (
        "That request cannot be read",
        "Something in the address or the form is not as the panel writes it. Go back and try again.",
    ),
    403: (
        "You may not do this",
        "Your role does not include it. An administrator can change your role.",
    ),
    404: (
        "There is nothing at this address",
        "Check the address, or paste the session id into the search box.",
    ),
    405: (
        "This address takes only a press of a button",
        "Nothing was done. Paste the session id into the search box, or go to the start.",
    ),
    413: (
        "That is too much at once",
        "Nothing was stored and nothing was sent. Send less, then try again.",
    ),
    429: (
        "Too many tries",
        "Nothing was sent. Wait a little, then try again.",
    ),
}


def answer(
    request: HttpRequest, status: int, *, heading: str = "", sentence: str = ""
) -> HttpResponse:
    """The designed answer for a refusal; heading and sentence replace the usual words of that status."""
    usual = WORDS.get(status) or (HTTPStatus(status).phrase, "")
    template = "web/_error.html" if _is_fragment(request) else "web/error.html"
    words = {"status": status, "heading": heading or usual[0], "sentence": sentence or usual[1]}
    return _beside_the_page(request, render(request, template, words, status=status))


def bad_request(request, exception=None) -> HttpResponse:
    return answer(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request, exception=None) -> HttpResponse:
    return answer(request, 403)


def not_found(request, exception=None) -> HttpResponse:
    return answer(request, 404)


def csrf_failure(request, reason: str = "") -> HttpResponse:
    """The form was older than the sign-in, or came from elsewhere: what to do is the same."""
    return answer(
        request,
        403,
        heading="Reload this page, nothing was sent",
        sentence="The form is older than your sign-in, or did not come from this page. "
        "Reload, check what you wrote, then press again.",
    )


def broken(request) -> HttpResponse:
    """Says so without the database, the session or any context: each of them may be what broke."""
    unreachable = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    words = {"unreachable": unreachable, "request_id": getattr(request, "request_id", "")}
    # Plain addresses: the list of hashed names may be what is missing.
    words["files"] = settings.STATIC_URL
    template = "web/_broken.html" if _is_fragment(request) else "500.html"
    answer = HttpResponse(render_to_string(template, words), status=503 if unreachable else 500)
    return _beside_the_page(request, answer)


def _is_fragment(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _beside_the_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A refusal must not take the place of a form with what somebody wrote in it: it has a place of its own."""
    if _is_fragment(request):
        response["HX-Retarget"] = "#problem"
        response["HX-Reswap"] = "innerHTML"
    return response
