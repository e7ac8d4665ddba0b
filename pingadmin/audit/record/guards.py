"""The triggers that refuse changes of the audit log: are they there, and making them again."""

import importlib

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from pingadmin.audit.models import AuditEvent

_MIGRATION = "0002_guards"
# As that migration creates them.
_TRIGGERS = {
    "sqlite": {"audit_no_update", "audit_no_delete", "audit_only_append"},
    "postgresql": {"audit_no_change", "audit_only_append"},
}


def missing_triggers() -> set[str]:
    """Names of the triggers that somebody dropped or switched off."""
    if connection.vendor == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s"
    else:
        query = (
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname = %s AND tgenabled <> 'D'"
        )
    with connection.cursor() as cursor:
        cursor.execute(query, [AuditEvent._meta.db_table])
        return _TRIGGERS[connection.vendor] - {name for [name] in cursor.fetchall()}


def missing_sentence() -> str:
    """Which are missing and what to do; "" where none is."""
    missing = ", ".join(sorted(missing_triggers()))
    if not missing:
        return ""
    return (
        f"the database no longer refuses changes of the log ({missing}): find out who dropped "
        "that, run audit_verify, then migrate, which creates them again"
    )


def create_missing() -> None:
    """Creates the triggers again that are missing, in a database that should have them."""
    if ("audit", _MIGRATION) not in MigrationRecorder(connection).applied_migrations():
        return
    missing = missing_triggers()
    migration = importlib.import_module(f"pingadmin.audit.migrations.{_MIGRATION}")
    with connection.cursor() as cursor:
        for create, drop in migration.GUARDS[connection.vendor]:
            if any(f"TRIGGER {name}" in drop for name in missing):
                if connection.vendor == "postgresql":
                    # One that was switched off is there all the same.
                    cursor.execute(drop.replace("DROP TRIGGER", "DROP TRIGGER IF EXISTS"))
                cursor.execute(create)
