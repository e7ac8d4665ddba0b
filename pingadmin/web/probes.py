"""Answers the operator's two probes: is the process alive, and can it do its work?"""

from collections.abc import Callable

from django.apps import apps
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# What other packages add: each returns what is wrong as one line, "" while nothing is.
READINESS_CHECKS: list[Callable[[], str]] = []


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answers without the database: a process that waits for one is alive."""
    return _plain_text("alive", 200)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200, or 503 with a line for each thing that is wrong."""
    faults = _faults()
    return _plain_text("\n".join(faults) or "ready", 503 if faults else 200)


def _faults() -> list[str]:
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return ["database: cannot be reached"]
    # The further checks rest on the tables, so they are asked only once those are there.
    if waiting:
        return [f"migrations: {len(waiting)} waiting, run manage.py migrate"]
    if not _can_write_audit_log():
        return ["audit: the log cannot be written, so nothing can be resumed"]
    return [fault for check in READINESS_CHECKS if (fault := check())]


def _can_write_audit_log() -> bool:
    """Inserts no row, which still needs the table, the right to write, and a writable database."""
    table = connection.ops.quote_name(apps.get_model("audit", "AuditEvent")._meta.db_table)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {table} SELECT * FROM {table} WHERE 1 = 0")  # noqa: S608
    except DatabaseError:
        return False
    return True


def _plain_text(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
