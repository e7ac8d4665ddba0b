"""A person's own settings and sign-ins, and pages in place of allauth's.

Those are signing out, a QR code under our CSP, and a password kept elsewhere.
"""

import re
from typing import cast

from allauth.account import views as allauth_account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pingadmin.accounts import own_settings, sign_ins, single_sign_on
from pingadmin.accounts.models import User
from pingadmin.audit.record.actors import Actor
from pingadmin.web import errors


@require_safe
@reauthentication_required(app="allauth.mfa")
def totp_qr(request: HttpRequest) -> HttpResponse:
    """The secret being set up, as a picture: the CSP does not allow `data:` pictures."""
    secret = request.session.get(totp.SECRET_SESSION_KEY)
    if not secret:
        raise Http404("Nothing is being set up.")
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(request.user, secret))
    return HttpResponse(picture, content_type="image/svg+xml")


@login_not_required
def sign_out(request: HttpRequest) -> HttpResponse:
    """allauth's page; who came from the provider is told that they may still be signed in there."""
    is_there = request.user.is_authenticated and single_sign_on.is_signed_in_there(request)
    page: HttpResponse = allauth_account.logout(request)
    if not is_there or request.user.is_authenticated:
        return page
    (provider,) = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    return render(request, "accounts/signed_out.html", {"provider": provider})


def change_password(request: HttpRequest) -> HttpResponse:
    """allauth's page, for those who have a password here."""
    if request.user.is_authenticated and not request.user.has_usable_password():
        return errors.error_response(
            request,
            403,
            heading="You have no password here",
            sentence="You sign in with your organisation’s account. Change its password there.",
        )
    page: HttpResponse = allauth_account.password_change(request)
    return page


@require_POST
def change_settings(request: HttpRequest) -> HttpResponse:
    """Keep those of a person's own settings that the form has, and go back to where it was."""
    person = cast(User, request.user)
    changes: dict[str, object] = {}
    try:
        if "zone" in request.POST:
            changes["zone"] = own_settings.parse_zone(request.POST["zone"])
        for name, field in (("is_compact", "compact"), ("has_keys", "keys")):
            if field in request.POST:
                changes[name] = _parse_choice(request.POST[field])
    except own_settings.InvalidSetting as problem:
        messages.error(request, str(problem))
    else:
        person.change_own_settings(**changes)
    return redirect(_address_to_return_to(request))


@require_http_methods(["GET", "HEAD", "POST"])
def own_sign_ins(request: HttpRequest) -> HttpResponse:
    """Where oneself is signed in. POST ends one of them by its reference, or all `others`."""
    person = cast(User, request.user)
    own = sign_ins.list_sign_ins(person)
    if request.method != "POST":
        context = {"sign_ins": own, "current_key": request.session.session_key}
        return render(request, "accounts/sign_ins.html", context)
    asked = request.POST.get("sign_in", "")
    ended = [
        each
        for each in own
        if each.key != request.session.session_key and asked in (each.reference, "others")
    ]
    count = sign_ins.end_sign_ins(ended, person=person, by=Actor.of(request))
    if count:
        messages.success(request, f"{count} {'sign-in' if count == 1 else 'sign-ins'} ended.")
    else:
        messages.info(request, "That sign-in had ended already.")
    return redirect("own_sign_ins")


def _parse_choice(text: str) -> bool:
    if text not in ("yes", "no"):
        raise own_settings.InvalidSetting("Choose yes or no.")
    return text == "yes"


def _address_to_return_to(request: HttpRequest) -> str:
    address = request.POST.get("next", "")
    is_path = re.fullmatch(r"/[!-~]*", address) is not None
    is_ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, request.is_secure())
    return address if is_path and is_ours else reverse("home")
