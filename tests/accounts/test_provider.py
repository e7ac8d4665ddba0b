"""Single sign-on against a provider over a real socket: who comes in, and what a bad one does."""

import json
from time import monotonic
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.urls import get_resolver

from pingadmin.accounts.models import User
from pingadmin.audit.models import AuditEvent
from tests.support.html import parse
from tests.support.people import PASSWORD
from tests.support.raw_server import drips, hangs, http, resets_after, says, sends
from tests.test_access import addresses

START = "/accounts/oidc/sso/login/"
CALLBACK = "/accounts/oidc/sso/login/callback/"
SUE = {"sub": "1", "email": "sue@example.com", "email_verified": True}


def answering(routes: dict):
    """A behaviour: path -> what is answered as JSON, or another behaviour."""

    def behave(peer):
        answer = routes[urlsplit(peer.request.path).path]
        if callable(answer):
            return answer(peer)
        peer.sock.sendall(http(200, json.dumps(answer).encode()))
        return True

    return behave


@pytest.fixture
def provider(raw_server, settings):
    """provider(claims, **routes) -> the routes of a running provider that this panel uses."""

    def start(claims=SUE, **routes) -> dict:
        served = {"/userinfo": claims, "/token": {"access_token": "t", "token_type": "Bearer"}}
        server = raw_server(answering(served))
        url = server.address
        served["/.well-known/openid-configuration"] = {
            "issuer": url,
            "authorization_endpoint": f"{url}/authorize",
            "token_endpoint": f"{url}/token",
            "userinfo_endpoint": f"{url}/userinfo",
            "jwks_uri": f"{url}/keys",
        }
        served |= {f"/{name}": answer for name, answer in routes.items() if name != "discovery"}
        if "discovery" in routes:
            served["/.well-known/openid-configuration"] = routes["discovery"]
        use(settings, url)
        return served

    return start


def use(settings, url: str) -> None:
    settings.ROOT_URLCONF = "tests.accounts.sso_urls"
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = True
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True
    app = {
        "provider_id": "sso",
        "name": "Example",
        "client_id": "pingadmin",
        "secret": "hush",
        "settings": {"server_url": url},
    }
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
    }


@pytest.fixture
def sue(support):
    support.email = "sue@example.com"
    support.save()
    return support


def sign_in(client: Client):
    """Begin, and come back from the provider with a code."""
    page = parse(client.post(START))
    address = urlsplit(page.one("main a.button, a.button")["href"])
    state = parse_qs(address.query)["state"][0]
    return client.get(CALLBACK, {"code": "c", "state": state})


def refusals() -> list[str]:
    events = AuditEvent.objects.filter(action="sign_in_failed").oldest_first()
    return [json.loads(event.detail).get("why", "") for event in events]


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


# --- Who comes in ---------------------------------------------------------------------------------


def test_a_known_person_comes_in_by_the_address_and_keeps_the_local_password(client, sue, provider):
    provider(SUE | {"email": "Sue@Example.com"})
    assert sign_in(client).status_code == 302 and is_in(client)
    assert SocialAccount.objects.get(user=sue).uid == "1"
    again, local = Client(), Client()
    assert sign_in(again).status_code == 302 and is_in(again)
    local.post("/accounts/login/", {"login": "support", "password": PASSWORD})
    assert is_in(local) and refusals() == []


UNVERIFIED = "the provider does not say that the mail address was verified"


@pytest.mark.parametrize(
    "claim",
    [{"email_verified": value} for value in ("false", "true", 1, "yes", [True], None, False)]
    + [{}],
    ids=str,
)
def test_only_true_says_that_an_address_was_verified(client, sue, provider, claim):
    provider({"sub": "1", "email": "sue@example.com"} | claim)
    answer = sign_in(client)
    assert answer.status_code == 403 and not is_in(client)
    assert UNVERIFIED in answer.text and refusals() == [UNVERIFIED]
    assert not SocialAccount.objects.exists()


def test_an_operator_may_trust_the_provider_for_its_addresses(client, sue, provider, settings):
    settings.OIDC_TRUST_EMAIL = True
    provider({"sub": "1", "email": "sue@example.com"})
    assert sign_in(client).status_code == 302 and is_in(client)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        (SUE | {"email": "eve@example.com"}, "nobody with this mail address was added here"),
        ({"sub": "1"}, "the provider gave no mail address"),
    ],
)
def test_a_stranger_reads_why_and_the_operator_too(client, sue, provider, claims, why):
    provider(claims)
    answer = sign_in(client)
    assert answer.status_code == 403 and why in answer.text and not is_in(client)
    assert refusals() == [why]


@pytest.mark.parametrize("value", ["9\0", "9" * 400], ids=["NUL", "long"])
@pytest.mark.parametrize("claim", ["sub", "email", "name", "preferred_username"])
def test_text_that_a_database_may_not_take_is_no_fault(client, sue, provider, claim, value):
    provider(SUE | {claim: value})
    answer = sign_in(client)
    assert answer.status_code < 500 or "sign in with your password" in answer.text


def test_somebody_whose_account_was_switched_off_stays_out(client, sue, provider):
    provider()
    assert sign_in(client).status_code == 302
    sue.is_active = False
    sue.save()
    other = Client()
    assert sign_in(other).status_code == 403 and not is_in(other)
    assert refusals() == ["this account was switched off"]


