"""P9: the chart of a session with a million snapshots, by index seeks, beside GROUP BY over its
history.

Both give the same points, from the question to the last of them; the drawing is not counted. GROUP
BY finds each bucket's first and last answer, from which the same rates follow. The history has
counters that fall back, failed look-ups and silences. Rounds take turns. That both are what reading
every row gives is for the tests (tests/remote_sessions/history/test_traffic.py). PostgreSQL is
measured where its programs are found. Run: python -m tests.bench.bench_chart [rows]
"""

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench import report

ROUNDS, ROWS = 5, 1_000_000
GOAL = 40
BEGAN = datetime(2025, 11, 22, tzinfo=UTC)
NOT_WATCHED = "the collector was restarted"

_GROUPED = """
    SELECT first_at / %(step)s AS bucket, min(first_at), max(first_at),
        max(first_at + COALESCE(lasted, 0)),
        min(uploaded_bytes + COALESCE(uploaded_before, 0)),
        max(uploaded_bytes + COALESCE(uploaded_before, 0)),
        min(downloaded_bytes + COALESCE(downloaded_before, 0)),
        max(downloaded_bytes + COALESCE(downloaded_before, 0))
    FROM remote_sessions_statussnapshot
    WHERE session_id = %(session)s AND first_at <= %(until)s
        AND uploaded_bytes IS NOT NULL AND downloaded_bytes IS NOT NULL
    GROUP BY bucket ORDER BY bucket
"""
_NAMES = (
    "session_id first_at source state failure uploaded_bytes downloaded_bytes"
    " uploaded_before downloaded_before"
)
_COLUMNS = _NAMES.split()


def run(rows: int = ROWS) -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{directory}/chart.sqlite3",
        "DATA_DIR": str(directory),
        "LOG_LEVEL": "WARNING",
    }
    import django

    django.setup()
    try:
        return [measured(rows), on_postgresql(rows)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def measured(rows: int) -> report.Line:
    from django.core.management import call_command
    from django.db import connection

    from pingadmin.remote_sessions.history.traffic import align_to_step, choose_step, load_rates
    from pingadmin.remote_sessions.recording.observations import ensure_session

    call_command("migrate", verbosity=0)
    session = ensure_session("ping", "ses_long")
    end = write_history(session, rows)
    gaps = find_unwatched(end)
    step = choose_step(BEGAN, end)
    begin, until = align_to_step(BEGAN, end, step)
    taken = {"seeks": [], "grouped": []}
    for _ in range(ROUNDS):
        ours, seconds = timed(lambda: load_rates(session, begin, until, step, gaps))
        taken["seeks"].append(seconds)
        theirs, seconds = timed(lambda: grouped(session, begin, until, step, gaps))
        taken["grouped"].append(seconds)
        assert ours == theirs, "the same points"
    assert sum(point.up is not None for point in ours) > len(ours) / 2, "most of them known"
    ratios = [slow / fast for fast, slow in zip(*taken.values(), strict=True)]
    seeks, slow = (statistics.median(times) * 1000 for times in taken.values())
    return report.line(
        f"P9 chart of {rows:,} snapshots, {len(ours)} points, {connection.vendor}",
        ours=f"{seeks:.1f} ms",
        baseline=f"{slow:.0f} ms GROUP BY",
        rounds=ratios,
        goal=f">= {GOAL}x",
        is_met=statistics.median(ratios) >= GOAL,
    )


def write_history(session, rows: int) -> datetime:
    """An answer about every 30 s; the end of it."""
    from django.db import connection

    from pingadmin.remote_sessions.fields import EPOCH, MILLISECOND
    from pingadmin.remote_sessions.models import StatusSnapshot

    table, columns = StatusSnapshot._meta.db_table, ", ".join(_COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in history(session.pk, rows):
                    copy.write_row(row)
            cursor.execute(f"ANALYZE {table}")
        else:
            places = ", ".join(["%s"] * len(_COLUMNS))
            cursor.execute("BEGIN")
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({places})", history(session.pk, rows)
            )
            cursor.execute("COMMIT")
        cursor.execute(f"SELECT max(first_at) FROM {table}")
        return EPOCH + cursor.fetchone()[0] * MILLISECOND


def history(session_id: int, rows: int):
    """Rows as the database holds them."""
    from pingadmin.remote_sessions.fields import milliseconds

    chance, at = random.Random(9).random, milliseconds(BEGAN)
    up = down = 0
    bases = [None, None]
    for _ in range(rows):
        at += (600_000 if chance() < 0.0005 else 30_000) + int(chance() * 999)
        if chance() < 0.0002:
            bases, up, down = [(bases[0] or 0) + up, (bases[1] or 0) + down], 0, 0
        up, down = up + int(chance() * 10**5), down + int(chance() * 10**6)
        said = ("", "t", None, None) if chance() < 0.01 else ("c", "", up, down)
        yield (session_id, at, "s", *said, *bases)


def find_unwatched(end: datetime) -> list:
    """Six gaps of 20 minutes."""
    from pingadmin.remote_sessions.history.coverage import CoverageGap

    span = (end - BEGAN) / 7
    return [
        CoverageGap(BEGAN + span * each, BEGAN + span * each + timedelta(minutes=20), NOT_WATCHED)
        for each in range(1, 7)
    ]


def grouped(session, begin: int, until: int, step: int, gaps):
    """The same points by GROUP BY: each bucket's first and last answer stand for all of its
    answers.
    """
    from django.db import connection

    from pingadmin.remote_sessions.history.traffic import (
        SILENCE_MS,
        CounterReading,
        compute_rates,
    )

    with connection.cursor() as cursor:
        cursor.execute(_GROUPED, {"step": step, "session": session.pk, "until": until + step})
        buckets = cursor.fetchall()
    firsts = [CounterReading(row[1], row[1], row[4], row[6]) for row in buckets]
    lasts = [CounterReading(row[2], row[3], row[5], row[7]) for row in buckets]
    readings, position = [], 0
    for edge in range(begin, until + step, step):
        while position < len(buckets) and firsts[position].first_ms <= edge:
            position += 1
        readings.append(
            (
                edge,
                lasts[position - 1] if position else None,
                firsts[position] if position < len(firsts) else None,
            )
        )
    return compute_rates(readings, gaps, silence_ms=max(SILENCE_MS, 2 * step))


def on_postgresql(rows: int) -> report.Line:
    """The same on a cluster of its own."""
    import environ
    import pytest
    from django.db import connections

    from tests.support.postgres import start_postgres

    try:
        cluster = start_postgres()
    except pytest.skip.Exception as why:
        return report.skipped(f"P9 chart of {rows:,} snapshots, postgresql", str(why))
    try:
        config = environ.Env.db_url_config(cluster.create_database())
        connections.databases["default"] = (
            connections.databases["default"] | {"OPTIONS": {}} | config
        )
        connections["default"].close()
        del connections["default"]
        line = measured(rows)
        connections["default"].close()
        return line
    finally:
        cluster.close()
        shutil.rmtree(cluster.directory)


def timed(call) -> tuple[object, float]:
    began = time.perf_counter()
    return call(), time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(report.tell(run(*map(int, sys.argv[1:]))))
