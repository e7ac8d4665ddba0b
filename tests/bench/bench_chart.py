"""P9: the chart of a session with a million snapshots, by index seeks, beside GROUP BY over its history.

Both give the same points: GROUP BY finds each bucket's first and last answer, from which the same rates follow. The
history has counters that fall back, failed look-ups and silences. Rounds take turns. That both are what reading every
row gives is for the tests (tests/remote_sessions/test_traffic.py). Run: python -m tests.bench.bench_chart [rows]
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
    SELECT first_at / %(step)s AS bucket, min(first_at), max(first_at), max(last_at),
        min(uploaded_bytes + COALESCE(uploaded_before, 0)), max(uploaded_bytes + COALESCE(uploaded_before, 0)),
        min(downloaded_bytes + COALESCE(downloaded_before, 0)), max(downloaded_bytes + COALESCE(downloaded_before, 0))
    FROM remote_sessions_statussnapshot
    WHERE session_id = %(session)s AND first_at <= %(until)s
        AND uploaded_bytes IS NOT NULL AND downloaded_bytes IS NOT NULL
    GROUP BY bucket ORDER BY bucket
"""


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
        return [measured(rows)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def measured(rows: int) -> report.Line:
    from django.core.management import call_command

    from pingadmin.remote_sessions.sightings import ensure_session
    from pingadmin.remote_sessions.traffic import edges_of, step_for, traffic

    call_command("migrate", verbosity=0)
    session = ensure_session("ping", "ses_long")
    end = write_history(session, rows)
    holes = not_watched(end)
    step = step_for(BEGAN, end)
    begin, until = edges_of(BEGAN, end, step)
    taken = {"seeks": [], "grouped": []}
    for _ in range(ROUNDS):
        ours, seconds = timed(lambda: traffic(session, begin, until, step, holes))
        taken["seeks"].append(seconds)
        theirs, seconds = timed(lambda: grouped(session, begin, until, step, holes))
        taken["grouped"].append(seconds)
        assert ours == theirs, "the same points"
    assert sum(point.up is not None for point in ours) > len(ours) / 2, "most of them known"
    ratios = [slow / fast for fast, slow in zip(*taken.values(), strict=True)]
    seeks, slow = (statistics.median(times) * 1000 for times in taken.values())
    return report.line(
        f"P9 chart of {rows:,} snapshots, {len(ours)} points",
        ours=f"{seeks:.1f} ms",
        baseline=f"{slow:.0f} ms GROUP BY",
        rounds=ratios,
        goal=f">= {GOAL}x",
        is_met=statistics.median(ratios) >= GOAL,
    )


def write_history(session, rows: int) -> datetime:
    """An answer about every 30 s; the end of it."""
    from pingadmin.remote_sessions.many_rows import insert_many
    from pingadmin.remote_sessions.models import StatusSnapshot

    names = "uploaded_before downloaded_before first_at last_at source state failure uploaded_bytes downloaded_bytes"
    chance, at = random.Random(9), BEGAN
    up = down = up_before = down_before = 0
    chunk = []
    for number in range(rows):
        at += timedelta(seconds=600 if chance.random() < 0.0005 else 30, milliseconds=chance.randrange(999))
        if chance.random() < 0.0002:
            up_before, down_before, up, down = up_before + up, down_before + down, 0, 0
        up, down = up + chance.randrange(10**5), down + chance.randrange(10**6)
        said = ("", "timed_out", None, None) if chance.random() < 0.01 else ("connected", "", up, down)
        chunk.append((up_before, down_before, at, at, "stream", *said, session.pk, 1, None, None))
        if len(chunk) == 20_000 or number == rows - 1:
            columns = [*names.split(), "session", "times", "paused", "duration_seconds"]
            insert_many(StatusSnapshot, columns, chunk)
            chunk = []
    return at


def not_watched(end: datetime) -> list:
    """Some stretches that nobody watched."""
    from pingadmin.remote_sessions.coverage import Gap

    span = (end - BEGAN) / 7
    return [Gap(BEGAN + span * each, BEGAN + span * each + timedelta(minutes=20), NOT_WATCHED) for each in range(1, 7)]


def grouped(session, begin: int, until: int, step: int, holes):
    """The same points by GROUP BY: each bucket's first and last answer stand for all of its answers."""
    from django.db import connection

    from pingadmin.remote_sessions.traffic import SILENCE_MS, Answer, broken_at, points

    with connection.cursor() as cursor:
        cursor.execute(_GROUPED, {"step": step, "session": session.pk, "until": until + step})
        buckets = cursor.fetchall()
    firsts = [Answer(row[1], row[1], row[4], row[6]) for row in buckets]
    lasts = [Answer(row[2], row[3], row[5], row[7]) for row in buckets]
    around, place = [], 0
    for edge in range(begin, until + step, step):
        while place < len(buckets) and firsts[place].first <= edge:
            place += 1
        around.append((edge, lasts[place - 1] if place else None, firsts[place] if place < len(firsts) else None))
    return points(around, broken_at(holes), silence=max(SILENCE_MS, 2 * step))


def timed(call) -> tuple[object, float]:
    began = time.perf_counter()
    return call(), time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(report.tell(run(*map(int, sys.argv[1:]))))
