"""P5: how fast events go from the stream into the database, beside the naive way, and how late they
are.

Both read the same bytes from the same socket. Ours is the collector's follower and writer; naive is
iter_lines(chunk_size=1), json, update_or_create and create for each event. The corpus is hostile
(events twice and out of order, garbage, bad UTF-8, unknown types); at the end of each round every
row is compared with a slow exact model. Lateness is from the arrival of an event's bytes to its
commit, at a steady pace. PostgreSQL is measured where its programs are found. Run: python -m
tests.bench stream
"""

import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from tests.bench import report

ROUNDS, SESSIONS, HEARTBEATS, NAIVE_EVENTS = 5, 1000, 40, 150
GOALS = {"sqlite": 40, "postgresql": 120}
LATE_MS, PACED_SECONDS, PACED_MOST, PACES = (
    500,
    3,
    4000,
    (500, 4000, None),
)  # None: as fast as they are taken
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


def run() -> list[report.Line]:
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-bench-"))
    try:
        lines = in_a_process(f"sqlite:///{directory}/stream.sqlite3")
        return lines + on_postgresql()
    finally:
        shutil.rmtree(directory)


def on_postgresql() -> list[report.Line]:
    import pytest

    from tests.support.postgres import start_postgres

    try:
        cluster = start_postgres(durable=True)
    except pytest.skip.Exception as why:
        return [report.skipped("P5 event stream on postgresql", str(why))]
    try:
        return in_a_process(cluster.create_database())
    finally:
        cluster.close()
        shutil.rmtree(cluster.directory)


def in_a_process(url: str) -> list[report.Line]:
    """Django knows one database in a process."""
    with tempfile.TemporaryDirectory(prefix="pingadmin-bench-") as directory:
        names = {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DATABASE_URL": url,
            "DATA_DIR": directory,
        }
        file = Path(directory) / "lines.json"
        subprocess.run(
            [sys.executable, "-m", "tests.bench.bench_stream", str(file)],
            env=os.environ | names | {"LOG_LEVEL": "ERROR"},
            check=True,
            timeout=240,
        )
        return report.load(file)


def measured() -> list[report.Line]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from pingadmin.collector.process import collect_garbage_rarely

    call_command("migrate", verbosity=0)
    collect_garbage_rarely()
    vendor, goal = connection.vendor, GOALS[connection.vendor]
    ours, naive, wrong = [], [], 0
    for number in range(ROUNDS + 1):
        corpus, model = hostile(random.Random(number))
        rate, mistakes = followed(corpus, model)
        wrong += mistakes
        slow = naively(hostile(random.Random(number), sessions=50)[0][:NAIVE_EVENTS])
        if number:  # the first round warms up
            ours.append(rate)
            naive.append(slow)
    ratios = [one / other for one, other in zip(ours, naive, strict=True)]
    right = f"{'100 % right' if not wrong else f'{wrong} rows wrong'}"
    lines = [
        report.line(
            f"P5 event stream on {vendor}, hostile, {right}",
            ours=f"{statistics.median(ours):,.0f}/s",
            baseline=f"{statistics.median(naive):,.0f}/s",
            rounds=ratios,
            goal=f">= {goal}x",
            is_met=statistics.median(ratios) >= goal and not wrong,
        )
    ]
    for pace in PACES:
        late = [lateness(pace) for _ in range(3)]
        lines.append(
            report.line(
                f"P5 p95 from event to row at {f'{pace}/s' if pace else 'full rate'} on {vendor}",
                ours=f"{statistics.median(late):.0f} ms",
                rounds=late,
                goal=f"<= {LATE_MS} ms",
                is_met=statistics.median(late) <= LATE_MS,
            )
        )
    return lines


def hostile(
    chance: random.Random, sessions: int = SESSIONS
) -> tuple[list[bytes], dict[str, list[tuple]]]:
    """Blocks of the stream, and for each session the rows (up, down, base of up) that its history
    must have.
    """
    counted = dict.fromkeys(range(sessions), (0, 0))
    blocks, model, place = [], defaultdict(list), 0
    base = dict.fromkeys(counted, 0)
    for beat in range(HEARTBEATS):
        for number in range(sessions):
            up, down = counted[number]
            if beat and chance.random() < 0.01:  # its counters start again
                base[number] += up
                up = down = 0
            elif beat:
                up, down = up + chance.randint(1, 10**6), down + chance.randint(1, 10**7)
            counted[number] = (up, down)
            place += 1
            kind = "session_heartbeat" if beat else "session_start"
            body = {
                "session_id": f"ses_{number:08x}",
                "client_id": f"client {number} \u2028\x85",
                "event_type": kind,
            }
            body |= {"duration": beat * 30, "uploaded_bytes": up, "downloaded_bytes": down}
            blocks.append(f"id: {place}\ndata: {json.dumps(body, ensure_ascii=False)}\n\n".encode())
            rows = model[body["session_id"]]
            if (up, down, base[number]) not in rows[-1:]:  # the same again makes no new row
                rows.append((up, down, base[number]))
    return spoiled(blocks, chance), model


def spoiled(blocks: list[bytes], chance: random.Random) -> list[bytes]:
    out = []
    for block in blocks:
        luck = chance.random()
        if luck < 0.01:
            out += [block, block]
        elif luck < 0.02 and out:
            out.insert(len(out) - 1, block)
        elif luck < 0.025:
            out += [block, chance.choice(GARBAGE)]
        elif luck < 0.03:
            out.append(block.replace(b"\n", b"\r\n"))
        else:
            out.append(block)
    return out


