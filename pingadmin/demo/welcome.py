"""What the demo tells its visitor: who they can be, and three things to try."""

from allauth.account import views as allauth_account
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from pingadmin.demo import cast
from pingadmin.demo.accounts import ACCOUNTS, PASSWORD, PURPOSES
from pingadmin.web.notices import Notice

SEEN_COOKIE = "demo_seen"
A_YEAR = 365 * 86_400


def accounts(request: HttpRequest) -> dict[str, object]:
    """A context processor: whom the sign-in page offers."""
    return {
        "offered_accounts_template": "demo/_accounts.html",
        "demo_accounts": PURPOSES,
    }


def suggestions(request: HttpRequest) -> list[Notice]:
    """On the board, until somebody has seen enough of it."""
    match = request.resolver_match
    if match is None or match.view_name != "oversight:board" or SEEN_COOKIE in request.COOKIES:
        return []
    return [Notice("demo/_suggestions.html", {"paused": cast.AGI_PAUSED})]


@login_not_required
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """As the sign-in page would, with the password that everybody knows."""
    account = request.POST.get("account", "")
    if account not in ACCOUNTS:
        raise BadRequest(f"Choose one of {', '.join(ACCOUNTS)}.")
    fields = request.POST.copy()
    fields["login"], fields["password"] = account, PASSWORD
    setattr(request, "POST", fields)  # noqa: B010 - its stubs know it as read alone
    response: HttpResponse = allauth_account.login(request)
    return response


@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    """Never show the suggestions again in this browser."""
    response = redirect("oversight:board")
    response.set_cookie(SEEN_COOKIE, "1", max_age=A_YEAR, httponly=True, samesite="Lax")
    return response
