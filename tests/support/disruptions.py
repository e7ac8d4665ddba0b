"""What goes wrong around a panel: killed processes, other writers, full disks, lapsed leases."""

import contextlib
import os
import resource
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.support.processes import until as poll


@contextlib.contextmanager
def other_writer(panel):
    """Somebody else holds the database's write lock."""
    with contextlib.closing(sqlite3.connect(panel.database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def let_leases_lapse(panel):
    """As if the time had passed that open attempts and bulk resumes may take."""
    lapsed = "SET lease_until = '2020-01-01 00:00:00' WHERE"
    with contextlib.closing(sqlite3.connect(panel.database, timeout=60)) as connection, connection:
        connection.execute(f"UPDATE resumes_resumeattempt {lapsed} is_open")
        connection.execute(f"UPDATE resumes_bulkresume {lapsed} ended_at IS NULL")


def reconcile_until(panel, condition):
    """Run `reconcile` until the condition holds: each run does what is due when it begins."""
    until(lambda: condition() or (panel.manage("reconcile") and condition()))


@contextlib.contextmanager
def reader(panel):
    """Somebody else has the database open, so that its side files are there already."""
    with contextlib.closing(sqlite3.connect(panel.database)) as connection:
        connection.execute("SELECT seq FROM audit_auditevent").fetchall()
        yield


def fill_the_disk(panel):
    """Lets no file of the server grow beyond 4 kB: its writes fail, small new files still fit."""
    for pid in panel.pids():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))


@contextlib.contextmanager
def in_background(act):
    """Run a function while the test goes on; gives the future of its answer."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(act)


def until(condition):
    """Wait for the condition, or fail."""
    assert poll(condition), "this did not come to be in time"


def is_connected(pids: list[int], url: str) -> bool:
    """Whether one of these processes has an open connection to a server (Linux)."""
    port = f":{urlsplit(url).port:04X}"
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    open_sockets = {
        f"socket:[{row[9]}]" for row in rows if row[2].endswith(port) and row[3] == "01"
    }
    held = {
        os.readlink(link)
        for pid in pids
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if link.is_symlink()
    }
    return bool(open_sockets & held)


def ignoring_a_dead_server(act):
    with contextlib.suppress(requests.RequestException):
        act()
