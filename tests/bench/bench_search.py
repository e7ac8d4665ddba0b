"""P13: the box's own records among very many sessions, beside the same among a thousand.

A hundred different queries, a quarter each: whole ids, parts of ids, whole names of clients, parts
of them. The database is measured small, then grows and is measured again; each round asks all
hundred, and its median counts. PostgreSQL is measured where its programs are found. Run: python -m
tests.bench.bench_search [sessions]
"""

import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import report

ROUNDS, SMALL, LARGE = 5, 1_000, 200_000
GOAL = 1.3
SESSIONS_OF_A_CLIENT = 25
WORDS = [
    "acme",
    "globex",
    "initech",
    "umbrella",
    "hooli",
    "vandelay",
    "stark",
    "wayne",
    "tyrell",
    "cyberdyne",
]


def run(sessions: int = LARGE) -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{directory}/search.sqlite3",
        "DATA_DIR": str(directory),
        "LOG_LEVEL": "WARNING",
    }
    import django

    django.setup()
    try:
        return [measured(sessions), on_postgresql(sessions)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def measured(sessions: int) -> report.Line:
    from django.core.management import call_command
    from django.db import connection

    from pingadmin.accounts.models import User

    call_command("migrate", verbosity=0)
    person = User.objects.create_superuser("bench")
    add_sessions(0, SMALL)
    small = [median_of_queries(person, SMALL) for _ in range(ROUNDS)]
    add_sessions(SMALL, sessions)
    large = [median_of_queries(person, sessions) for _ in range(ROUNDS)]
    ratios = [many / few for few, many in zip(small, large, strict=True)]
    return report.line(
        f"P13 box among {sessions:,} sessions, median of 100 queries, {connection.vendor}",
        ours=f"{statistics.median(large) * 1000:.1f} ms",
        baseline=f"{statistics.median(small) * 1000:.1f} ms among {SMALL:,}",
        rounds=ratios,
        goal=f"<= {GOAL}x",
        is_met=statistics.median(ratios) <= GOAL,
    )


def session_id_of(number: int) -> str:
    return f"ses_{random.Random(number).getrandbits(40):010x}"


def client_of(number: int) -> str:
    client = number // SESSIONS_OF_A_CLIENT
    return f"{WORDS[client % len(WORDS)]}-{random.Random(-client - 1).getrandbits(28):07x}"


def add_sessions(first: int, last: int) -> None:
    from django.db import connection

    from pingadmin.remote_sessions.models import RemoteSession

    for start in range(first, last, 50_000):
        RemoteSession.objects.bulk_create(
            (
                RemoteSession(
                    alias="ping", session_id=session_id_of(each), client_name=client_of(each)
                )
                for each in range(start, min(start + 50_000, last))
            ),
            batch_size=500 if connection.vendor == "sqlite" else 5000,
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def median_of_queries(person, sessions: int) -> float:
    """Seconds."""
    from pingadmin.oversight.search.own_records import find_own_records

    numbers = [sessions * each // 25 for each in range(25)]
    queries = [session_id_of(each) for each in numbers]
    queries += [session_id_of(each)[6:12] for each in numbers]
    queries += [client_of(each) for each in numbers]
    queries += [client_of(each)[3:-2] for each in numbers]
    taken = []
    for query in queries:
        began = time.perf_counter()
        assert find_own_records(query, person), query
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def on_postgresql(sessions: int) -> report.Line:
    """The same on a cluster of its own."""
    import environ
    import pytest
    from django.db import connections

    from tests.support.postgres import start_postgres

    try:
        cluster = start_postgres()
    except pytest.skip.Exception as why:
        return report.skipped("P13 on postgresql", str(why))
    config = environ.Env.db_url_config(cluster.create_database())
    connections.databases["default"] = connections.databases["default"] | {"OPTIONS": {}} | config
    connections["default"].close()
    del connections["default"]
    try:
        return measured(sessions)
    finally:
        connections["default"].close()
        cluster.close()
        shutil.rmtree(cluster.directory)


if __name__ == "__main__":
    sys.exit(report.tell(run(*map(int, sys.argv[1:]))))
