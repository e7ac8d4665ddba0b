"""People in Django's admin, which is for superusers: one role each, nothing else of rights."""

import re

import pytest

from pingadmin.accounts.models import User
from tests.support.html import parse

USERS = "/admin/accounts/user/"
PASSWORDS = {"password1": "a long enough phrase", "password2": "a long enough phrase"}


def change(person, **fields):
    data = {
        "username": person.username,
        "role": person.role,
        "is_active": "on",
        "first_name": "",
        "last_name": "",
        "email": "",
        **fields,
    }
    return {name: value for name, value in data.items() if value is not None}


def test_a_superuser_adds_a_person_with_one_role(as_superuser):
    answer = as_superuser.post(
        f"{USERS}add/",
        {"username": "ana", "usable_password": "true", "role": "auditor", **PASSWORDS},
    )
    ana = User.objects.get(username="ana")
    assert (
        answer.status_code == 302
        and ana.role == "auditor"
        and ana.check_password("a long enough phrase")
    )
    assert not ana.is_superuser and not ana.is_staff


def test_a_person_without_a_role_cannot_be_added(as_superuser):
    answer = as_superuser.post(
        f"{USERS}add/", {"username": "ana", "usable_password": "true", **PASSWORDS}
    )
    assert answer.status_code == 200 and not User.objects.filter(username="ana").exists()


@pytest.mark.parametrize("name", ["viewer", "VIEWER", "\uff56iewer"])
def test_a_name_that_is_taken_is_refused_in_words(as_superuser, viewer, name):
    fields = {"username": name, "usable_password": "true", "role": "viewer", **PASSWORDS}
    answer = as_superuser.post(f"{USERS}add/", fields)
    assert answer.status_code == 200 and "already exists" in answer.text
    assert User.objects.filter(username__in=[name, "viewer"]).get() == viewer


def test_a_role_outside_the_table_is_refused(as_superuser, viewer):
    answer = as_superuser.post(f"{USERS}{viewer.pk}/change/", change(viewer, role="root"))
    assert answer.status_code == 200 and User.objects.get(pk=viewer.pk).role == "viewer"


def test_a_superuser_changes_role_names_and_activity(as_superuser, viewer):
    fields = {"role": "support", "first_name": "Ana", "is_active": None}
    answer = as_superuser.post(f"{USERS}{viewer.pk}/change/", change(viewer, **fields))
    ana = User.objects.get(pk=viewer.pk)
    assert answer.status_code == 302
    assert (ana.role, ana.first_name, ana.is_active) == ("support", "Ana", False)


def test_a_weak_password_is_refused(as_superuser):
    data = {"username": "ana", "usable_password": "true", "role": "viewer"}
    assert (
        as_superuser.post(
            f"{USERS}add/", {**data, "password1": "short", "password2": "short"}
        ).status_code
        == 200
    )
    assert not User.objects.filter(username="ana").exists()


def test_hidden_fields_give_no_rights(as_superuser, viewer):
    hidden = {"is_superuser": "on", "is_staff": "on", "groups": "1", "user_permissions": "1"}
    as_superuser.post(f"{USERS}{viewer.pk}/change/", change(viewer, **hidden))
    person = User.objects.get(pk=viewer.pk)
    assert (person.is_superuser, person.is_staff, person.role) == (False, False, "viewer")
    assert not person.user_permissions.exists()


def test_an_administrator_is_no_superuser(admin):
    assert not admin.is_superuser


def test_nobody_is_deleted_so_that_names_in_the_audit_log_stay_theirs(as_superuser, viewer):
    assert as_superuser.post(f"{USERS}{viewer.pk}/delete/", {"post": "yes"}).status_code == 403
    action = {"action": "delete_selected", "_selected_action": viewer.pk, "post": "yes"}
    as_superuser.post(USERS, action)
    assert User.objects.filter(pk=viewer.pk).exists()


def test_the_admin_is_for_superusers(as_viewer, as_support, as_auditor, as_admin):
    for client in (as_viewer, as_support, as_auditor, as_admin):
        assert client.get("/admin/", follow=True).status_code == 403


def test_the_admin_has_no_sign_in_of_its_own(client, db):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith("/accounts/login/?next=")
    assert client.post("/admin/login/", {"username": "x", "password": "y"}).status_code == 302


@pytest.mark.parametrize(
    "path",
    ["auth/group/", "account/emailaddress/", "socialaccount/socialapp/", "mfa/authenticator/"],
)
def test_other_packages_tables_have_no_address(as_superuser, path):
    assert as_superuser.get(f"/admin/{path}").status_code == 404


@pytest.mark.parametrize(
    "path", ["", "accounts/user/", "accounts/user/add/", "accounts/user/{pk}/change/"]
)
def test_the_pages_work_under_the_content_policy(as_superuser, admin, path):
    page = parse(as_superuser.get("/admin/" + path.format(pk=admin.pk)))
    assert page.css("script:not([src]):not([type*='json']), style, [style]") == []
    assert page.node.xpath("//@*[starts-with(name(), 'on')]") == []
    assert "pingadmin" in page.text()


def test_times_in_the_admin_carry_their_zone(as_superuser, admin):
    as_superuser.cookies["tz"] = "Asia/Tokyo"
    page = parse(as_superuser.get(f"{USERS}{admin.pk}/change/")).text()
    assert re.search(r"\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d JST", page)
