"""Sign-in, sign-out, password, second factors, and single sign-on where set. Nobody signs up."""

from allauth.account import views as account
from django.conf import settings
from django.urls import include, path

from pingadmin.accounts import single_sign_on, views

urlpatterns = [
    path("login/", account.login, name="account_login"),
    path("logout/", views.sign_out, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("settings/", views.change_settings, name="own_settings"),
    path("sign-ins/", views.own_sign_ins, name="own_sign_ins"),
    path("password/change/", views.change_password, name="account_change_password"),
    path("2fa/totp/qr.svg", views.totp_qr, name="totp_qr"),
    path("2fa/", include("allauth.mfa.urls")),
]
if settings.SOCIALACCOUNT_PROVIDERS:
    urlpatterns += [
        path("3rdparty/", include("allauth.socialaccount.urls")),
        path("oidc/<slug:provider_id>/login/", single_sign_on.leave),
        path("oidc/<slug:provider_id>/login/callback/", single_sign_on.come_back),
        path("oidc/<slug:provider_id>/logout/", single_sign_on.sign_out_there, name="leave_there"),
        # These come after ours, and are here for their names.
        path("", include("allauth.socialaccount.providers.openid_connect.urls")),
    ]
