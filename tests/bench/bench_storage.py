"""P10: the bytes of a session's history, beside the same model as Django's tutorial would have it.

The plain model is what one writes at first: a numbered row, a foreign key with the index that
Django gives it, CharField, BooleanField(null=True), BigIntegerField and DateTimeField, and one
index in (session, first_at). Both tables get the same rows: many sessions, observed in turn, whose
counters grow, but for one answer in four, which is repeated before they do. Then all are observed
again with the same counters, which must lengthen rows and add none. Bytes are those of the table
with its indexes. PostgreSQL is measured where its programs are found. Run: python -m
tests.bench.bench_storage
"""

import os
import random
import shutil
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench import report

ROUNDS, SESSIONS, TURNS = 3, 500, 40
BEGAN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def run() -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{directory}/storage.sqlite3",
        "DATA_DIR": str(directory),
        "LOG_LEVEL": "WARNING",
    }
    import django

    django.setup()
    try:
        return [
            *measured("default", goal=0.4),
            stable_counters(),
            *on_postgresql(directory, goal=0.6),
        ]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def measured(using: str, *, goal: float) -> list[report.Line]:
    """Bytes a row, ours and plain, in rounds with other counters each."""
    from django.core.management import call_command
    from django.db import connections

    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

    call_command("migrate", database=using, verbosity=0)
    sessions = RemoteSession.objects.using(using).bulk_create(
        RemoteSession(alias="ping", session_id=f"ses_{number}") for number in range(SESSIONS)
    )
    plain, figures = plain_model(), []
    for number in range(ROUNDS):
        turns = list(answers_in_turns(sessions, random.Random(number)))
        figures.append([bytes_a_row(model, turns, using) for model in (StatusSnapshot, plain)])
    ratios = [ours / theirs for ours, theirs in figures]
    ours, theirs = figures[ROUNDS // 2]
    return [
        report.line(
            f"P10 history on {connections[using].vendor}",
            ours=f"{ours:.0f} B/row",
            baseline=f"{theirs:.0f} B/row",
            rounds=ratios,
            goal=f"<= {goal}x",
            is_met=sorted(ratios)[ROUNDS // 2] <= goal,
        )
    ]


def plain_model():
    """A snapshot in Django's usual fields."""
    from django.db import models

    class PlainSnapshot(models.Model):
        session = models.ForeignKey(
            "remote_sessions.RemoteSession", on_delete=models.PROTECT, related_name="+"
        )
        source = models.CharField(max_length=16)
        state = models.CharField(max_length=64, blank=True)
        paused = models.BooleanField(null=True)
        duration_seconds = models.BigIntegerField(null=True)
        uploaded_bytes = models.BigIntegerField(null=True)
        downloaded_bytes = models.BigIntegerField(null=True)
        failure = models.CharField(max_length=16, blank=True)
        first_at = models.DateTimeField()
        last_at = models.DateTimeField()
        observation_count = models.PositiveIntegerField(default=1)

        class Meta:
            app_label = "remote_sessions"
            db_table = "bench_plain"
            indexes = [models.Index(fields=["session", "first_at"], name="bench_plain_in_time")]

        def __str__(self):
            return str(self.pk)

    return PlainSnapshot


def answers_in_turns(sessions, chance: random.Random):
    """A turn of answers about every session, some 30 s apart, as the fields of a snapshot."""
    up = {session.pk: chance.randrange(10**7) for session in sessions}
    down = {session.pk: chance.randrange(10**9) for session in sessions}
    for turn in range(TURNS):
        answers = []
        for session in chance.sample(sessions, len(sessions)):
            at = BEGAN + timedelta(
                seconds=30 * turn, milliseconds=chance.randrange(30_000), microseconds=137
            )
            up[session.pk] += chance.randrange(10**6)
            down[session.pk] += chance.randrange(10**8)
            times = 1 if chance.random() < 0.75 else 2
            answers.append(
                {
                    "session_id": session.pk,
                    "source": "stream",
                    "state": "connected",
                    "duration_seconds": 30 * turn,
                    "uploaded_bytes": up[session.pk],
                    "downloaded_bytes": down[session.pk],
                    "first_at": at,
                    "last_at": at
                    + (times - 1) * timedelta(seconds=30, milliseconds=chance.randrange(999)),
                    "observation_count": times,
                }
            )
        yield answers


def bytes_a_row(model, turns, using: str) -> float:
    """What a fresh table takes for these rows, with its indexes, as they were written."""
    from django.db import connections

    table = model._meta.db_table
    with connections[using].schema_editor() as editor:
        if table in connections[using].introspection.table_names():
            editor.delete_model(model)
    empty = taken(table, using)
    with connections[using].schema_editor() as editor:
        editor.create_model(model)
    for answers in turns:
        model.objects.using(using).bulk_create(model(**answer) for answer in answers)
    return (taken(table, using) - empty) / (SESSIONS * TURNS)


def taken(table: str, using: str) -> int:
    """Bytes: of the table and its indexes on PostgreSQL, of all that is in use on SQLite."""
    from django.db import connections

    with connections[using].cursor() as cursor:
        if connections[using].vendor == "postgresql":
            cursor.execute("SELECT coalesce(pg_total_relation_size(to_regclass(%s)), 0)", [table])
            return cursor.fetchone()[0]
        pages, free, page_size = (
            cursor.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * page_size


def stable_counters() -> report.Line:
    """The rows that an hour of equal answers about every session adds."""
    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
    from pingadmin.remote_sessions.recording.observations import record_observation
    from pingadmin.upstream.records import SessionRecord

    added = []
    for session in RemoteSession.objects.order_by("pk")[:ROUNDS]:
        rows = StatusSnapshot.objects.filter(session=session)
        for turn in range(TURNS, TURNS + 120):
            at = BEGAN + timedelta(seconds=30 * turn)
            record = SessionRecord(
                session_id=session.session_id,
                state="connected",
                is_known_state=True,
                client_name="",
                paused=None,
                answered_at=at,
                duration_seconds=30 * turn,
                uploaded_bytes=2**40,
                downloaded_bytes=2**40,
            )
            record_observation(alias="ping", record=record, source="stream")
            if turn == TURNS:
                first = rows.count()
        added.append(rows.count() - first)
    return report.line(
        "P10 rows that an hour of stable counters adds",
        ours=f"{max(added)} rows",
        baseline="119 rows",
        rounds=added,
        goal="0",
        is_met=not any(added),
    )


def on_postgresql(directory: Path, *, goal: float) -> list[report.Line]:
    """The same on a cluster of its own."""
    import environ
    import pytest
    from django.db import connections

    from tests.support.postgres import start_postgres

    try:
        cluster = start_postgres()
    except pytest.skip.Exception as why:
        return [report.skipped("P10 history on postgresql", str(why))]
    try:
        config = environ.Env.db_url_config(cluster.create_database())
        connections.databases["own"] = connections.databases["default"] | {"OPTIONS": {}} | config
        lines = measured("own", goal=goal)
        connections["own"].close()
        return lines
    finally:
        cluster.close()
        shutil.rmtree(cluster.directory)


if __name__ == "__main__":
    sys.exit(report.tell(run()))