GARBAGE = [
    b"data: {not json\n\n",
    b'data: {"session_id": "\xff\xfe"}\n\n',
    b'data: {"session_id": "ses_1", "client_id": "x", "event_type": "session_rekeyed"}\n\n',
    b": a comment\n\n",
    b"data: " + b"x" * 70_000 + b"\n\n",
]


class Source:
    """Sends the blocks to whoever connects; pace: events a second, None for as fast as they are
    taken.
    """

    def __init__(self, blocks: list[bytes], pace: float | None = None):
        self._blocks, self._pace = blocks, pace
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        connection, _ = self._server.accept()
        self._connection = connection
        connection.recv(65536)
        connection.sendall(HEAD)
        if self._pace is None:
            connection.sendall(b"".join(self._blocks))
            return
        step = max(1, int(self._pace / 50))
        began = time.monotonic()
        for start in range(0, len(self._blocks), step):
            time.sleep(max(0, began + start / self._pace - time.monotonic()))
            connection.sendall(b"".join(self._blocks[start : start + step]))

    def close(self):
        self._connection.close()
        self._server.close()


class Ours:
    """The collector's own follower and writer at a source; the caller writes."""

    def __init__(self, source: Source):
        from pingadmin.collector.steps.feed_status import FeedStatusRecorder
        from pingadmin.collector.steps.follower import Follower
        from pingadmin.collector.steps.inbox import Inbox
        from pingadmin.collector.steps.writer import Writer
        from pingadmin.config.secret import Secret
        from pingadmin.upstream.ping import PingAPI

        account = {
            "LABEL": "Ping",
            "BASE_URL": source.url,
            "API_KEY": Secret("bench-key-0"),
            "ID_PATTERN": "",
        }
        api = PingAPI(alias="ping", account=account)
        self.inbox = Inbox(50_000)
        self.follower = Follower(api, self.inbox, FeedStatusRecorder(api), lambda at: None)
        self.writer = Writer("ping", self.inbox, FeedStatusRecorder(api), lambda ids: None)
        self._thread = threading.Thread(target=self.follower.step, daemon=True)
        self._thread.start()

    def close(self):
        self.follower.close()
        self._thread.join()


def followed(corpus: list[bytes], model: dict) -> tuple[float, int]:
    """Events a second from the connection to the last row, and how many rows are wrong."""
    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

    forget_all()
    wanted = len(model) * HEARTBEATS
    source = Source(corpus)
    began = time.perf_counter()
    ours = Ours(source)
    last = max(model)
    while not RemoteSession.objects.filter(
        session_id=last, duration_seconds=(HEARTBEATS - 1) * 30
    ).exists():
        ours.writer.step()
    took = time.perf_counter() - began
    ours.close()
    source.close()
    rows = StatusSnapshot.objects.order_by("session_id", "first_at", "id")
    found = defaultdict(list)
    names = ("session__session_id", "uploaded_bytes", "downloaded_bytes", "uploaded_before_reset")
    for session_id, *row in rows.values_list(*names):
        found[session_id].append(tuple(row))
    wrong = sum(found[each] != right for each, right in model.items()) + len(
        set(found) - set(model)
    )
    now = RemoteSession.objects.values_list(
        "session_id", "uploaded_bytes", "downloaded_bytes", "uploaded_before_reset"
    )
    wrong += sum(tuple(row) != model[session_id][-1] for session_id, *row in now)
    return wanted / took, wrong


def naively(blocks: list[bytes]) -> float:
    """Events a second."""
    import requests
    from django.utils import timezone

    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

    forget_all()
    source = Source([*blocks, b'data: {"last": true}\n\n'])
    began, number = time.perf_counter(), 0
    for text in requests.get(source.url, stream=True, timeout=60).iter_lines(chunk_size=1):
        try:
            body = json.loads(text.removeprefix(b"data: "))
        except ValueError:
            continue
        if "last" in body:
            break
        if body.get("event_type") not in ("session_start", "session_heartbeat"):
            continue
        number += 1
        now = timezone.now()
        names = ("uploaded_bytes", "downloaded_bytes")
        facts = {"state": "connected", "duration_seconds": body["duration"]} | {
            name: body[name] for name in names
        }
        session, _ = RemoteSession.objects.update_or_create(
            alias="ping",
            session_id=body["session_id"],
            defaults=facts
            | {"client_name": body["client_id"], "source": "stream", "last_seen_at": now},
        )
        StatusSnapshot.objects.create(
            session=session, source="stream", first_at=now, last_at=now, **facts
        )
    took = time.perf_counter() - began
    source.close()
    return number / took


def lateness(pace: int | None) -> float:
    """The 95th percentile of milliseconds from the arrival of an event to its commit."""
    from django.utils import timezone

    forget_all()
    sessions = min(PACED_MOST, pace * PACED_SECONDS) // HEARTBEATS if pace else SESSIONS
    events = sessions * HEARTBEATS
    corpus, _ = hostile(random.Random(pace), sessions=sessions)
    source = Source(corpus, pace)
    ours = Ours(source)
    late, taken, take = [], [], ours.inbox.take

    def noted(*arguments):
        batch = take(*arguments)
        taken.extend(event.received_at for event in batch.events)
        return batch

    ours.inbox.take = noted
    while len(late) < events:
        ours.writer.step()
        now = timezone.now()
        late += [(now - received_at).total_seconds() * 1000 for received_at in taken]
        taken.clear()
    ours.close()
    source.close()
    return sorted(late)[int(len(late) * 0.95)]


def forget_all() -> None:
    from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan

    StatusSnapshot.objects.all().delete()
    RemoteSession.objects.all().delete()
    WatchSpan.objects.all().delete()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        report.save(measured(), Path(sys.argv[1]))
    else:
        sys.exit(report.tell(run()))
