"""A second factor where a role needs one, and a fresh sign-in for exports and people's rights."""

import json

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from pingadmin.accounts.guards.second_factor import lacks_second_factor
from pingadmin.audit.models import AuditEvent
from tests.support.html import parse
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db

SETTING_UP = "/accounts/2fa/totp/activate/"
EXPORT = "/audit/export.jsonl"


def sign_in(name: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    return client


def add_totp(person) -> None:
    totp.TOTP.activate(person, totp.generate_totp_secret())


@pytest.fixture
def later(time_machine):
    """later() lets more than a quarter of an hour pass."""
    time_machine.move_to(timezone.now(), tick=False)
    return lambda: time_machine.shift(16 * 60)


# --- A second factor ------------------------------------------------------------------------------


def test_without_the_setting_nobody_needs_one(as_support):
    assert as_support.get("/sessions/").status_code == 200


@pytest.fixture
def needed(settings):
    settings.MFA_ROLES = ["support"]


def test_whoever_has_none_can_only_set_one_up_and_leave(needed, as_support, simulated_upstreams):
    for address in ("/", "/sessions/", "/audit/", "/sessions/bulk/"):
        response = as_support.get(address)
        assert (response.status_code, response["Location"]) == (302, SETTING_UP), address
    page = as_support.get(SETTING_UP, follow=True)
    assert "Your role needs a second factor" in page.text
    assert as_support.post("/accounts/logout/").status_code == 302


def test_who_has_just_signed_in_sets_it_up_without_the_password_once_more(needed, support, later):
    client = sign_in("support")
    assert client.get(SETTING_UP).status_code == 200
    later()
    assert "reauthenticate" in client.get(SETTING_UP)["Location"]


def test_nothing_can_be_done_without_one(needed, as_support, simulated_upstreams):
    response = as_support.post("/sessions/ping/ses_0000000001/resume/", {"reason": "x"})
    assert response.status_code == 302 and not AuditEvent.objects.filter(action="resume").exists()
    polled = as_support.get("/sessions/rows/", headers={"HX-Request": "true"})
    assert (polled.status_code, polled["HX-Redirect"]) == (204, SETTING_UP)


def test_other_roles_need_none(needed, as_viewer):
    assert as_viewer.get("/sessions/").status_code == 200


def test_with_one_everything_is_open_and_recovery_codes_alone_are_none(needed, as_support, support):
    Authenticator.objects.create(user=support, type="recovery_codes", data={})
    assert lacks_second_factor(support)
    add_totp(support)
    assert as_support.get("/sessions/").status_code == 200


def test_a_lost_one_is_reset_with_a_reason_in_the_log(support, capsys):
    add_totp(support)
    call_command("reset_second_factor", "support", reason="Lost the phone, seen in person")
    assert not Authenticator.objects.exists()
    event = AuditEvent.objects.get(action="second_factor_reset")
    assert json.loads(event.detail) == {
        "kinds": ["totp"],
        "person": "support",
        "reason": "Lost the phone, seen in person",
    }
    with pytest.raises(CommandError, match="There is no user nobody"):
        call_command("reset_second_factor", "nobody", reason="x")


# --- A fresh sign-in ------------------------------------------------------------------------------


def test_an_export_needs_a_sign_in_of_the_last_quarter_hour(auditor, later):
    client = sign_in("auditor")
    assert client.get(EXPORT).status_code == 200
    later()
    asked = client.get(EXPORT)
    assert asked.status_code == 302 and asked["Location"].startswith("/accounts/reauthenticate/")
    assert client.get("/audit/").status_code == 200
    confirmed = client.post(asked["Location"], {"password": PASSWORD})
    assert confirmed["Location"] == EXPORT
    assert client.get(EXPORT).status_code == 200


def test_a_wrong_password_does_not_open_it(auditor, later):
    client = sign_in("auditor")
    client.get("/audit/")
    later()
    asked = client.get(EXPORT)
    page = parse(client.post(asked["Location"], {"password": "wrong"}))
    assert page.has("[role=alert], .errorlist, .field-error")
    assert client.get(EXPORT).status_code == 302


def test_people_are_managed_with_a_fresh_sign_in_and_a_form_that_was_typed_is_kept(
    admin, support, later
):
    client = sign_in("admin")
    fields = {"username": "support", "first_name": "Sue", "last_name": "", "email": ""}
    address = f"/people/{support.pk}/details/"
    client.get("/people/")
    later()
    asked = client.post(address, fields)
    assert asked.status_code == 302 and "reauthenticate" in asked["Location"]
    support.refresh_from_db()
    assert support.first_name != "Sue"
    client.post(asked["Location"], {"password": PASSWORD})
    support.refresh_from_db()
    assert support.first_name == "Sue"


@pytest.mark.parametrize("page", ["/people/add/", "/people/{pk}/"])
def test_a_password_that_was_typed_is_not_kept_while_somebody_confirms(admin, support, later, page):
    client = sign_in("admin")
    page = page.format(pk=support.pk)
    client.get(page)
    later()
    address = page if page.endswith("add/") else f"{page}password/"
    asked = client.post(address, {"username": "ana", "password": "typed-but-not-kept-1"})
    kept = [session.get_decoded() for session in Session.objects.all()]
    assert kept and "typed-but-not-kept-1" not in str(kept)
    confirmed = client.post(asked["Location"], {"password": PASSWORD})
    assert confirmed["Location"] == page
    assert "Nothing was changed. Confirm first" in client.get(page).text


def test_no_field_of_any_name_that_holds_a_password_is_kept(superuser, later):
    client = sign_in("root")
    address = "/admin/password_change/"
    client.get(address)
    later()
    client.post(address, {"old_password": "not-kept-1", "new_password1": "not-kept-2"})
    kept = str([session.get_decoded() for session in Session.objects.all()])
    assert "not-kept" not in kept


def test_who_has_no_password_here_signs_in_again(auditor, later):
    auditor.set_unusable_password()
    auditor.save()
    client = Client()
    client.force_login(auditor)
    client.get("/audit/")
    later()
    asked = client.get(EXPORT)
    assert asked["Location"] == f"/accounts/login/?next={EXPORT}"
    assert "this needs a sign-in of the last 15 min" in client.get(asked["Location"]).text
