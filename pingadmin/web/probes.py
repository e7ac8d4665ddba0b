"""Answers the operator's two probes: is the process alive, and can it do its work?

Able means: what a resume and a sign-in need was just done. Each package adds its checks; all of
them together end within about a second, and only one probe at a time makes them.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

LOCK_WAIT_SECONDS = 0.5
# A younger result serves another probe.
FRESH_SECONDS = 1
MAX_CLOCK_DIFFERENCE_SECONDS = 30


@dataclass(frozen=True)
class Fault:
    """check: one word, which is the label of the metric. sentence: what is wrong and what to do.

    is_warning: it does not keep the panel from its work yet.
    """

    check: str
    sentence: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{'warning: ' if self.is_warning else ''}{self.check}: {self.sentence}"


# What other packages add; they need migrated tables.
READINESS_CHECKS: list[Callable[[], list[Fault]]] = []

_lock = threading.Lock()
_last: tuple[float, list[Fault]] = (float("-inf"), [])


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answers without the database: a process that waits for one is alive."""
    return _plain_text("alive", 200)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200, or 503 with a line for each thing that is wrong. Warnings follow in either case."""
    faults = find_faults()
    is_ready = all(fault.is_warning for fault in faults)
    lines = ["ready"] * is_ready + [str(fault) for fault in faults]
    return _plain_text("\n".join(lines), 200 if is_ready else 503)


def find_faults() -> list[Fault]:
    """Makes every check now, or gives the result of a second ago.

    While another thread's checks are under way their last result is given, so that probes of a
    database that hangs don't take all threads.
    """
    global _last
    if not _lock.acquire(timeout=FRESH_SECONDS):
        return [*_last[1], Fault("database", "the last check has not ended yet: it hangs")]
    try:
        made_at, faults = _last
        if monotonic() - made_at >= FRESH_SECONDS:
            faults = _check()
            _last = (monotonic(), faults)
        return faults
    finally:
        _lock.release()


@contextmanager
def short_lock_wait() -> Iterator[None]:
    """A transaction that waits for a lock no longer than a probe may, and leaves nothing behind."""
    milliseconds = int(LOCK_WAIT_SECONDS * 1000)
    is_sqlite = connection.vendor == "sqlite"
    before = 0
    with connection.cursor() as cursor:
        if is_sqlite:
            before = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {milliseconds}")
    try:
        with transaction.atomic():
            if not is_sqlite:
                with connection.cursor() as cursor:
                    cursor.execute(f"SET LOCAL lock_timeout = {milliseconds}")
            yield
            transaction.set_rollback(True)
    finally:
        if is_sqlite:
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA busy_timeout = {before}")


def _check() -> list[Fault]:
    try:
        connection.ensure_connection()
        faults = _schema_faults() or _clock_faults()
    except DatabaseError:
        return [Fault("database", "cannot be reached")]
    # The further checks rest on the tables, so they are made only once those are there.
    if any(fault.check == "migrations" for fault in faults):
        return faults
    return faults + [fault for find in READINESS_CHECKS for fault in find()]


def _schema_faults() -> list[Fault]:
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        return [Fault("migrations", f"{len(waiting)} waiting, run pingadmin setup")]
    applied = MigrationRecorder(connection).applied_migrations()
    apps = executor.loader.migrated_apps
    unknown = {key for key in applied if key[0] in apps} - executor.loader.disk_migrations.keys()
    # A squashed migration stays recorded under the names that it replaces.
    unknown -= {key for each in executor.loader.replacements.values() for key in each.replaces}
    if unknown:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in unknown)[:3])
        sentence = f"this release is older than its database ({names}): start the newer release"
        return [Fault("release", sentence)]
    return []


def _clock_faults() -> list[Fault]:
    if connection.vendor == "sqlite":
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        difference = (timezone.now() - cursor.fetchone()[0]).total_seconds()
    if abs(difference) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return []
    direction = "ahead of" if difference > 0 else "behind"
    sentence = f"this machine is {abs(difference):.0f} s {direction} the database: set its clock"
    return [Fault("clock", sentence)]


def _plain_text(text: str, status: int) -> HttpResponse:
    return HttpResponse(f"{text}\n", status=status, content_type="text/plain; charset=utf-8")
