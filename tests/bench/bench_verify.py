"""P8: how fast a whole log of a million events is verified, and in how much memory, beside SHA-256
of the same bytes.

`manage.py audit_verify` runs as people run it, in a process of its own; rounds of it and of the
bare hashing are interleaved. `make bench` takes 200,000 events; the seconds allowed are in
proportion. Run: python -m tests.bench.bench_verify [events]
"""

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import report
from tests.support.processes import CHECKOUT, clean_environment

ROUNDS, BATCH = 5, 10_000
SECONDS_FOR_A_MILLION, MEGABYTES, RATIO = 30, 100, 0.03


def run(events: int = 200_000) -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    environment = clean_environment(
        DJANGO_SETTINGS_MODULE="tests.settings",
        DATABASE_URL=f"sqlite:///{directory}/audit.sqlite3",
        DATA_DIR=str(directory),
        LOG_LEVEL="WARNING",
    )
    try:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.bench.bench_verify",
                "fill",
                str(events),
                str(directory / "bytes"),
            ],
            cwd=CHECKOUT,
            env=environment,
            check=True,
        )
        rounds = [
            (bare(directory / "bytes"), *verified(environment, events)) for _ in range(ROUNDS)
        ]
    finally:
        shutil.rmtree(directory)
    return lines(rounds, events)


def bare(file: Path) -> float:
    """Seconds to hash each event's canonical form, without the time to read them."""
    took = 0.0
    with file.open("rb") as lines:
        while batch := [line[:-1] for _, line in zip(range(BATCH), lines, strict=False)]:
            began = time.perf_counter()
            for line in batch:
                hashlib.sha256(line).hexdigest()
            took += time.perf_counter() - began
    return took


def verified(environment: dict[str, str], events: int) -> tuple[float, float]:
    """Seconds, and the most megabytes that the process held."""
    command = [sys.executable, "-m", "django", "audit_verify", "--json", "--no-event"]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    result = json.loads(process.stdout.read())
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert result["whole"] and result["checked_up_to"] == events, result
    return result["seconds"], usage.ru_maxrss / 1024


def lines(rounds: list[tuple[float, float, float]], events: int) -> list[report.Line]:
    """Speed beside bare hashing; seconds and memory have no baseline."""
    hashing, seconds, memory = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [hashed / took for hashed, took, _ in rounds]
    allowed = SECONDS_FOR_A_MILLION * events / 1_000_000
    name = f"P8 verify {events:,} events"
    return [
        report.line(
            f"{name}, seconds",
            ours=f"{seconds:.1f} s",
            rounds=[took for _, took, _ in rounds],
            goal=f"<= {allowed:g} s",
            is_met=seconds <= allowed,
        ),
        report.line(
            f"{name}, speed",
            ours=f"{events / seconds:,.0f}/s",
            baseline=f"{events / hashing:,.0f}/s",
            rounds=ratios,
            goal=f">= {RATIO}x",
            is_met=statistics.median(ratios) >= RATIO,
        ),
        report.line(
            f"{name}, memory",
            ours=f"{memory:.0f} MB",
            rounds=[held for *_, held in rounds],
            goal=f"< {MEGABYTES} MB",
            is_met=memory < MEGABYTES,
        ),
    ]


def fill(events: int, file: Path) -> None:
    """A sound log of resumes in a new database, and its canonical forms, a line each, in a file."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection, transaction

    from pingadmin.audit.chain import canonical, keys
    from pingadmin.audit.integrity import stored_rows

    call_command("migrate", verbosity=0)
    key_id, key = next(iter(keys.mac_keys().items()))
    columns = ", ".join(stored_rows.COLUMNS)
    values = ", ".join(["%s"] * len(stored_rows.COLUMNS))
    insert = f"INSERT INTO audit_auditevent ({columns}) VALUES ({values})"
    head = canonical.GENESIS
    with file.open("wb") as lines, transaction.atomic(), connection.cursor() as cursor:
        # The trigger looks at the tail for each row, which is not what is measured here.
        cursor.execute("DROP TRIGGER audit_only_append")
        for first in range(1, events + 1, BATCH):
            batch = []
            for seq in range(first, min(first + BATCH, events + 1)):
                values = event(seq, key_id, head)
                lines.write(canonical.encode(values) + b"\n")
                head = canonical.hash_values(values)
                values |= {"row_hash": head, "mac": canonical.compute_mac(head, key)}
                batch.append(stored(values))
            cursor.executemany(insert, batch)


def event(seq: int, key_id: str, head: str) -> dict:
    """The intents and outcomes of a busy panel, in canonical form."""
    is_intent = seq % 2 == 1
    at = datetime.fromtimestamp(1_780_000_000 + seq * 7, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return dict(  # noqa: C408 - thirty quoted names would say no more
        schema_version=1,
        seq=seq,
        event_id=str(uuid.UUID(int=seq)),
        at=at,
        story=seq - (not is_intent),
        action="resume",
        phase="intent" if is_intent else "outcome",
        result="" if is_intent else "ok",
        verified=None if is_intent else True,
        actor_kind="person",
        actor_id="7",
        actor_name="ana",
        actor_role="support",
        source_address="192.0.2.7",
        request_id=f"req-{seq}",
        alias="ping",
        session_id=f"ses_{seq // 2:010x}",
        client="acme-mobile",
        reason="Customer approved" if is_intent else "",
        ticket=f"INC-{seq // 2}",
        attempt=str(uuid.UUID(int=seq // 2)),
        batch="",
        upstream_status=None if is_intent else 200,
        upstream_code="",
        shown='{"age_s":12,"paused":"stated","source":"event stream","state":"connected"}'
        if is_intent
        else "",
        detail="" if is_intent else '{"elapsed_ms":214,"message":"Session resumed."}',
        snapshot_before=seq if is_intent else None,
        snapshot_after=None,
        key_id=key_id,
        prev_hash=head,
    )


def stored(values: dict) -> list:
    """In the form that SQLite keeps them in."""
    kept = values | {
        "at": values["at"][:-1].replace("T", " "),
        "event_id": values["event_id"].replace("-", ""),
    }
    from pingadmin.audit.integrity import stored_rows

    return [kept[name] for name in stored_rows.COLUMNS]


if __name__ == "__main__":
    if sys.argv[1:2] == ["fill"]:
        fill(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        sys.exit(report.tell(run(int(sys.argv[1]) if sys.argv[1:] else 1_000_000)))
