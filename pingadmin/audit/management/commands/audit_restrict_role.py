"""Gives a PostgreSQL role what the panel needs: of the audit log, reading and appending alone.

Run it as the owner of the tables, after each migrate. The panel then runs as that role, which can
neither change the log nor drop its triggers.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.ownership import owns_log

STATEMENTS = [
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {audit} FROM {role}",
    "REVOKE INSERT, UPDATE, DELETE ON {migrations} FROM {role}",
]


class Command(BaseCommand):
    help = (
        "Let a PostgreSQL role use the panel's tables, but only read and append to the audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", help="an existing role that owns nothing and is no superuser")

    def handle(self, *, role: str, **options: Any) -> None:
        if connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles. DATABASE_URL names another database.")
        quote = connection.ops.quote_name
        names = {
            "role": quote(role),
            "audit": quote(AuditEvent._meta.db_table),
            "migrations": quote("django_migrations"),
        }
        with transaction.atomic(), connection.cursor() as cursor:
            _refuse_powerful_role(cursor, role)
            _require_owner()
            for statement in STATEMENTS:
                cursor.execute(statement.format(**names))
        self.stdout.write(
            f"{role} may read and append to the audit log, and cannot change or remove its events."
        )


def _require_owner() -> None:
    """PostgreSQL only warns whoever may not grant, and grants nothing."""
    if not owns_log():
        raise CommandError("Run it with a DATABASE_URL that names the owner of the tables.")


def _refuse_powerful_role(cursor: CursorWrapper, role: str) -> None:
    cursor.execute(
        """
        SELECT rolsuper OR rolreplication OR EXISTS (
            SELECT FROM pg_class WHERE relname = %s AND pg_has_role(%s, relowner, 'MEMBER'))
        FROM pg_roles WHERE rolname = %s
        """,
        [AuditEvent._meta.db_table, role, role],
    )
    row = cursor.fetchone()
    if row is None:
        raise CommandError(
            f"There is no role {role}. Make one: CREATE ROLE {role} LOGIN PASSWORD '…'"
        )
    if row[0]:
        raise CommandError(
            f"{role} is a superuser or owns the audit log: no grant can restrict it. Use another."
        )
