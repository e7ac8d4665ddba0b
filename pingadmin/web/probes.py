"""Answers the operator's two probes: is the process alive, and can it do its work?"""

from collections.abc import Callable

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# What other packages add: each returns a line for each thing that is wrong.
READINESS_CHECKS: list[Callable[[], list[str]]] = []


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
    return [fault for find_faults in READINESS_CHECKS for fault in find_faults()]


def _plain_text(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
