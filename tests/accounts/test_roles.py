"""One table of roles, and one role for a person."""

import json
from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, transaction

from pingadmin.accounts import people, roles, syncing
from pingadmin.accounts.models import User
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db


def held(role: str) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.select_related("content_type")
    return {f"{each.content_type.app_label}.{each.codename}" for each in permissions}


def run(name: str, *args, **options) -> str:
    out = StringIO()
    call_command(name, *args, stdout=out, **options)
    return out.getvalue()


def test_a_migrated_database_holds_exactly_the_table():
    assert {group.name: held(group.name) for group in Group.objects.all()} == roles.ROLES


def test_every_permission_of_the_table_is_declared_by_a_model():
    assert syncing.sync_roles() == ([], [])


def test_support_and_auditor_share_no_act():
    acts = {"resumes.resume", "audit.review", "audit.export"}
    assert roles.ROLES["support"] & roles.ROLES["auditor"] & acts == set()


def test_admin_cannot_resume_review_or_export():
    assert not roles.ROLES["admin"] & {"resumes.resume", "audit.review", "audit.export"}


def test_nobody_may_write_the_audit_log_or_delete_people():
    everything = set().union(*roles.ROLES.values())
    assert not [name for name in everything if "delete" in name]
    assert {name for name in everything if name.startswith("audit.")} == {
        "audit.read",
        "audit.review",
        "audit.export",
    }


def test_sync_roles_takes_back_what_the_table_does_not_hold_and_says_so():
    extra = Permission.objects.get(content_type__app_label="accounts", codename="delete_user")
    Group.objects.get(name="viewer").permissions.add(extra)
    Group.objects.create(name="root")
    Group.objects.get(name="auditor").permissions.clear()
    said = run("sync_roles")
    assert "viewer: removed accounts.delete_user" in said and "removed role root" in said
    assert "auditor: added audit.read" in said
    assert {group.name: held(group.name) for group in Group.objects.all()} == roles.ROLES


def test_no_role_may_pause_unless_the_settings_name_it(settings):
    assert not any("resumes.pause" in names for names in roles.permission_table().values())
    settings.PAUSE_ROLES = ["support"]
    assert run("sync_roles") == "support: added resumes.pause\n"
    assert held("support") == roles.ROLES["support"] | {"resumes.pause"}
    settings.PAUSE_ROLES = []
    assert run("sync_roles") == "support: removed resumes.pause\n"
    assert {group.name: held(group.name) for group in Group.objects.all()} == roles.ROLES


def test_who_answers_and_who_cancels_is_said_by_the_settings(settings):
    assert "resumes.answer" in roles.permission_table()["support"]
    assert not any("resumes.cancel" in names for names in roles.permission_table().values())
    settings.ANSWER_ROLES, settings.CANCEL_ROLES = [], ["support"]
    assert run("sync_roles") == "support: added resumes.cancel\nsupport: removed resumes.answer\n"
    assert held("support") == roles.ROLES["support"] - {"resumes.answer"} | {"resumes.cancel"}


def test_a_fresh_database_writes_down_what_the_settings_take_away(settings):
    Group.objects.all().delete()
    settings.ANSWER_ROLES = []
    run("sync_roles")
    event = AuditEvent.objects.get(action="roles_changed")
    assert json.loads(event.detail) == {"changes": ["support: removed resumes.answer"]}


def test_only_roles_that_bring_sessions_back_can_be_named_for_pausing():
    assert roles.MAY_RESUME == ["support"]


def test_a_change_of_what_roles_may_do_is_in_the_audit_log(settings):
    settings.PAUSE_ROLES = ["support"]
    run("sync_roles")
    run("sync_roles")
    event = AuditEvent.objects.get(action="roles_changed")
    assert (event.actor_kind, event.actor_name) == ("system", "sync_roles")
    assert json.loads(event.detail) == {"changes": ["support: added resumes.pause"]}


@pytest.mark.parametrize(
    ("named", "changes"), [([], []), (["support"], ["support: added resumes.pause"])]
)
def test_of_a_fresh_database_only_what_the_settings_give_is_written_down(settings, named, changes):
    Group.objects.all().delete()
    settings.PAUSE_ROLES = named
    run("sync_roles")
    found = AuditEvent.objects.filter(action="roles_changed")
    assert [json.loads(event.detail)["changes"] for event in found] == (
        [changes] if changes else []
    )


