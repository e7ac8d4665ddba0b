"""P6: how many sessions a second one process polls of an upstream that takes 20 ms, and what a poll
costs in CPU.

Ours is the collector's poller and writer; naive is requests.get, update_or_create and create, one
session after the other. The CPU of a poll is that of the call alone, beside the same call by a
requests.Session, in one thread. Run: python -m tests.bench polls
"""

import os
import shutil
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from tests.bench import report

ROUNDS, POLLS, NAIVE_POLLS, CALLS, AT_ONCE = 5, 1500, 40, 300, 32


def run() -> list[report.Line]:
    from tests.support.simulator import start_simulator

    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    simulator = start_simulator(directory)
    os.environ |= simulator.environment() | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{directory}/polls.sqlite3",
        "DATA_DIR": str(directory),
        "LOG_LEVEL": "ERROR",
        "COLLECT_POLLS_A_SECOND": "100000",
        "COLLECT_POLLS_AT_ONCE": str(AT_ONCE),
        "UPSTREAM_READ_SLOTS": str(AT_ONCE),
    }
    try:
        return measured(simulator)
    finally:
        simulator.close()
        shutil.rmtree(directory)


def measured(simulator) -> list[report.Line]:
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    ids = [simulator.session("ping", client_id="bench") for _ in range(POLLS)]
    ours, naive, ours_cpu, bare_cpu = [], [], [], []
    for number in range(ROUNDS + 1):
        one, other = cpu_of_ours(ids[0]), cpu_of_bare(simulator, ids[0])
        simulator.fault("delay", seconds=0.02, match="GET */status", times=0)
        fast, slow = polled(ids), naively(simulator, ids[:NAIVE_POLLS])
        simulator.clear_faults()
        if number:  # the first round warms up
            ours, naive = [*ours, fast], [*naive, slow]
            ours_cpu, bare_cpu = [*ours_cpu, one], [*bare_cpu, other]
    rates = [one / other for one, other in zip(ours, naive, strict=True)]
    costs = [one / other for one, other in zip(ours_cpu, bare_cpu, strict=True)]
    return [
        report.line(
            "P6 polls of an upstream with 20 ms",
            ours=f"{statistics.median(ours):,.0f}/s",
            baseline=f"{statistics.median(naive):,.0f}/s",
            rounds=rates,
            goal=">= 30x",
            is_met=statistics.median(rates) >= 30,
        ),
        report.line(
            "P6 CPU of a poll",
            ours=f"{statistics.median(ours_cpu):.2f} ms",
            baseline=f"{statistics.median(bare_cpu):.2f} ms",
            rounds=costs,
            goal="<= 1.3x",
            is_met=statistics.median(costs) <= 1.3,
        ),
    ]


def polled(ids: list[str]) -> float:
    """Polls a second until the last of them is in the database."""
    from django.utils import timezone

    from pingadmin import upstream
    from pingadmin.collector.steps.feed_status import FeedStatusRecorder
    from pingadmin.collector.steps.inbox import Inbox
    from pingadmin.collector.steps.poller import Poller
    from pingadmin.collector.steps.writer import Writer
    from pingadmin.remote_sessions.models import RemoteSession

    begin(ids)
    api = upstream.api_for("ping")
    inbox, feed, threads = Inbox(50_000), FeedStatusRecorder(api), ThreadPoolExecutor(AT_ONCE)
    poller = Poller(api, inbox, feed, threads)
    writer = Writer("ping", inbox, feed, poller.poll_soon)
    polls = RemoteSession.objects.filter(
        source="poll", last_seen_at__gt=timezone.now() - timedelta(hours=1)
    )
    began = time.perf_counter()
    writer.stop.set()
    while polls.count() < len(ids):
        poller.step()
        time.sleep(0.05)
        writer.step()
    took = time.perf_counter() - began
    threads.shutdown()
    return len(ids) / took


def naively(simulator, ids: list[str]) -> float:
    import requests
    from django.utils import timezone

    from pingadmin.demo import cast
    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

    begin(ids)
    began = time.perf_counter()
    for session_id in ids:
        url = f"{simulator.ping_url}/sessions/{session_id}/status"
        body = requests.get(url, headers={"Authorization": cast.PING_KEY}, timeout=5).json()
        now = timezone.now()
        session, _ = RemoteSession.objects.update_or_create(
            alias="ping",
            session_id=session_id,
            defaults={"state": body["status"], "last_seen_at": now, "source": "poll"},
        )
        StatusSnapshot.objects.create(
            session=session, source="poll", state=body["status"], first_at=now, last_at=now
        )
    return len(ids) / (time.perf_counter() - began)


def begin(ids: list[str]) -> None:
    """All of them are known, open, and not observed for long."""
    from django.utils import timezone

    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

    StatusSnapshot.objects.all().delete()
    RemoteSession.objects.all().delete()
    ago = timezone.now() - timedelta(days=1)
    RemoteSession.objects.bulk_create(
        RemoteSession(
            alias="ping", session_id=each, state="created", last_seen_at=ago, source="look-up"
        )
        for each in ids
    )


def cpu_of_ours(session_id: str) -> float:
    """Milliseconds of CPU for one call."""
    from pingadmin import upstream

    api = upstream.api_for("ping")
    return cpu(lambda: api.look_up(session_id))


def cpu_of_bare(simulator, session_id: str) -> float:
    import requests

    from pingadmin.demo import cast

    url = f"{simulator.ping_url}/sessions/{session_id}/status"
    with requests.Session() as http:
        http.trust_env = False
        return cpu(
            lambda: http.get(url, headers={"Authorization": cast.PING_KEY}, timeout=5).json()
        )


def cpu(call) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        call()
    return (time.process_time() - began) * 1000 / CALLS


if __name__ == "__main__":
    sys.exit(report.tell(run()))
