"""A person's own settings follow them from machine to machine, and change nothing for others."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from pingadmin.accounts import own_settings
from pingadmin.audit.models import AuditEvent
from tests.audit.factories import record_entry
from tests.support.html import parse

pytestmark = pytest.mark.django_db

ADDRESS = "/accounts/settings/"
LAGOS = ZoneInfo("Africa/Lagos")


@pytest.fixture
def elsewhere(auditor):
    """The same person on another machine."""
    client = Client()
    client.force_login(auditor)
    return client


def test_a_zone_is_used_on_every_machine_whatever_its_browser_says(as_auditor, elsewhere):
    head = record_entry("ok")
    elsewhere.cookies["tz"] = "Asia/Tokyo"
    assert parse(elsewhere.get("/audit/")).text(".foot summary") == "Times in Asia/Tokyo (UTC+9)"
    as_auditor.post(ADDRESS, {"zone": "africa/lagos", "next": "/audit/"})
    page = parse(elsewhere.get("/audit/"))
    assert page.text(".foot summary") == "Times in Africa/Lagos (UTC+1)"
    assert page.one(".foot [name=zone]")["value"] == "Africa/Lagos"
    local = head.at.astimezone(LAGOS)
    assert page.text(f"[data-seq='{head.seq}'] time").endswith(f"{local:%H:%M:%S}")
    as_auditor.post(ADDRESS, {"zone": ""})
    assert "Asia/Tokyo" in parse(elsewhere.get("/audit/")).text(".foot summary")


def test_what_is_typed_in_a_filter_is_in_the_own_zone(as_auditor):
    head = record_entry("ok")
    as_auditor.post(ADDRESS, {"zone": "Africa/Lagos"})
    for shift, number in ((-1, 1), (1, 0)):
        since = head.at.astimezone(LAGOS) + timedelta(minutes=shift)
        page = parse(as_auditor.get(f"/audit/?action=resume&since={since:%Y-%m-%dT%H:%M}"))
        assert len(page.css("[data-seq]")) == number


@pytest.mark.parametrize(
    ("zone", "sentence"),
    [
        ("madrid", "Did you mean Europe/Madrid?"),
        ("Mars/Olympus", "Write one such as Europe/Madrid."),
        ("\u202e" * 3, "Write one such as"),
    ],
)
def test_an_unknown_zone_changes_nothing_and_says_what_to_do(as_auditor, auditor, zone, sentence):
    as_auditor.post(ADDRESS, {"zone": "Europe/Madrid"})
    page = parse(as_auditor.post(ADDRESS, {"zone": zone, "next": "/audit/"}, follow=True))
    assert sentence in page.text("main")
    auditor.refresh_from_db()
    assert auditor.own_settings.zone == "Europe/Madrid"


def test_rows_and_keys_stay_as_they_were_left(as_auditor, elsewhere, as_support):
    as_auditor.post(ADDRESS, {"compact": "yes"})
    as_auditor.post(ADDRESS, {"keys": "no"})
    page = parse(elsewhere.get("/audit/"))
    assert page.has("body.compact") and page.one("#help")["data-keys"] == "off"
    other = parse(as_support.get("/audit/"))
    assert not other.has("body.compact") and other.one("#help")["data-keys"] == "on"
    as_auditor.post(ADDRESS, {"compact": "perhaps", "keys": "yes"})
    page = parse(elsewhere.get("/audit/"))
    assert page.has("body.compact") and page.one("#help")["data-keys"] == "off", "nothing changed"
    assert not AuditEvent.objects.exclude(action__in=["read_log", "sign_in"]).exists()


@pytest.mark.parametrize("address", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_it_leads_back_to_the_panel_alone(as_auditor, address):
    assert as_auditor.post(ADDRESS, {"keys": "yes", "next": address}).url == "/"


@pytest.mark.parametrize(
    "stored",
    [None, [], "x", {"zone": 7, "columns": "no", "is_compact": "yes"}, {"zone": "Gone/Away"}],
)
def test_what_another_version_stored_is_passed_over(stored):
    assert own_settings.read(stored) == own_settings.OwnSettings()


@pytest.mark.parametrize("zone", [["Europe/Madrid"], {"a": 1}, 7, None, "Nowhere/Town"])
def test_a_stored_zone_that_makes_no_sense_is_left_out(zone):
    assert own_settings.read({"zone": zone}).zone == ""