def test_a_role_gets_nothing_that_cannot_be_written_down(settings, monkeypatch):
    def fail(**event):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr("pingadmin.audit.record.trail.append", fail)
    settings.PAUSE_ROLES = ["support"]
    with pytest.raises(DatabaseError):
        run("sync_roles")
    assert held("support") == roles.ROLES["support"]


def test_sync_roles_twice_changes_nothing():
    run("sync_roles")
    assert run("sync_roles") == "nothing to change\n"


def test_sync_roles_fails_for_a_permission_that_no_model_declares(monkeypatch):
    monkeypatch.setitem(roles.ROLES, "viewer", {"audit.burn"})
    with pytest.raises(CommandError, match="audit.burn"):
        run("sync_roles")


def test_a_person_has_the_permissions_of_their_one_role(support):
    assert support.role == "support"
    assert support.get_all_permissions() == roles.ROLES["support"]


def test_the_database_refuses_a_second_role(support):
    auditor = Group.objects.get(name="auditor")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.groups.through.objects.create(user=support, group=auditor)
    support.groups.add(auditor)
    assert list(support.groups.values_list("name", flat=True)) == ["support"]


def test_changing_a_role_replaces_it(support):
    people.set_role(user=support, role="admin", by=Actor.system("a test"))
    assert (support.role, support.is_staff, support.is_superuser) == ("admin", True, False)
    people.set_role(user=support, role="viewer", by=Actor.system("a test"))
    assert (support.role, support.is_staff) == ("viewer", False)
    assert User.objects.get(pk=support.pk).get_all_permissions() == roles.ROLES["viewer"]


def test_a_role_that_the_table_does_not_know_is_refused(support):
    Group.objects.create(name="root")
    with pytest.raises(KeyError):
        people.set_role(user=support, role="root", by=Actor.system("a test"))
    assert support.role == "support"


def test_add_user_makes_an_active_person_with_one_role(monkeypatch):
    monkeypatch.setenv("PINGADMIN_NEW_PASSWORD", PASSWORD)
    assert run("add_user", "ana", role="auditor") == "added ana as auditor\n"
    ana = User.objects.get(username="ana")
    assert (
        ana.check_password(PASSWORD) and ana.is_active and not ana.is_superuser and not ana.is_staff
    )
    assert ana.role == "auditor"


def test_add_user_asks_twice_where_no_password_is_set(monkeypatch):
    monkeypatch.delenv("PINGADMIN_NEW_PASSWORD", raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    run("add_user", "ana", role="viewer")
    assert User.objects.get(username="ana").check_password(PASSWORD)


def test_add_user_adds_nobody_when_the_two_passwords_differ(monkeypatch):
    monkeypatch.delenv("PINGADMIN_NEW_PASSWORD", raising=False)
    answers = iter([PASSWORD, PASSWORD + "x"])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(answers))
    with pytest.raises(CommandError, match="differ"):
        run("add_user", "ana", role="viewer")
    assert not User.objects.filter(username="ana").exists()


@pytest.mark.parametrize("password", ["short", "q1w2e3r4t5y6", "anaanaanaana", ""])
def test_add_user_refuses_a_weak_password(monkeypatch, password):
    monkeypatch.setenv("PINGADMIN_NEW_PASSWORD", password)
    with pytest.raises(CommandError):
        run("add_user", "anaanaanaana", role="viewer")
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "<b>", "x" * 151])
def test_add_user_refuses_a_name_that_is_none(name):
    with pytest.raises(ValidationError):
        people.add_user(username=name, password=PASSWORD, role="viewer", by=Actor.system("a test"))


def test_add_user_says_that_the_name_is_taken_whatever_its_case(viewer, monkeypatch):
    monkeypatch.setenv("PINGADMIN_NEW_PASSWORD", PASSWORD)
    with pytest.raises(CommandError, match="already a user"):
        run("add_user", "VIEWER", role="support")
    viewer.refresh_from_db()
    assert viewer.role == "viewer"


def test_add_user_says_that_roles_were_not_synced_and_adds_nobody(monkeypatch):
    monkeypatch.setenv("PINGADMIN_NEW_PASSWORD", PASSWORD)
    Group.objects.all().delete()
    with pytest.raises(CommandError, match="sync_roles"):
        run("add_user", "ana", role="viewer")
    assert not User.objects.exists()
