"""Where one is signed in, and how one ends it: read from the sessions themselves."""

import json
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from pingadmin.accounts.sign_ins import SignIn, list_sign_ins
from pingadmin.audit.models import AuditEvent
from tests.support.html import parse
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db

PAGE = "/accounts/sign-ins/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/150.0.0.0 Mobile Safari/537.36"
)


def signed_in(agent: str, name: str = "support", address: str = "192.0.2.1") -> Client:
    client = Client(headers={"user-agent": agent}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": name, "password": PASSWORD})
    client.get(PAGE)
    return client


def test_each_browser_is_told_with_its_address_and_this_one_is_marked(support, auditor):
    client = signed_in(FIREFOX)
    signed_in(PHONE, address="2001:db8::7")
    signed_in(FIREFOX, "auditor")
    phone, own = (row.text() for row in parse(client.get(PAGE)).css("#sign-ins li"))
    if "This one" in phone:
        phone, own = own, phone
    assert "Firefox on Linux This one" in own and "from 192.0.2.1" in own
    assert "Chrome on Android" in phone and "from 2001:db8::7" in phone


def test_the_page_does_not_give_the_keys_of_sessions_away(support):
    client = signed_in(FIREFOX)
    signed_in(PHONE)
    page = client.get(PAGE).text
    assert [key for key in Session.objects.values_list("pk", flat=True) if key in page] == []


def test_one_is_ended_and_the_others_stay(support):
    client, phone, tablet = signed_in(FIREFOX), signed_in(PHONE), signed_in("Tablet")
    (tablets,) = [each for each in list_sign_ins(support) if each.browser == "Tablet"]
    client.post(PAGE, {"sign_in": tablets.reference})
    assert tablet.get(PAGE).status_code == 302
    assert phone.get(PAGE).status_code == client.get(PAGE).status_code == 200
    event = AuditEvent.objects.get(action="sign_ins_ended")
    assert event.actor_name == "support"
    assert json.loads(event.detail) == {"count": 1, "person": "support"}


def test_all_others_are_ended_and_this_one_stays(support):
    client, phone = signed_in(FIREFOX), signed_in(PHONE)
    assert "1 sign-in ended." in client.post(PAGE, {"sign_in": "others"}, follow=True).text
    assert phone.get(PAGE).status_code == 302 and client.get(PAGE).status_code == 200


def test_nobody_ends_what_is_not_theirs(support, auditor):
    client, other = signed_in(FIREFOX), signed_in(PHONE, "auditor")
    (theirs,) = list_sign_ins(auditor)
    answer = client.post(PAGE, {"sign_in": theirs.reference}, follow=True)
    assert "had ended already" in answer.text and other.get(PAGE).status_code == 200
    client.post(PAGE, {"sign_in": "others"})
    assert other.get(PAGE).status_code == 200


def test_what_has_ended_is_not_shown(support, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    signed_in(PHONE)
    time_machine.shift(timedelta(minutes=31))
    client = signed_in(FIREFOX)
    assert [each.browser for each in list_sign_ins(support)] == ["Firefox on Linux"]
    signed_in(PHONE)
    support.set_password("another long phrase")
    support.save()
    assert list_sign_ins(support) == []
    assert client.get(PAGE).status_code == 302


def test_a_sign_in_from_before_it_was_kept_is_shown_and_learns_its_address(support, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    client = signed_in(FIREFOX)
    session = client.session
    session["accounts.stamps"] = {
        key: session["accounts.stamps"][key] for key in ("began", "active")
    }
    session.save()
    (old,) = list_sign_ins(support)
    assert (old.address, old.browser) == ("", "")
    assert "A browser that doesn’t say what it is" in client.get(PAGE).text
    time_machine.shift(61)
    client.get(PAGE)
    (known,) = list_sign_ins(support)
    assert (known.address, known.browser) == ("192.0.2.1", "Firefox on Linux")


def test_a_sign_in_that_was_not_used_yet_claims_no_times(support):
    client = signed_in(FIREFOX)
    unused = Client()
    unused.post("/accounts/login/", {"login": "support", "password": PASSWORD})
    last, first = list_sign_ins(support)
    assert first.began_at and (last.began_at, last.active_at) == (None, None)
    rows = parse(client.get(PAGE)).texts("#sign-ins li")
    assert any("not used yet" in row and "last active" not in row for row in rows)


def test_what_a_browser_calls_itself_is_text_and_bounded(support):
    client = signed_in("<script>alert(1)</script>" + "x" * 2000)
    page = client.get(PAGE).text
    assert "<script>alert" not in page and "x" * 61 not in page


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        (FIREFOX, "Firefox on Linux"),
        (PHONE, "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/150.0 Safari/537.36 Edg/150.0", "Edge on Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/19 Safari/605", "Safari on macOS"),
        ("curl/8.9", "curl/8.9"),
        ("", ""),
    ],
)
def test_a_browser_in_a_few_words(agent, browser):
    now = timezone.now()
    assert SignIn("key", now, now, "", agent).browser == browser
