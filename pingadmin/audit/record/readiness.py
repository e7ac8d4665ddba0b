"""What /readyz says of the audit log."""

from django.db import DatabaseError, connection, transaction

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import database_file, restore_guard


def find_faults() -> list[str]:
    """A line for each thing that keeps the log from taking events. Needs migrated tables."""
    if not _try_empty_insert():
        return ["audit: the log cannot be written, so nothing can be resumed"]
    problems = [database_file.health_problem(), restore_guard.health_problem()]
    return [problem for problem in problems if problem]


def _try_empty_insert() -> bool:
    """Inserts no row, which still needs the table, the right to write, and a writable database."""
    table = connection.ops.quote_name(AuditEvent._meta.db_table)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608
    except DatabaseError:
        return False
    return True