def test_an_authorization_endpoint_elsewhere_is_reached_by_a_page(client, sue, provider):
    served = provider()
    elsewhere = "https://elsewhere.example/authorize"
    served["/.well-known/openid-configuration"]["authorization_endpoint"] = elsewhere
    answer = client.post(START)
    page = parse(answer)
    assert answer.status_code == 200
    assert page.one("meta[http-equiv=refresh]")["content"].startswith(f"0; url={elsewhere}?")
    assert "form-action 'self';" in answer["Content-Security-Policy"] + ";"


# --- A bad provider -------------------------------------------------------------------------------

ANSWERS = {
    "HTML": sends(http(200, b"<!doctype html><h1>Hello", kind="text/html")),
    "a list": says(200, []),
    "a number": says(200, 5),
    "nothing in it": says(200, {}),
    "503": says(503, {}),
    "a redirect": says(302, {}, "Location: http://127.0.0.1:9/"),
    "too much": says(200, {"a": "x" * 300_000}),
    "reset": resets_after(),
    "silence": hangs,
    "a drip": drips(http(200, b"{}")),
    "garbage": sends(b"nonsense\r\n\r\n"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("where", ["discovery", "token", "userinfo"])
def test_a_provider_that_fails_is_a_page_with_the_local_sign_in(
    client, sue, provider, settings, where, answer
):
    settings.OIDC_SECONDS = 0.5
    served = provider()
    began = monotonic()
    if where == "discovery":
        served["/.well-known/openid-configuration"] = answer
        response = client.post(START)
    else:
        served[f"/{where}"] = answer
        response = sign_in(client)
    assert response.status_code in (403, 503) and not is_in(client)
    assert "sign in with your password" in response.text
    assert len(refusals()) == 1
    # Twelve times the time that it may take, for a busy machine.
    assert monotonic() - began < 6


def test_a_provider_at_a_closed_port_is_a_page(client, sue, settings):
    use(settings, "http://127.0.0.1:1")
    assert client.post(START).status_code == 503
    assert refusals() == ["the provider could not be used (ConnectionError)"]


def test_an_error_that_the_provider_reports_is_a_page(client, sue, provider):
    provider()
    client.post(START)
    state = parse_qs(urlsplit(parse(client.post(START)).one("a.button")["href"]).query)["state"][0]
    answer = client.get(CALLBACK, {"error": "server_error", "state": state})
    assert answer.status_code == 503 and refusals() != []


def test_single_sign_on_adds_only_addresses_that_need_a_person_or_lead_to_one(
    client, sue, provider
):
    """T84: what no table of addresses holds unless a provider is set."""
    provider()
    prefixes = ("accounts/3rdparty/", "accounts/oidc/")
    added = [each for each in addresses(get_resolver().url_patterns) if each.startswith(prefixes)]
    assert len(added) >= 5
    for address in added:
        path = f"/{address.replace('<slug:provider_id>', 'sso')}"
        for method in ("get", "post"):
            answer = getattr(client, method)(path)
            leads_on = answer.status_code in (302, 405) or "sign in" in answer.text.lower()
            leads_on = leads_on or "/authorize?" in answer.text
            assert answer.status_code < 500 or "sign in with your password" in answer.text
            assert leads_on and not is_in(client), f"{method} {path}: {answer.status_code}"
    assert not User.objects.exclude(username="support").exists()


# --- Signing out there ----------------------------------------------------------------------------

SIGN_OUT_THERE = "/accounts/oidc/sso/logout/"


def test_a_provider_that_we_do_not_know_is_no_fault(client, sue, provider):
    provider()
    assert client.get("/accounts/oidc/other/logout/").status_code == 404


def test_one_that_names_no_page_for_it_is_told(client, sue, provider):
    provider()
    answer = client.get(SIGN_OUT_THERE)
    assert answer.status_code == 404 and "names no page for signing out" in answer.text


@pytest.mark.parametrize("endpoint", ["javascript:alert(1)", "http://id.example/end", 7, None])
def test_people_are_led_to_no_other_kind_of_address(client, sue, provider, endpoint):
    provider(discovery={"end_session_endpoint": endpoint})
    assert client.get(SIGN_OUT_THERE).status_code == 404


def test_a_failure_while_signing_out_is_no_failed_sign_in(client, sue, provider):
    provider(discovery=sends(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"))
    answer = client.get(SIGN_OUT_THERE)
    assert answer.status_code == 503 and "Single sign-on doesn’t answer" in answer.text
    assert refusals() == []


def test_whose_provider_was_taken_away_can_still_sign_out(client, sue, provider, settings):
    provider()
    sign_in(client)
    settings.SOCIALACCOUNT_PROVIDERS = {}
    assert client.post("/accounts/logout/").status_code == 302 and not is_in(client)


@pytest.mark.parametrize("name", ["discovery", "token", "userinfo"])
def test_json_that_is_nested_too_deep_is_a_page(client, sue, provider, name):
    deep = b"[" * 100_000
    provider(**{name: sends(http(200, deep))})
    answer = client.post(START) if name == "discovery" else sign_in(client)
    assert answer.status_code == 503 and not is_in(client)
