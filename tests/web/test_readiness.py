"""Readiness finds what keeps a press or a sign-in from working, and names it."""

import re
import threading
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import guards, trail
from pingadmin.web import probes
from tests.audit.tampering.tools import drop_triggers
from tests.support.html import parse
from tests.support.processes import CHECKOUT
from tests.support.queries import run_sql

READY = "ready\n"


def ask(client: Client) -> tuple[int, str]:
    answer = client.get("/readyz")
    return answer.status_code, answer.text


def test_a_probe_does_what_is_needed_and_leaves_nothing_behind(client, db):
    assert ask(client) == (200, READY)
    for table in ("audit_auditevent", "accounts_cacheentry", "django_session"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone() == (0,), table


@pytest.mark.parametrize(
    ("table", "check"),
    [
        ("audit_auditevent", "audit"),
        ("accounts_cacheentry", "sign_in"),
        ("django_session", "sign_in"),
    ],
)
def test_a_table_that_is_gone_is_named_by_what_does_not_work(client, db, table, check):
    run_sql(f"ALTER TABLE {table} RENAME TO moved_away")
    status, text = ask(client)
    assert status == 503 and text.startswith(f"{check}: ")


def test_triggers_that_somebody_dropped_are_told_and_migrate_creates_them(client, db):
    drop_triggers()
    status, text = ask(client)
    assert status == 200 and text.startswith(f"{READY}warning: triggers: ")
    assert guards.missing_triggers()
    guards.create_missing()
    assert ask(client) == (200, READY)


def test_a_clock_far_from_the_database_s_is_named(client, db, monkeypatch, time_machine):
    monkeypatch.setattr(probes, "MAX_CLOCK_DIFFERENCE_SECONDS", 30)
    assert ask(client) == (200, READY)
    time_machine.move_to(datetime.now(UTC) + timedelta(seconds=90))
    status, text = ask(client)
    # SQLite has no clock of its own.
    is_named = status == 503 and "clock: this machine is 90 s ahead of the database" in text
    assert is_named == (connection.vendor != "sqlite")


def test_a_release_that_is_older_than_its_database_says_so(client, db):
    MigrationRecorder.Migration.objects.create(app="resumes", name="0099_from_the_future")
    status, text = ask(client)
    assert status == 503
    assert text.startswith("release: this release is older than its database (resumes.0099_")


def test_a_data_directory_that_takes_no_file_is_named(client, db, settings, tmp_path):
    settings.DATA_DIR = tmp_path / "file"
    settings.DATA_DIR.write_text("")
    status, text = ask(client)
    assert status == 503 and text.startswith(f"files: DATA_DIR ({settings.DATA_DIR})")


def test_a_check_that_hangs_is_told_to_the_next_probe_and_takes_no_further_thread(
    client, db, monkeypatch
):
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.05)
    goes_on, has_begun = threading.Event(), threading.Event()

    def hang() -> list:
        has_begun.set()
        goes_on.wait(60)
        return []

    monkeypatch.setattr(probes, "_check", hang)
    first = threading.Thread(target=probes.find_faults)
    first.start()
    try:
        assert has_begun.wait(60)
        status, text = ask(client)
        assert status == 503 and "the last check has not ended yet" in text
    finally:
        goes_on.set()
        first.join(60)


def test_the_health_page_and_the_metrics_tell_the_same(as_admin, db):
    drop_triggers()
    run_sql("ALTER TABLE accounts_cacheentry RENAME TO moved_away")
    page = parse(as_admin.get("/collector/"))
    assert page.attributes("[data-fault]", "data-fault") == ["sign_in", "triggers"]
    figures = as_admin.get("/metrics").text
    assert "pingadmin_ready 0.0" in figures
    assert 'pingadmin_fault{check="sign_in"} 1.0' in figures


@pytest.mark.process
def test_who_holds_the_audit_lock_is_named(panel_on_postgres):
    url = panel_on_postgres.environment["DATABASE_URL"]
    visitor = panel_on_postgres.visitor()
    with psycopg.connect(url, application_name="a forgotten psql") as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [trail.LOCK_ID])
        answer = visitor.get("/readyz")
        pid = other.info.backend_pid
    assert answer.status_code == 503
    assert f"another transaction holds its lock: process {pid} of user" in answer.text
    assert "a forgotten psql" in answer.text and "idle in transaction" in answer.text


def test_each_check_stands_in_the_runbook():
    source = "".join(
        (CHECKOUT / "pingadmin" / file).read_text()
        for file in (
            "web/probes.py",
            "audit/record/readiness.py",
            "accounts/readiness.py",
            "resumes/readiness.py",
        )
    )
    checks = set(re.findall(r'Fault\("(\w+)"', source))
    runbook = (CHECKOUT / "docs" / "operating.md").read_text()
    assert checks and [check for check in sorted(checks) if f"`{check}:`" not in runbook] == []


def test_no_event_is_left_by_many_probes(client, db):
    for _ in range(3):
        ask(client)
    assert not AuditEvent.objects.exists()
