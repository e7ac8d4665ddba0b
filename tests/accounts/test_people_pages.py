"""The pages where administrators add people and change what they may."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from pingadmin.accounts import people
from pingadmin.accounts.models import User
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.factories import person
from tests.support.html import parse
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db

NEW = {
    "username": "ana",
    "first_name": "Ana",
    "last_name": "Berg",
    "email": "ana@example.org",
    "role": "auditor",
    "password": "a long enough phrase",
}


def signed_in(name: str) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    assert client.get("/accounts/2fa/").status_code == 200
    return client


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def test_a_person_is_added_with_mail_address_role_and_password(as_admin):
    answer = as_admin.post("/people/add/", NEW)
    ana = User.objects.get(username="ana")
    assert answer["Location"] == f"/people/{ana.pk}/"
    assert (ana.role, ana.email, ana.display_name) == ("auditor", "ana@example.org", "Ana Berg")
    assert ana.check_password("a long enough phrase") and not ana.is_superuser
    assert actions() == ["person_added", "role_set"]
    page = parse(as_admin.get(answer["Location"])).text()
    assert "ana was added as auditor." in page and "Nowhere at the moment" in page


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("username", "SUPPORT", "There is already a user SUPPORT"),
        ("username", "", "This field is required"),
        ("username", "\uff53upport", "looks like that of the user support"),
        ("username", "a b", "Enter a valid username"),
        ("username", "a\0b", "Null characters are not allowed"),
        ("email", "no address", "Enter a valid email address"),
        ("email", "Sue@Example.org", "support has this address already"),
        ("role", "", "This field is required"),
        ("role", "root", "Select a valid choice"),
        ("password", "short", "too short"),
        ("password", "", "This field is required"),
    ],
)
def test_what_does_not_fit_is_said_and_the_rest_stays_typed(
    as_admin, support, field, value, sentence
):
    User.objects.filter(pk=support.pk).update(email="sue@example.org")
    answer = as_admin.post("/people/add/", NEW | {field: value})
    page = parse(answer)
    assert answer.status_code == 400 and User.objects.count() == 2
    assert sentence in page.text()
    assert page.node.xpath("//input[@name='last_name']/@value") == ["Berg"]
    assert "a long enough phrase" not in answer.text


def test_with_single_sign_on_a_password_may_be_left_out(as_admin, settings):
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [{"name": "Work"}]}}
    as_admin.post("/people/add/", NEW | {"password": ""})
    assert not User.objects.get(username="ana").has_usable_password()


def test_the_list_tells_role_status_factor_and_is_searched_in_names_and_addresses(
    as_admin, support, viewer
):
    User.objects.filter(pk=support.pk).update(email="sue@example.org", is_active=False)
    Authenticator.objects.create(user=viewer, type="totp", data={})
    rows = [row.text() for row in parse(as_admin.get("/people/")).css("tbody tr")]
    assert len(rows) == 3 and "support" in rows[-1] and "Switched off" in rows[-1]
    (viewers,) = [row for row in rows if "viewer" in row]
    assert "Viewer" in viewers and "On" in viewers and "never" in viewers
    (found,) = parse(as_admin.get("/people/?q=SUE@")).css("tbody tr")
    assert "sue@example.org" in found.text()
    assert "Nobody matches “zzz”" in as_admin.get("/people/?q=zzz").text
    assert as_admin.get("/people/?page=99999999999999999999").status_code == 200


def test_the_list_asks_the_database_as_often_for_many_as_for_few(
    as_admin, django_assert_max_num_queries
):
    as_admin.get("/people/")
    for number in range(30):
        person(f"somebody{number}", "viewer")
    with django_assert_max_num_queries(8):
        as_admin.get("/people/")


def test_a_role_holds_from_the_next_request_on(as_admin, support, as_support):
    as_admin.post(f"/people/{support.pk}/role/", {"role": "viewer"})
    assert as_support.get("/audit/").status_code == 403
    assert actions()[0] == "role_set"


def test_a_refused_change_of_names_says_so_and_changes_nothing(as_admin, support, viewer):
    fields = {"username": "viewer", "first_name": "Sue", "last_name": "", "email": ""}
    answer = as_admin.post(f"/people/{support.pk}/details/", fields)
    support.refresh_from_db()
    assert answer.status_code == 400 and "There is already a user viewer" in answer.text
    assert (support.username, support.first_name) == ("support", "")
    assert parse(answer).css("h1")[0].text() == "support"


def test_saving_unchanged_details_is_no_event(as_admin, support):
    fields = {"username": "support", "first_name": "", "last_name": "", "email": ""}
    as_admin.post(f"/people/{support.pk}/details/", fields)
    assert actions() == []


def test_somebody_who_is_switched_off_is_out_at_once_and_comes_back_with_the_same_role(
    as_admin, support
):
    client = signed_in("support")
    as_admin.post(f"/people/{support.pk}/active/", {"active": "no"})
    assert client.get("/sessions/").status_code == 302
    assert actions()[-2:] == ["sign_ins_ended", "person_changed"]
    as_admin.post(f"/people/{support.pk}/active/", {"active": "yes"})
    assert client.get("/sessions/").status_code == 302, "the old sign-in is not back"
    assert signed_in("support").get("/audit/").status_code == 200


def test_the_last_administrator_stays_one(as_admin, admin):
    address = f"/people/{admin.pk}/role/"
    answer = as_admin.post(address, {"role": "viewer"})
    assert answer.status_code == 400 and "the only active administrator" in answer.text
    with pytest.raises(people.LastAdministratorError):
        people.set_active(user=admin, is_active=False, by=Actor.system("test"))
    admin = User.objects.get(pk=admin.pk)
    assert (admin.role, admin.is_active) == ("admin", True) and actions() == []
    person("second", "admin")
    as_admin.post(address, {"role": "viewer"})
    assert User.objects.get(pk=admin.pk).role == "viewer"


def test_nobody_switches_themselves_off(as_admin, admin):
    person("second", "admin")
    assert not parse(as_admin.get(f"/people/{admin.pk}/")).has("#active-head")
    answer = as_admin.post(f"/people/{admin.pk}/active/", {"active": "no"}, follow=True)
    assert "You can’t switch yourself off" in answer.text
    assert User.objects.get(pk=admin.pk).is_active and actions() == []


def test_a_new_password_ends_what_the_old_one_opened(as_admin, support):
    client = signed_in("support")
    as_admin.post(f"/people/{support.pk}/password/", {"password": "another long phrase"})
    assert client.get("/sessions/").status_code == 302
    page = parse(as_admin.get(f"/people/{support.pk}/")).text()
    assert "Signed out everywhere" in page and "Nowhere at the moment" in page


def test_a_weak_password_is_refused_and_not_shown(as_admin, support):
    answer = as_admin.post(f"/people/{support.pk}/password/", {"password": "short77"})
    assert answer.status_code == 400 and "too short" in answer.text
    assert "short77" not in answer.text
    assert User.objects.get(pk=support.pk).check_password(PASSWORD)


def test_a_lost_second_factor_is_reset_with_a_reason(as_admin, support):
    Authenticator.objects.create(user=support, type="totp", data={})
    address = f"/people/{support.pk}/second-factor/reset/"
    assert as_admin.post(address, {"reason": " "}).status_code == 400
    assert Authenticator.objects.exists()
    as_admin.post(address, {"reason": "Lost the phone, seen in person"})
    assert not Authenticator.objects.exists()
    assert "seen in person" in AuditEvent.objects.get(action="second_factor_reset").detail


def test_signing_somebody_out_everywhere(as_admin, support):
    clients = [signed_in("support"), signed_in("support")]
    answer = as_admin.post(f"/people/{support.pk}/sign-ins/end/", follow=True)
    assert "2 sign-ins ended." in answer.text
    assert [client.get("/sessions/").status_code for client in clients] == [302, 302]
    assert as_admin.get("/people/").status_code == 200, "the administrator's own stays"


def test_an_administrator_cannot_touch_a_superuser(as_admin, superuser):
    page = as_admin.get(f"/people/{superuser.pk}/")
    assert "Only a superuser changes a superuser" in page.text
    assert parse(page).css("main form") == []
    for form in ("details", "role", "password", "active", "second-factor/reset", "sign-ins/end"):
        fields = {"username": "x", "role": "viewer", "password": "another long phrase"}
        assert as_admin.post(f"/people/{superuser.pk}/{form}/", fields).status_code == 403
    assert User.objects.get(pk=superuser.pk).check_password(PASSWORD)


def test_hostile_names_are_text(as_superuser, support):
    User.objects.filter(pk=support.pk).update(first_name="<b>x</b>", email="")
    for page in ("/people/", f"/people/{support.pk}/"):
        text = as_superuser.get(page).text
        assert "<b>x</b>" not in text and "&lt;b&gt;x&lt;/b&gt;" in text
