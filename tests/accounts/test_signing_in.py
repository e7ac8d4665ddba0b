"""Signing in and out: what an honest person and an attacker meet (T76 to T83 of the faults)."""

import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import pytest
import time_machine
from allauth.mfa.totp.internal import auth
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client

from pingadmin.accounts import people
from pingadmin.audit.record.actors import Actor
from tests.support.html import parse
from tests.support.people import PASSWORD

LOGIN = "/accounts/login/"
NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


def sign_in(client, username="support", password=PASSWORD, query="", **extra):
    return client.post(LOGIN + query, {"login": username, "password": password}, **extra)


@pytest.fixture
def visitor():
    return Client()


def test_the_right_password_leads_to_the_start(visitor, support):
    answer = sign_in(visitor)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert visitor.get("/", follow=True).status_code == 200


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(visitor, support):
    def alert(username: str) -> str:
        return parse(sign_in(visitor, username, "not this one")).text('[role="alert"]')

    assert alert("support") == alert("nobody-of-this-name")
    assert "Wrong username or password" in alert("support")


def test_an_unknown_name_costs_as_many_password_hashes_as_a_known_one(
    visitor, support, monkeypatch
):
    hashed = []
    real = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda self, *args: hashed.append(1) or real(self, *args)
    )
    sign_in(visitor, "support", "wrong")
    for_known_name = len(hashed)
    sign_in(visitor, "nobody-of-this-name", "wrong")
    assert for_known_name == len(hashed) - for_known_name == 1


def test_after_five_failures_the_account_takes_no_more_tries(visitor, support):
    assert [sign_in(visitor, password="wrong").status_code for _ in range(5)] == [200] * 5
    answer = sign_in(visitor, password=PASSWORD)
    assert answer.status_code == 429 and b"Wait five minutes" in answer.content
    assert "_auth_user_id" not in visitor.session


def test_an_unknown_account_takes_five_tries_too(visitor, db):
    answers = [sign_in(visitor, "nobody-of-this-name", "wrong").status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_the_account_opens_again_after_five_minutes(visitor, support):
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(6):
            sign_in(visitor, password="wrong")
        clock.shift(timedelta(minutes=5, seconds=1))
        assert sign_in(visitor).status_code == 302


def test_upper_case_is_no_way_around_the_limit(visitor, support):
    names = ["support", "Support", "SUPPORT", "sUpport", "suPport", "supPort"]
    assert [sign_in(visitor, name, "wrong").status_code for name in names] == [200] * 5 + [429]


def test_an_address_has_ten_failures_a_minute_over_all_accounts(visitor, db):
    answers = [sign_in(visitor, f"person-{number}", "wrong").status_code for number in range(11)]
    assert answers == [200] * 10 + [429]


def test_a_forged_forwarded_address_is_not_believed(visitor, db):
    answers = [
        sign_in(
            visitor, f"person-{number}", "wrong", headers={"X-Forwarded-For": f"10.0.0.{number}"}
        )
        for number in range(11)
    ]
    assert answers[-1].status_code == 429


def test_right_passwords_do_not_use_up_the_limit(support):
    assert [sign_in(Client()).status_code for _ in range(35)] == [302] * 35


def test_the_address_of_the_session_changes_when_somebody_signs_in(visitor, support):
    visitor.get(LOGIN)
    session = visitor.session
    session["planted"] = True
    session.save()
    visitor.cookies["session"] = session.session_key
    sign_in(visitor)
    assert visitor.cookies["session"].value != session.session_key
    assert not Session.objects.filter(session_key=session.session_key).exists()


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor, support):
    cookie = sign_in(visitor).cookies["session"]
    assert cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/"


def test_reading_the_sign_out_page_signs_nobody_out(as_support):
    assert as_support.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in as_support.session


def test_signing_out_ends_the_session_on_the_server(as_support):
    session_key = as_support.cookies["session"].value
    assert as_support.post("/accounts/logout/").status_code == 302
    thief = Client()
    thief.cookies["session"] = session_key
    assert thief.get("/sessions/").status_code == 302
    assert not Session.objects.filter(session_key=session_key).exists()


EVIL = [
    "//evil.example",
    "///evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "\\\\evil.example",
    "/\\evil.example",
    "http:evil.example",
    "/%0d%0aSet-Cookie:x=1//evil",
    " //evil.example",
    "data:text/html,x",
]


