"""A log whose events were written by two releases, each with its own fields (T49)."""

import pytest

from pingadmin.audit.chain import canonical
from pingadmin.audit.integrity import verification
from pingadmin.audit.models import AuditEvent
from tests.audit.factories import record_event
from tests.audit.tampering.tools import TABLE, drop_triggers
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db


# What another release would write: without the client.
OTHER = 7


@pytest.fixture
def two_versions(monkeypatch):
    """Events of both versions by turns, as while a deploy goes on. Today's is the reader's."""
    today = canonical.VERSION
    fewer = [name for name in canonical.FIELDS[today] if name != "client"]
    monkeypatch.setitem(canonical.FIELDS, OTHER, fewer)
    for version in (OTHER, today, today, OTHER, today):
        monkeypatch.setattr(canonical, "VERSION", version)
        record_event(client=f"client of version {version}")


def test_both_are_verified_in_one_chain(two_versions):
    versions = AuditEvent.objects.oldest_first().values_list("schema_version", flat=True)
    assert set(versions) == {canonical.VERSION, OTHER}
    verified = verification.verify([])
    assert (verified.faults, verified.seq) == ([], 5)


@pytest.mark.parametrize(
    ("column", "seq", "is_edit"),
    [("client", 2, True), ("client", 1, False), ("reason", 1, True), ("reason", 3, True)],
)
def test_each_event_is_hashed_as_its_own_version_says(two_versions, column, seq, is_edit):
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET {column} = 'another' WHERE seq = {seq}")
    assert [fault.seq for fault in verification.verify([]).faults] == ([seq] if is_edit else [])


def test_a_version_cannot_be_changed_afterwards(two_versions):
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET schema_version = {OTHER} WHERE seq = 2")
    assert [fault.seq for fault in verification.verify([]).faults] == [2]
