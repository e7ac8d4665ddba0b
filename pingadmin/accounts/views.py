"""Two pages in place of allauth's: a QR code under our CSP, and a password kept elsewhere."""

from allauth.account import views as allauth_account
from allauth.account.decorators import reauthentication_required
from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal import auth as totp
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

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
