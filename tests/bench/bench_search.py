"""P13: the box's own records among very many sessions, beside the same among a thousand.

A hundred different queries, a quarter each: whole ids, parts of ids, whole names of clients, parts
of them. Two databases, one small and one large, are asked all hundred in turn, and each round's
medians are compared. PostgreSQL is measured where its programs are found. Run: python -m
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
        return [on_sqlite(sessions, directory), on_postgresql(sessions)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def measured(sessions: int, vendor: str, addresses: list[str]) -> report.Line:
    """addresses: of two empty databases, for few sessions and for many; both are asked in turn."""
    sizes = dict(zip((SMALL, sessions), addresses, strict=True))
    for size, address in sizes.items():
        fill(address, size)
    few, many, ratios = [], [], []
    for _ in range(ROUNDS):
        few.append(ask(sizes[SMALL], SMALL))
        many.append(ask(sizes[sessions], sessions))
        ratios.append(many[-1] / few[-1])
    return report.line(
        f"P13 box among {sessions:,} sessions, median of 100 queries, {vendor}",
        ours=f"{statistics.median(many) * 1000:.1f} ms",
        baseline=f"{statistics.median(few) * 1000:.1f} ms among {SMALL:,}",
        rounds=ratios,
        goal=f"<= {GOAL}x",
        is_met=statistics.median(ratios) <= GOAL,
    )


def use(address: str) -> None:
    """From now on the process asks this database."""
    import environ
    from django.db import connections

    from pingadmin.oversight.search import rare_runs

    connections["default"].close()
    del connections["default"]
    options = {} if address.startswith("postgres") else connections.databases["default"]["OPTIONS"]
    connections.databases["default"] |= {"OPTIONS": options} | environ.Env.db_url_config(address)
    # What one database's ids have in common says nothing of the other's.
    rare_runs._common.clear()


def fill(address: str, sessions: int) -> None:
    from django.core.management import call_command

    from pingadmin.accounts.models import User

    use(address)
    call_command("migrate", verbosity=0)
    User.objects.create_superuser("bench")
    add_sessions(0, sessions)


def ask(address: str, sessions: int) -> float:
    """Seconds: the median of the hundred queries, asked once before to open files and caches."""
    from pingadmin.accounts.models import User

    use(address)
    person = User.objects.get(username="bench")
    median_of_queries(person, sessions)
    return median_of_queries(person, sessions)


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
        assert find_own_records(query, person).records, query
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def on_sqlite(sessions: int, directory: Path) -> report.Line:
    addresses = [f"sqlite:///{directory}/{name}.sqlite3" for name in ("few", "many")]
    return measured(sessions, "sqlite", addresses)


def on_postgresql(sessions: int) -> report.Line:
    """The same on a cluster of its own."""
    import pytest
    from django.db import connections

    from tests.support.postgres import start_postgres

    try:
        cluster = start_postgres()
    except pytest.skip.Exception as why:
        return report.skipped("P13 on postgresql", str(why))
    try:
        addresses = [cluster.create_database(), cluster.create_database()]
        return measured(sessions, "postgresql", addresses)
    finally:
        connections["default"].close()
        cluster.close()
        shutil.rmtree(cluster.directory)


if __name__ == "__main__":
    sys.exit(report.tell(run(*map(int, sys.argv[1:]))))
