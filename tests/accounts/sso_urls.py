"""The panel's addresses as they are where single sign-on is set."""

from django.urls import include, path

from pingadmin.accounts import single_sign_on
from pingadmin.urls import handler400, handler403, handler404, handler500
from pingadmin.urls import urlpatterns as panel

__all__ = ["handler400", "handler403", "handler404", "handler500"]

urlpatterns = [
    path("accounts/3rdparty/", include("allauth.socialaccount.urls")),
    path("accounts/oidc/<slug:provider_id>/login/", single_sign_on.leave),
    path("accounts/oidc/<slug:provider_id>/login/callback/", single_sign_on.come_back),
    path(
        "accounts/oidc/<slug:provider_id>/logout/",
        single_sign_on.sign_out_there,
        name="leave_there",
    ),
    path("accounts/", include("allauth.socialaccount.providers.openid_connect.urls")),
    *panel,
]
