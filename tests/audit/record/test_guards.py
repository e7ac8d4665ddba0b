"""Every way in which the panel's own process could change or remove a row is refused."""

import uuid

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.append_only import AppendOnlyError
from tests.audit.factories import record_event
from tests.support.coroutines import run_coroutine
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db

ORM = {
    "save": lambda row: row.save(),
    "save of some fields": lambda row: row.save(update_fields=["reason"]),
    "save of a new row": lambda row: AuditEvent(seq=3).save(),
    "delete": lambda row: row.delete(),
    "create": lambda row: AuditEvent.objects.create(seq=3),
    "get_or_create": lambda row: AuditEvent.objects.get_or_create(seq=3),
    "update_or_create": lambda row: AuditEvent.objects.update_or_create(
        seq=1, defaults={"reason": "x"}
    ),
    "queryset update": lambda row: AuditEvent.objects.filter(seq=1).update(reason="x"),
    "queryset delete": lambda row: AuditEvent.objects.all().delete(),
    "bulk_update": lambda row: AuditEvent.objects.bulk_update([row], ["reason"]),
    "bulk_create": lambda row: AuditEvent.objects.bulk_create([AuditEvent(seq=3)]),
    "bulk_create over a row": lambda row: AuditEvent.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["seq"], update_fields=["reason"]
    ),
    "default manager": lambda row: AuditEvent._default_manager.update(reason="x"),
    "base manager": lambda row: AuditEvent._base_manager.filter(seq=1).update(reason="x"),
    "async update": lambda row: run_coroutine(lambda: AuditEvent.objects.aupdate(reason="x")),
    "async delete": lambda row: run_coroutine(AuditEvent.objects.all().adelete),
}

DATABASE = {
    "save_base": lambda row: row.save_base(),
    "raw delete of a queryset": lambda row: AuditEvent.objects.all()._raw_delete("default"),
    "UPDATE": lambda row: run_sql("UPDATE audit_auditevent SET reason = 'x' WHERE seq = 1"),
    "DELETE of the tail": lambda row: run_sql("DELETE FROM audit_auditevent WHERE seq = 2"),
    "DELETE of all": lambda row: run_sql("DELETE FROM audit_auditevent"),
    "INSERT with a hole": lambda row: _insert(seq=9, prev_hash=row.row_hash),
    "INSERT after another row": lambda row: _insert(seq=3, prev_hash="f" * 64),
    "INSERT of a second first": lambda row: _insert(seq=0, prev_hash=canonical.GENESIS),
}

SQLITE = {
    "OR REPLACE of a row": lambda row: _replace(
        "INSERT OR REPLACE", seq=2, prev_hash=row.prev_hash
    ),
    "OR REPLACE by event id": lambda row: _replace(
        "INSERT OR REPLACE", seq=3, prev_hash=row.row_hash, event_id=row.event_id.hex
    ),
    "OR IGNORE with a hole": lambda row: _replace(
        "INSERT OR IGNORE", seq=9, prev_hash=row.row_hash
    ),
    "REPLACE": lambda row: _replace("REPLACE", seq=1, prev_hash=canonical.GENESIS),
}

POSTGRESQL = {
    "TRUNCATE": lambda row: run_sql("TRUNCATE audit_auditevent"),
    "TRUNCATE of many": lambda row: run_sql("TRUNCATE django_session, audit_auditevent CASCADE"),
    "UPDATE of no row": lambda row: run_sql(
        "UPDATE audit_auditevent SET reason = 'x' WHERE seq = 99"
    ),
}

OF_THIS_DATABASE = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor]


@pytest.fixture
def tail():
    record_event(reason="first")
    return record_event(reason="second")


@pytest.mark.parametrize("path", ORM)
def test_every_orm_path_is_refused_and_told_what_to_use(tail, path):
    with pytest.raises(
        AppendOnlyError, match="append-only: write with pingadmin.audit.record.trail.append"
    ):
        ORM[path](tail)

    assert _is_untouched()


@pytest.mark.parametrize("path", DATABASE)
def test_the_database_refuses_what_the_model_cannot_see(tail, path):
    _assert_refused(DATABASE[path], tail)


@pytest.mark.parametrize("path", OF_THIS_DATABASE)
def test_the_database_refuses_its_own_ways_to_replace_and_to_empty(tail, path):
    _assert_refused(OF_THIS_DATABASE[path], tail)


def test_a_fork_is_refused_even_when_a_trigger_is_dropped(tail):
    on_table = " ON audit_auditevent" if connection.vendor == "postgresql" else ""
    with pytest.raises(DatabaseError, match=r"(?i)unique"), transaction.atomic():
        run_sql(f"DROP TRIGGER audit_only_append{on_table}")
        _insert(seq=3, prev_hash=tail.prev_hash)


def test_flush_cannot_empty_the_log(tail):
    with pytest.raises(CommandError):
        call_command("flush", interactive=False, verbosity=0)

    assert _is_untouched()


def test_the_log_is_not_in_the_admin_site():
    assert not admin.site.is_registered(AuditEvent)


def _assert_refused(tamper, row) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        tamper(row)
    assert _is_untouched()


def _is_untouched() -> bool:
    rows = AuditEvent.objects.order_by("seq")
    return all(
        canonical.hash_event(row) == row.row_hash for row in rows
    ) and rows.first().reason in (
        "first",
        "",
    )


def _insert(verb: str = "INSERT", **changed) -> None:
    """A copy of row 1 with other values, behind the ORM's back."""
    columns = [field.column for field in AuditEvent._meta.concrete_fields]
    changed = {"event_id": uuid.uuid4().hex} | changed
    chosen = ", ".join("%s" if column in changed else column for column in columns)
    values = [changed[column] for column in columns if column in changed]
    into, copied = (
        f"audit_auditevent ({', '.join(columns)})",
        f"SELECT {chosen} FROM audit_auditevent WHERE seq = 1",
    )
    run_sql(f"{verb} INTO {into} {copied}", values)


def _replace(verb: str, **changed) -> None:
    """As a program would that has not turned recursive triggers on."""
    run_sql("PRAGMA recursive_triggers = OFF")
    try:
        _insert(verb, **changed)
    finally:
        run_sql("PRAGMA recursive_triggers = ON")
