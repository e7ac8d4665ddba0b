"""Groups of the provider give roles, add people, and leave passwords to emergency accounts."""

import json

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.utils import timezone

from pingadmin.accounts.models import User
from pingadmin.accounts.provider_groups import NO_GROUP
from pingadmin.audit.models import AuditEvent
from pingadmin.config import environment
from pingadmin.config.secret import Secret
from pingadmin.notifications import make
from pingadmin.notifications.models import Notification
from pingadmin.notifications.wording import text_of
from tests.accounts.test_provider import SUE, is_in, provider, refusals, sign_in, sue
from tests.support.people import PASSWORD

__all__ = ["provider", "sue"]

NEW = {"sub": "2", "email": "new@example.com", "email_verified": True, "given_name": "Nora"}


def role_events() -> list[tuple[str, str | None, str | None]]:
    events = AuditEvent.objects.filter(action="role_set", actor_kind="system").oldest_first()
    details = [json.loads(event.detail) for event in events]
    return [(each["person"], each["before"], each["after"]) for each in details]


@pytest.fixture
def groups(settings, db):
    settings.OIDC_GROUPS = {"leads": "auditor", "desk": "support"}
    settings.OIDC_GROUPS_CLAIM = "groups"


@pytest.mark.parametrize(
    ("held", "role"),
    [(["desk"], "support"), (["x", "desk", "leads"], "auditor"), ("leads", "auditor")],
)
def test_the_first_group_of_the_setting_gives_the_role(client, sue, provider, groups, held, role):
    provider(SUE | {"groups": held})
    assert sign_in(client).status_code == 302 and is_in(client)
    sue = User.objects.get(pk=sue.pk)
    assert sue.role == role
    assert role_events() == ([("support", "support", role)] if role != "support" else [])


@pytest.mark.parametrize("held", [[], ["x"], None, 5, {"desk": 1}])
def test_who_is_in_no_group_loses_the_role_and_stays_out(client, sue, provider, groups, held):
    served = provider(SUE | {"groups": ["desk"]})
    assert sign_in(client).status_code == 302
    served["/userinfo"] = SUE | {"groups": held}
    other = Client()
    answer = sign_in(other)
    assert answer.status_code == 403 and not is_in(other)
    assert refusals() == [NO_GROUP] and role_events() == [("support", "support", None)]
    assert User.objects.get(pk=sue.pk).role == ""
    # The sign-in of before has lost its rights too.
    assert client.get("/sessions/").status_code == 403


def test_without_the_setting_groups_change_nothing(client, sue, provider):
    provider(SUE | {"groups": ["leads"]})
    assert sign_in(client).status_code == 302
    assert User.objects.get(pk=sue.pk).role == "support" and role_events() == []


def test_a_stranger_with_a_group_is_added_where_a_setting_says_so(
    client, sue, provider, groups, settings
):
    served = provider(NEW | {"groups": ["desk"]})
    assert sign_in(client).status_code == 403 and not User.objects.filter(email=NEW["email"])
    settings.OIDC_CREATE_PEOPLE = True
    assert sign_in(client).status_code == 302 and is_in(client)
    person = User.objects.get(email="new@example.com")
    assert (person.username, person.role, person.first_name) == ("new", "support", "Nora")
    assert not person.has_usable_password()
    served["/userinfo"] = NEW | {"groups": ["leads"]}
    assert sign_in(Client()).status_code == 302
    assert User.objects.get(pk=person.pk).role == "auditor"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"groups": []}, "nobody with this mail address was added here"),
        ({"groups": ["desk"], "email_verified": False}, "does not say that the mail address"),
        ({"groups": ["desk"], "preferred_username": "Support"}, "somebody else is called Support"),
        ({"groups": ["desk"], "preferred_username": "s\u0443pport"}, "can’t be used"),
        ({"groups": ["desk"], "preferred_username": "a/b c"}, "can’t be used"),
    ],
)
def test_a_stranger_who_cannot_be_added_reads_why(
    client, sue, provider, groups, settings, claims, why
):
    settings.OIDC_CREATE_PEOPLE = True
    provider(NEW | claims)
    answer = sign_in(client)
    assert answer.status_code == 403 and not is_in(client) and why in refusals()[0]
    assert not User.objects.filter(email=NEW["email"]).exists()


# --- Emergency accounts ---------------------------------------------------------------------------


def sign_in_here(name: str):
    client = Client()
    return client, client.post("/accounts/login/", {"login": name, "password": PASSWORD})


@pytest.fixture
def break_glass(settings, admin, support):
    settings.BREAK_GLASS_ACCOUNTS = ["admin"]
    settings.NOTIFY_URL = Secret("https://hooks.example/x")
    make.make_new()


@pytest.mark.parametrize("name", ["support", "nobody"])
def test_other_passwords_are_refused_unseen(break_glass, name):
    client, answer = sign_in_here(name)
    assert answer.status_code == 403 and not is_in(client)
    assert "Passwords are only for emergency accounts here." in answer.text
    assert AuditEvent.objects.filter(action="sign_in_failed").count() == 1


def test_refusals_are_limited_so_that_nobody_floods_the_log(break_glass):
    answers = [sign_in_here("support")[1].status_code for _ in range(9)]
    assert answers == [403] * 5 + [429] * 4
    assert AuditEvent.objects.filter(action="sign_in_failed").count() == 5


def test_who_came_by_the_provider_confirms_there_and_not_by_a_password(
    break_glass, auditor, time_machine
):
    time_machine.move_to(timezone.now(), tick=False)
    client = Client()
    client.force_login(auditor)
    client.get("/audit/")
    time_machine.shift(16 * 60)
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200
    asked = client.get("/audit/export.jsonl")
    assert asked["Location"] == "/accounts/login/?next=/audit/export.jsonl" and not is_in(client)


def test_the_use_of_an_emergency_account_is_told(break_glass):
    client, answer = sign_in_here("admin")
    assert answer.status_code == 302 and is_in(client)
    event = AuditEvent.objects.get(action="break_glass")
    assert (event.actor_name, json.loads(event.detail)) == ("admin", {"person": "admin"})
    make.make_new()
    assert "Emergency account used" in text_of(Notification.objects.get())


def test_without_the_setting_a_password_is_no_news(admin):
    client, _ = sign_in_here("admin")
    assert is_in(client) and not AuditEvent.objects.filter(action="break_glass").exists()


@pytest.mark.parametrize("value", ["none", "break-glass", "break-glass:", "all:ana"])
def test_a_setting_that_says_nothing_is_refused(monkeypatch, value):
    monkeypatch.setenv("LOCAL_PASSWORDS", value)
    with pytest.raises(ImproperlyConfigured, match="break-glass:name,name"):
        environment.break_glass_accounts("LOCAL_PASSWORDS")


def test_accounts_and_groups_are_read(monkeypatch):
    monkeypatch.setenv("LOCAL_PASSWORDS", "break-glass:ana, dev")
    monkeypatch.setenv("GROUPS", "cn=desk=support,leads=auditor")
    assert environment.break_glass_accounts("LOCAL_PASSWORDS") == ["ana", "dev"]
    roles = environment.mapping("GROUPS", ["support", "auditor"])
    assert roles == {"cn=desk": "support", "leads": "auditor"}
    monkeypatch.setenv("GROUPS", "desk=boss")
    with pytest.raises(ImproperlyConfigured, match="without one of: support, auditor"):
        environment.mapping("GROUPS", ["support", "auditor"])
