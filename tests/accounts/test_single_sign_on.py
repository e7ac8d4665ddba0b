"""Single sign-on is a matter of settings, and adds nobody."""

import pytest
from allauth.socialaccount.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured

from pingadmin.config import environment

GIVEN = {
    "OIDC_SERVER_URL": "https://id.example/realms/staff",
    "OIDC_CLIENT_ID": "pingadmin",
    "OIDC_CLIENT_SECRET": "a secret of the provider",
}


@pytest.fixture
def given(monkeypatch):
    for name, value in GIVEN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_nothing_is_set_by_default(client, db):
    assert environment.single_sign_on() == {}
    assert client.get("/accounts/oidc/sso/login/").status_code == 404


def test_three_names_make_a_provider(given):
    provider = environment.single_sign_on()["openid_connect"]
    assert provider["OAUTH_PKCE_ENABLED"]
    (app,) = provider["APPS"]
    assert (
        app["client_id"] == "pingadmin"
        and app["settings"]["server_url"] == GIVEN["OIDC_SERVER_URL"]
    )


@pytest.mark.parametrize("missing", GIVEN)
def test_a_half_set_provider_is_refused_by_name(given, missing):
    given.delenv(missing)
    with pytest.raises(ImproperlyConfigured, match=missing):
        environment.single_sign_on()


def test_a_provider_over_plain_http_is_refused(given):
    given.setenv("OIDC_SERVER_URL", "http://id.example/")
    with pytest.raises(ImproperlyConfigured, match="https"):
        environment.single_sign_on()


def test_a_stranger_from_the_provider_is_not_added(rf):
    assert not get_adapter().is_open_for_signup(rf.get("/"), sociallogin=None)
