"""On PostgreSQL: whether the role that we are owns the audit log, and so may grant and change."""

from django.db import connection

from pingadmin.audit.models import AuditEvent


def owns_log() -> bool | None:
    """Whether it does, by itself or as a member of the owner; None where there is no such table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(current_user, relowner, 'MEMBER') FROM pg_class"
            " WHERE oid = to_regclass(%s)",
            [AuditEvent._meta.db_table],
        )
        row = cursor.fetchone()
    return row[0] if row else None
