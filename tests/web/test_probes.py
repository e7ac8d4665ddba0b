"""/healthz and /readyz: alive is not the same as able (T45)."""

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from pingadmin.web import probes


def test_alive_asks_no_database(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"alive\n")
    assert answer["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_probe_needs_no_tls(client, db, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(path).status_code == 200
    assert client.get(f"{path}/x").status_code == client.get("/sessions/").status_code == 301


def test_a_sound_panel_is_ready(client, db):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (200, b"ready\n")


def test_a_waiting_migration_makes_it_unready(client, db):
    MigrationRecorder.Migration.objects.filter(app="accounts").order_by("name").last().delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503 and b"migrations: 1 waiting" in answer.content


def test_an_unreachable_database_makes_it_unready(client, monkeypatch):
    def refuse():
        raise OperationalError("password=hunter2")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.content == b"database: cannot be reached\n"


def test_an_audit_log_that_takes_no_writes_makes_it_unready(client, db):
    if connection.vendor != "sqlite":
        pytest.skip("needs SQLite's query_only")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
        try:
            answer = client.get("/readyz")
        finally:
            cursor.execute("PRAGMA query_only = OFF")
    assert answer.status_code == 503 and b"audit: the log takes no event" in answer.content


def test_a_missing_audit_table_makes_it_unready(client, db, monkeypatch):
    from django.apps import apps

    monkeypatch.setattr(apps.get_model("audit", "AuditEvent")._meta, "db_table", "no_such_table")
    assert "audit" in [fault.check for fault in probes.find_faults()]


def test_asking_writes_no_audit_event(client, db):
    from django.apps import apps

    client.get("/readyz")
    assert not apps.get_model("audit", "AuditEvent").objects.exists()
