"""Tampering that never reaches a row, and which guard stops it."""

import uuid

import pytest
from django.apps import apps
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.append_only import AppendOnlyError
from tests.audit.factories import record_entry
from tests.audit.tampering.tools import TABLE, all_rows, seal
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db

MODEL, TRIGGER, COMMAND = AppendOnlyError, DatabaseError, CommandError


def _columns() -> str:
    return ", ".join(field.column for field in AuditEvent._meta.concrete_fields)


def _insert_fork() -> None:
    """A row of the right form, with the right key, that follows the one before the last."""
    from django.conf import settings

    last = all_rows()[-1]
    forged = seal(
        last | {"seq": last["seq"] + 1, "event_id": uuid.uuid4()}, settings.AUDIT_KEY.reveal()
    )
    AuditEvent(**forged).save_base(force_insert=True)


def _swap() -> None:
    run_sql(f"UPDATE {TABLE} SET seq = CASE seq WHEN 1 THEN 2 ELSE 1 END WHERE seq < 3")


# What somebody tries -> (how, what stops it)
TAMPERINGS = {
    "row.save()": (lambda: _row().save(), MODEL),
    "row.delete()": (lambda: _row().delete(), MODEL),
    "objects.create()": (lambda: AuditEvent.objects.create(seq=9), MODEL),
    "QuerySet.update()": (lambda: AuditEvent.objects.update(reason="x"), MODEL),
    "QuerySet.delete()": (lambda: AuditEvent.objects.all().delete(), MODEL),
    "bulk_create()": (lambda: AuditEvent.objects.bulk_create([_row()]), MODEL),
    "bulk_update()": (lambda: AuditEvent.objects.bulk_update([_row()], ["reason"]), MODEL),
    "_base_manager.update()": (lambda: AuditEvent._base_manager.update(reason="x"), MODEL),
    "save_base()": (lambda: _row().save_base(), TRIGGER),
    "_raw_delete()": (lambda: AuditEvent.objects.all()._raw_delete("default"), TRIGGER),
    "raw(UPDATE)": (
        lambda: list(AuditEvent.objects.raw(f"UPDATE {TABLE} SET reason = 'x' RETURNING *")),
        TRIGGER,
    ),
    "UPDATE": (lambda: run_sql(f"UPDATE {TABLE} SET reason = 'x'"), TRIGGER),
    "DELETE of the first": (lambda: run_sql(f"DELETE FROM {TABLE} WHERE seq = 1"), TRIGGER),
    "DELETE of the last": (lambda: run_sql(f"DELETE FROM {TABLE} WHERE seq = 2"), TRIGGER),
    "DELETE of all": (lambda: run_sql(f"DELETE FROM {TABLE}"), TRIGGER),
    "swap by UPDATE": (_swap, TRIGGER),
    "INSERT of a copy": (
        lambda: run_sql(f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE seq = 1"),
        TRIGGER,
    ),
    "INSERT of a sealed fork": (_insert_fork, TRIGGER),
    "manage.py flush": (lambda: call_command("flush", interactive=False, verbosity=0), COMMAND),
}
SQLITE_TAMPERINGS = {
    "INSERT OR REPLACE": (
        lambda: run_sql(f"INSERT OR REPLACE INTO {TABLE} SELECT * FROM {TABLE} WHERE seq = 1"),
        TRIGGER,
    ),
    "INSERT OR IGNORE": (
        lambda: run_sql(f"INSERT OR IGNORE INTO {TABLE} SELECT * FROM {TABLE} WHERE seq = 1"),
        TRIGGER,
    ),
    "upsert": (
        lambda: run_sql(
            f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE seq = 1 "
            "ON CONFLICT DO UPDATE SET reason = 'x'"
        ),
        TRIGGER,
    ),
}
POSTGRESQL_TAMPERINGS = {
    "TRUNCATE": (lambda: run_sql(f"TRUNCATE {TABLE}"), TRIGGER),
    "upsert": (
        lambda: run_sql(
            f"INSERT INTO {TABLE} SELECT * FROM {TABLE} WHERE seq = 1 "
            "ON CONFLICT (seq) DO UPDATE SET reason = 'x'"
        ),
        TRIGGER,
    ),
    "MERGE": (
        lambda: run_sql(
            f"MERGE INTO {TABLE} a USING {TABLE} b ON a.seq = b.seq "
            "WHEN MATCHED THEN UPDATE SET reason = 'x'"
        ),
        TRIGGER,
    ),
}
TAMPERINGS |= SQLITE_TAMPERINGS if connection.vendor == "sqlite" else POSTGRESQL_TAMPERINGS


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_stopped_and_leaves_the_log_as_it_was(name):
    record_entry(reason="as it was")
    before = all_rows()
    tamper, stopped_by = TAMPERINGS[name]

    with pytest.raises(stopped_by, match=r"append-only|flushed|refused"), transaction.atomic():
        tamper()

    assert all_rows() == before


def test_no_page_of_the_admin_leads_to_the_log():
    assert [
        model
        for model in apps.get_app_config("audit").get_models()
        if admin.site.is_registered(model)
    ] == []


def _row() -> AuditEvent:
    return AuditEvent.objects.order_by("seq").first()