@pytest.mark.parametrize("there", EVIL)
@pytest.mark.parametrize("way", ["query", "form"])
def test_nobody_is_sent_elsewhere_after_signing_in(visitor, support, there, way):
    data = {"login": "support", "password": PASSWORD}
    if way == "query":
        answer = visitor.post(f"{LOGIN}?next={quote(there)}", data)
    else:
        answer = visitor.post(LOGIN, {**data, "next": there})
    location = urlsplit(answer["Location"])
    assert (
        answer.status_code == 302
        and location.netloc in ("", "testserver")
        and location.scheme == ""
    )
    assert answer["Location"].startswith("/") and not answer["Location"].startswith(("//", "/\\"))


def test_a_page_of_ours_is_returned_to_after_signing_in(visitor, support):
    assert (
        sign_in(visitor, query="?next=/audit/%3Fresult%3Dunknown")["Location"]
        == "/audit/?result=unknown"
    )


def test_a_switched_off_account_cannot_sign_in(visitor, support):
    support.is_active = False
    support.save()
    sign_in(visitor)
    assert "_auth_user_id" not in visitor.session


def test_switching_an_account_off_ends_its_work_at_once(as_support, support):
    assert as_support.get("/sessions/").status_code == 200
    support.is_active = False
    support.save()
    assert as_support.get("/sessions/").status_code == 302


def test_taking_the_role_away_ends_its_rights_at_once(as_auditor, auditor):
    assert as_auditor.get("/audit/").status_code == 200
    people.set_role(user=auditor, role="viewer", by=Actor.system("a test"))
    assert as_auditor.get("/audit/").status_code == 403


def test_a_person_without_a_role_may_sign_in_and_do_nothing(visitor, support):
    support.groups.clear()
    sign_in(visitor)
    assert visitor.get("/", follow=True).redirect_chain[-1][0] == "/accounts/2fa/"
    assert visitor.get("/sessions/").status_code == visitor.get("/audit/").status_code == 403


def test_a_new_password_ends_the_other_browsers_and_keeps_this_one(support):
    here, there = Client(), Client()
    sign_in(here), sign_in(there)
    new = "a wholly other phrase"
    data = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/accounts/password/change/", data).status_code == 302
    assert here.get("/sessions/").status_code == 200
    assert there.get("/sessions/").status_code == 302


def test_a_person_without_a_password_here_reads_where_it_is(as_support, support):
    support.set_unusable_password()
    support.save()
    client = Client()
    client.force_login(support)
    answer = client.get("/accounts/password/change/")
    assert answer.status_code == 403 and b"no password here" in answer.content


@pytest.mark.parametrize(
    "path", ["signup/", "password/reset/", "email/", "3rdparty/", "login/code/"]
)
def test_nobody_signs_up_or_gets_mail(visitor, db, path):
    assert visitor.get(f"/accounts/{path}").status_code == 404


def test_an_authenticator_app_is_set_up_and_then_asked_for(visitor, support):
    sign_in(visitor)
    visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = visitor.get("/accounts/2fa/totp/activate/")
    picture = visitor.get("/accounts/2fa/totp/qr.svg")
    assert picture["Content-Type"] == "image/svg+xml" and b"<svg" in picture.content
    assert visitor.post("/accounts/2fa/totp/activate/", {"code": code_of(page)}).status_code == 302
    assert visitor.get("/accounts/2fa/recovery-codes/").status_code == 200

    other = Client()
    assert sign_in(other)["Location"] == "/accounts/2fa/authenticate/"
    assert other.get("/sessions/").status_code == 302
    assert (
        "doesn’t fit".encode()
        in other.post("/accounts/2fa/authenticate/", {"code": "000000"}).content
    )
    with time_machine.travel(time.time() + 31, tick=False):
        assert other.post("/accounts/2fa/authenticate/", {"code": code_of(page)}).status_code == 302
        assert other.get("/sessions/").status_code == 200


def test_no_picture_is_served_when_nothing_is_being_set_up(visitor, support):
    sign_in(visitor)
    visitor.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert visitor.get("/accounts/2fa/totp/qr.svg").status_code == 404


def test_changing_the_way_of_signing_in_asks_for_the_password_again(as_support):
    answer = as_support.get("/accounts/2fa/totp/activate/")
    assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/")


def code_of(page) -> str:
    """The code that an app would show now for the secret on that page."""
    return auth.format_hotp_value(
        auth.hotp_value(page.context["form"].secret, next(auth.yield_hotp_counters_from_time()))
    )
