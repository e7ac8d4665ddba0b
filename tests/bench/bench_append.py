"""P7: what an append to the audit log adds to a durable transaction, beside django-auditlog doing
the same.

In one process and one database: a transaction that changes one row, alone, with our append, and
with django-auditlog watching that row. The three take turns, call by call; a cost is a round's
median transaction minus its bare one. django-auditlog is no requirement of ours: without it this
says so and ends well. Run: PYTHONPATH=where/it/is python -m tests.bench.bench_append [database URL]
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from tests.bench import report

ROUNDS, CALLS = 7, 150
GOALS = {"sqlite": 0.7, "postgresql": 1.0}


def run(url: str = "") -> list[report.Line]:
    if find_spec("auditlog") is None:
        return [report.skipped("P7 append added", "django-auditlog is not installed")]
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.bench.auditlog_settings",
        "DATABASE_URL": url or f"sqlite:///{directory}/append.sqlite3",
        "DATA_DIR": str(directory),
        "LOG_LEVEL": "WARNING",
    }
    try:
        return [line(*measure())]
    finally:
        shutil.rmtree(directory)


def measure() -> tuple[str, dict[str, list[float]]]:
    """The database's kind; for each way the median milliseconds of a transaction, a round each."""
    import django

    django.setup()
    from auditlog.context import disable_auditlog
    from auditlog.registry import auditlog
    from django.core.management import call_command
    from django.db import connection

    from pingadmin.accounts.models import User
    from tests.audit.factories import record_event

    call_command("migrate", verbosity=0)
    person = User.objects.create(username="bench")
    auditlog.register(User, include_fields=["first_name"])
    rounds: dict[str, list[float]] = {"bare": [], "ours": [], "auditlog": []}
    for number in range(ROUNDS + 1):
        times: dict[str, list[float]] = {way: [] for way in rounds}
        for call in range(CALLS):
            with disable_auditlog():
                times["bare"].append(timed(person, nothing, f"{number} {call} bare"))
                times["ours"].append(timed(person, appended(record_event), f"{number} {call} ours"))
            times["auditlog"].append(timed(person, nothing, f"{number} {call} theirs"))
        if number:  # the first round warms up
            for way, taken in times.items():
                rounds[way].append(statistics.median(taken))
    return connection.vendor, rounds


def nothing() -> None:
    """What a transaction does beside changing the row."""


def appended(record_event):
    shown = {"state": "connected", "age_s": 12, "source": "event stream", "paused": "stated"}
    return lambda: record_event(
        alias="ping",
        session_id="ses_1",
        client="acme",
        reason="Customer approved",
        ticket="INC-1",
        shown=shown,
    )


def timed(person, more, name: str) -> float:
    from django.db import transaction

    person.first_name = name
    began = time.perf_counter()
    with transaction.atomic():
        person.save(update_fields=["first_name"])
        more()
    return (time.perf_counter() - began) * 1000


def line(vendor: str, rounds: dict[str, list[float]]) -> report.Line:
    pairs = list(zip(rounds["bare"], rounds["ours"], rounds["auditlog"], strict=True))
    ratios = [(ours - bare) / (theirs - bare) for bare, ours, theirs in pairs]
    ours, theirs = (statistics.median(each[way] - each[0] for each in pairs) for way in (1, 2))
    return report.line(
        f"P7 append added on {vendor}",
        ours=f"{ours:.2f} ms",
        baseline=f"{theirs:.2f} ms",
        rounds=ratios,
        goal=f"<= {GOALS[vendor]}",
        is_met=statistics.median(ratios) <= GOALS[vendor],
    )


if __name__ == "__main__":
    sys.exit(report.tell(run(*sys.argv[1:])))
