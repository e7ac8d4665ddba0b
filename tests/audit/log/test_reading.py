"""Reading the log is in the log, once for a person and hour, and never in the way of reading."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.cache import cache

from pingadmin.audit.log import access
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import trail
from tests.audit.factories import record_entry
from tests.support.queries import refuse_lock

pytestmark = pytest.mark.django_db


def reads():
    return AuditEvent.objects.filter(action="read_log").count()


def test_reading_the_log_is_recorded_once_for_a_person_and_hour(as_auditor, as_support):
    head = record_entry("ok")
    for _ in range(3):
        as_auditor.get("/audit/?actor=ana")
        as_auditor.get(f"/audit/{head.seq}/")
    assert reads() == 1
    as_support.get(f"/audit/{head.seq}/")
    assert [read.actor_name for read in AuditEvent.objects.filter(action="read_log")] == [
        "auditor",
        "support",
    ]


def test_the_same_person_is_recorded_again_in_the_next_hour(as_auditor):
    with time_machine.travel(datetime(2026, 11, 22, 14, 59, tzinfo=UTC), tick=False) as clock:
        as_auditor.get("/audit/")
        clock.shift(120)
        as_auditor.get("/audit/")
        clock.shift(120)
        as_auditor.get("/audit/")
    assert reads() == 2


def test_it_is_recorded_once_even_when_the_cache_forgets(as_auditor):
    as_auditor.get("/audit/")
    cache.clear()
    as_auditor.get("/audit/")
    assert reads() == 1


def test_a_refused_or_failed_request_is_not_recorded_as_reading(as_viewer, as_auditor):
    as_viewer.get("/audit/")
    as_auditor.get("/audit/999/")
    as_auditor.get("/audit/?since=junk")
    assert reads() == 0


def test_the_log_can_be_read_while_it_cannot_be_written(as_auditor, monkeypatch, caplog):
    record_entry("ok")
    with monkeypatch.context() as broken:
        broken.setattr(trail, "_lock", refuse_lock)
        assert "Customer approved" in as_auditor.get("/audit/").text
    assert [record.levelname for record in caplog.records if record.name == access.__name__] == [
        "CRITICAL"
    ]

    as_auditor.get("/audit/")
    assert reads() == 1, "and is recorded as soon as it can be"
