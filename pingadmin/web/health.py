"""Two questions of whoever runs the panel: is the process alive, and could it do its work right now?"""

from collections.abc import Callable

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpResponse
from django.views.decorators.http import require_safe

# What other packages add: each returns what is wrong in one line, '' while nothing is.
CHECKS: list[Callable[[], str]] = []


@login_not_required
@require_safe
def alive(request) -> HttpResponse:
    return _text("alive", 200)


@login_not_required
@require_safe
def ready(request) -> HttpResponse:
    """200, or 503 with a line for each thing that is wrong."""
    faults = _faults()
    return _text("\n".join(faults) or "ready", 503 if faults else 200)


def _faults() -> list[str]:
    try:
        connection.ensure_connection()
        waiting = MigrationExecutor(connection).migration_plan(_all_migrations())
    except DatabaseError:
        return ["database: cannot be reached"]
    if waiting:
        return [f"migrations: {len(waiting)} waiting, run manage.py migrate"]
    if not _audit_can_be_written():
        return ["audit: the log cannot be written, so nothing can be resumed"]
    return [fault for check in CHECKS if (fault := check())]


def _all_migrations() -> list[tuple[str, str]]:
    return MigrationExecutor(connection).loader.graph.leaf_nodes()


def _audit_can_be_written() -> bool:
    """Insert no row: it still needs the table, the right to write to it, and a database that takes writes."""
    table = connection.ops.quote_name(apps.get_model("audit", "AuditEvent")._meta.db_table)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608
    except DatabaseError:
        return False
    return True


def _text(words: str, status: int) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
