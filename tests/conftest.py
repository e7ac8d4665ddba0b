"""Fixtures that every package may use: the people, and a browser's view of the panel for each."""

import pytest
from django.contrib.auth.signals import user_logged_in
from django.test import Client
from django.utils import timezone

from pingadmin.accounts import audit_events
from pingadmin.config import lease_clock
from pingadmin.web import probes
from tests.factories import UserFactory, person

TRUE_LEASE_CLOCK = lease_clock.now

# A plugin comes before the plugins that import it.
pytest_plugins = [
    "tests.support.required_parts",
    "tests.support.canaries",
    "tests.support.simulator",
    "tests.support.panel",
    "tests.support.raw_server",
    "tests.support.deadlines",
    "tests.support.postgres",
    "tests.support.browser",
    "tests.support.openid_provider",
    "tests.support.grouping",
]


@pytest.fixture(autouse=True)
def checkpoint_file(settings, tmp_path):
    """Where this test's checkpoints go: those of another log would rightly refuse this one's."""
    settings.CHECKPOINT_FILE = tmp_path / "checkpoints.jsonl"
    return settings.CHECKPOINT_FILE


@pytest.fixture(autouse=True)
def files_of_this_test(settings, tmp_path, monkeypatch):
    """Outcomes that wait, and readiness as it was a second ago, are another test's business.

    Tests travel in time, and a database stays behind: only the test of that check minds.
    """
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(probes, "MAX_CLOCK_DIFFERENCE_SECONDS", float("inf"))
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0)
    monkeypatch.setattr(probes, "_last", (float("-inf"), []))


@pytest.fixture(autouse=True)
def lease_clock_that_travels(monkeypatch):
    """Tests move the time to where a lease has run out."""
    monkeypatch.setattr(lease_clock, "now", timezone.now)


@pytest.fixture
def true_lease_clock(monkeypatch):
    """The clock of leases as it is, which doesn't travel."""
    monkeypatch.setattr(lease_clock, "now", TRUE_LEASE_CLOCK)


@pytest.fixture
def viewer(db):
    return person("viewer", "viewer")


@pytest.fixture
def support(db):
    return person("support", "support")


@pytest.fixture
def support2(db):
    return person("support2", "support")


@pytest.fixture
def auditor(db):
    return person("auditor", "auditor")


@pytest.fixture
def admin(db):
    return person("admin", "admin")


@pytest.fixture
def superuser(db):
    return UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def as_superuser(superuser):
    return client_of(superuser)


@pytest.fixture
def as_viewer(viewer):
    return client_of(viewer)


@pytest.fixture
def as_support(support):
    return client_of(support)


@pytest.fixture
def as_auditor(auditor):
    return client_of(auditor)


@pytest.fixture
def as_admin(admin):
    return client_of(admin)


def client_of(user) -> Client:
    """A client with that person signed in long ago: their signing in is not written down."""
    client = Client()
    user_logged_in.disconnect(audit_events.record_sign_in)
    client.force_login(user)
    user_logged_in.connect(audit_events.record_sign_in)
    return client
