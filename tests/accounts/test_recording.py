"""What happens to people is in the audit log, under the name and role that they had then."""

import json

import pytest
from django.db import DatabaseError
from django.test import Client

from pingadmin.accounts import people
from pingadmin.accounts.models import User
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db


def sign_in(name, password=PASSWORD):
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": password})
    return client


def only(action):
    return AuditEvent.objects.get(action=action)


def detail(action):
    return json.loads(only(action).detail)


def test_signing_in_and_out(support):
    sign_in("support").post("/accounts/logout/")
    assert [
        (event.action, event.actor_name, event.actor_role)
        for event in AuditEvent.objects.order_by("seq")
    ] == [
        ("sign_in", "support", "support"),
        ("sign_out", "support", "support"),
    ]
    assert only("sign_in").source_address == "127.0.0.1"


def test_a_failed_sign_in_names_the_person_that_was_tried(support):
    sign_in("support", "wrong")
    event = only("sign_in_failed")
    assert (event.actor_kind, event.actor_id) == ("visitor", "")
    assert detail("sign_in_failed") == {"name": "support"}


def test_a_password_typed_as_a_name_is_not_written_down(support):
    sign_in("correct horse battery staple")
    assert "horse" not in only("sign_in_failed").detail


def test_a_denied_act_is_written_once_a_minute(as_viewer):
    for _ in range(3):
        assert as_viewer.get("/audit/").status_code == 403
    assert as_viewer.post("/sessions/ping/ses_1/resume/", {"reason": "x"}).status_code == 403
    recorded = [
        json.loads(event.detail)
        for event in AuditEvent.objects.filter(action="denied").order_by("seq")
    ]
    assert recorded == [
        {"method": "GET", "address": "/audit/"},
        {"method": "POST", "address": "/sessions/ping/ses_1/resume/"},
    ]


def test_adding_somebody_and_giving_a_role(db):
    people.add_user(username="ana", password=PASSWORD, role="viewer", by=Actor.system("add_user"))
    assert detail("person_added") == {"person": "ana"}
    assert detail("role_set") == {"person": "ana", "before": "", "after": "viewer"}


def test_a_change_names_who_made_it_and_what_changed(as_admin, support):
    form = {"username": "support", "first_name": "Ana", "last_name": "", "email": ""}
    assert as_admin.post(f"/people/{support.pk}/details/", form).status_code == 302
    assert only("person_changed").actor_name == "admin"
    assert detail("person_changed") == {
        "person": "support",
        "fields": ["first_name"],
        "active": True,
    }
    assert as_admin.post(f"/people/{support.pk}/role/", {"role": "auditor"}).status_code == 302
    assert detail("role_set") == {"person": "support", "before": "support", "after": "auditor"}


def test_a_password_set_by_an_admin_is_written_without_the_password(as_admin, support):
    form = {"password": "another-long-one-77"}
    assert as_admin.post(f"/people/{support.pk}/password/", form).status_code == 302
    assert detail("password_changed") == {"person": "support"}


def test_nobody_is_kept_out_because_the_log_cannot_be_written(support, monkeypatch, caplog):
    def away(**event):
        raise DatabaseError("the log went back")

    monkeypatch.setattr("pingadmin.audit.record.trail.append", away)
    assert "_auth_user_id" in sign_in("support").session
    assert "not in the audit log: sign_in by support" in caplog.text


def test_a_past_act_keeps_the_name_and_role_of_then(support):
    sign_in("support")
    people.set_role(user=support, role="viewer", by=Actor.system("test"))
    User.objects.filter(pk=support.pk).update(username="gone", is_active=False)
    event = only("sign_in")
    assert (event.actor_name, event.actor_role) == ("support", "support")
