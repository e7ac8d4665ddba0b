"""One command to try the panel: simulator, database, people, background work and web server, all
ended together.
"""

import contextlib
import fcntl
import io
import json
import logging
import os
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from pingadmin.demo import cast
from pingadmin.demo.accounts import ACCOUNTS, PASSWORD
from pingadmin.demo.children import Children
from pingadmin.demo.morning.script import FAULTS, HANDED_OVER, UNKNOWN
from pingadmin.demo.morning.seed import seed_morning

START_SECONDS = 120
MARKER = "running"
# All that a demo makes beside the marker, and so all that the next one may remove.
MADE = [
    "pingadmin.sqlite3",
    "pingadmin.sqlite3-*",
    "audit-checkpoints.*",
    "unrecorded-outcomes.*",
    "world.json",
]


class Command(BaseCommand):
    help = "Try the panel with simulated upstreams, on this machine alone."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000")
        parser.add_argument("--reload", action="store_true", help="reload when a file changes")

    def handle(self, *args: object, port: int, reload: bool, **options: object) -> None:
        port = _find_port(port)
        address, simulator = f"http://127.0.0.1:{port}/", urlsplit(os.environ["PING_BASE_URL"])
        died = ""
        with _demo_directory(), Children() as children:
            _make_tables()
            server = (
                ["runserver", f"127.0.0.1:{port}"] if reload else ["serve", "--port", str(port)]
            )
            # It takes a second to start, in which the morning happens here.
            children.start("the web server", "-m", "pingadmin", *server)
            children.start("the simulator", "-m", "pingadmin.demo", *_have_morning(simulator.port))
            children.start("the collector", "-m", "pingadmin", "collect")
            children.start("the colleague", "-m", "pingadmin", "colleague")
            _wait_until_ready(f"{address}healthz", children)
            self.stdout.write(_welcome(address, f"http://{simulator.netloc}"))
            self.stdout.flush()
            died = children.wait()
        if died:
            raise CommandError(f"{died[0].upper()}{died[1:]}, so everything was ended.")
        self.stdout.write("Everything was ended.")


def _find_port(port: int) -> int:
    """The port, which is free; for 0 a free one."""
    if not 0 <= port <= 65535:
        raise CommandError(
            f"Port {port} cannot be used (there is none). Name another: make demo PORT=8001"
        )
    try:
        with socket.create_server(("127.0.0.1", port)) as listening:
            found: int = listening.getsockname()[1]
            return found
    except OSError as error:
        raise CommandError(
            f"Port {port} cannot be used ({error.strerror}). Name another: make demo PORT=8001"
        ) from error


@contextlib.contextmanager
def _demo_directory() -> Iterator[None]:
    """Everything that a demo writes, empty at the start and ours alone while we run."""
    directory = Path(os.environ["DATA_DIR"])
    with _marker(directory) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"A demo runs in {directory}. End it first, or set DEMO_DIRECTORY."
            ) from None
        for old in [file for pattern in MADE for file in directory.glob(pattern) if file.is_file()]:
            old.unlink()
        yield


def _marker(directory: Path) -> TextIO:
    """The file, opened, that tells a demo's directory from one that holds something else."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        if any(directory.iterdir()) and not (directory / MARKER).is_file():
            raise CommandError(
                f"DEMO_DIRECTORY is {directory}, which is not empty and not a demo's. "
                "Name a new or an empty directory."
            )
        return (directory / MARKER).open("a")
    except OSError as error:
        raise CommandError(
            f"DEMO_DIRECTORY is {directory}, which cannot be used ({error.strerror}). "
            "Name another directory."
        ) from error


def _make_tables() -> None:
    """Tables and roles; in this one process, because starting Django is what takes the time."""
    call_command("migrate", verbosity=0)
    call_command("sync_roles", stdout=io.StringIO())


def _have_morning(port: int | None) -> list[str]:
    """Fill the database, and return the arguments of the simulator that goes on from there."""
    world = Path(os.environ["DATA_DIR"]) / "world.json"
    is_hostile = bool(os.environ.get("HOSTILE", "").strip("0"))
    # What fails on purpose in it is no news for whoever starts the demo.
    logging.disable(logging.WARNING)
    seed_morning(ACCOUNTS, PASSWORD, world, is_hostile=is_hostile)
    logging.disable(logging.NOTSET)
    connections.close_all()
    return ["--port", str(port), "--world", str(world), "--faults", json.dumps(FAULTS)]


def _wait_until_ready(address: str, children: Children) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if dead := children.first_dead():
            raise CommandError(
                f"{dead[0].upper()}{dead[1:]} ended at the start; its output is above."
            )
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):  # noqa: S310
            return
        time.sleep(0.05)
    raise CommandError(f"The web server did not answer within {START_SECONDS} s.")


def _welcome(address: str, simulator: str) -> str:
    return f"""
pingadmin runs at {address}

  Sign in as {", ".join(ACCOUNTS)}; the password is {PASSWORD}.
  Try these: {cast.AGI_PAUSED} (an agent that is paused),
             {HANDED_OVER} (handed over to support), {UNKNOWN} (its last resume got no answer).
  The upstreams are simulated at {simulator} (switches: POST {simulator}/_sim/faults).
  Ctrl-C ends everything. Each start begins with a fresh database. HOSTILE=1 adds hostile names.
"""
