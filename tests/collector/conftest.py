"""Fixtures: one account's collector in this process, and whole collectors as processes."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Thread

import pytest

from pingadmin import upstream
from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.follower import Follower
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.poller import Poller
from pingadmin.collector.steps.writer import Writer
from tests.support.clock import ManualClock
from tests.support.panel import panel_environment
from tests.support.processes import python, until

FAST = {
    "COLLECT_LIST_SECONDS": "0.3",
    "COLLECT_POLL_AFTER_SECONDS": "60",
    "COLLECT_POLLS_A_SECOND": "200",
    "LOG_LEVEL": "WARNING",
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def two_accounts(settings) -> None:
    """Ping and AGI, by name alone: nothing is asked of them."""
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping"}, "agi": {"LABEL": "AGI"}}


class AccountCollector:
    """What collects from one account; the test itself takes the steps that need the database."""

    def __init__(self, alias: str, most: int = 50_000):
        self.api = upstream.api_for(alias)
        self.inbox, self.feed = Inbox(most), FeedStatusRecorder(self.api)
        self.threads = ThreadPoolExecutor(4)
        self.poller = Poller(self.api, self.inbox, self.feed, self.threads)
        self.resyncs = []
        self.follower = Follower(self.api, self.inbox, self.feed, self.resyncs.append)
        self.writer = Writer(alias, self.inbox, self.feed, self.poller.poll_soon)
        self._following = None

    def follow(self) -> None:
        """Follow in a thread, again after each break, without the rests between; connected when
        this returns.
        """
        self._following = Thread(target=self._follow, daemon=True)
        self._following.start()
        assert until(lambda: self.resyncs)

    def write_until(self, condition):
        """Write until the condition holds; its value."""
        return until(lambda: self.writer.step() and False or condition())

    def poll(self) -> None:
        """One round of polls, written."""
        self.poller.step()
        assert until(lambda: self.poller.send_next() or self.poller.is_idle())
        self.writer.stop.set()
        self.writer.step()
        self.writer.stop.clear()

    def close(self) -> None:
        self.follower.close()
        self.threads.shutdown()
        if self._following:
            self._following.join(20)

    def _follow(self):
        while not self.follower._is_closed:
            self.follower.step()


@pytest.fixture
def collector_for(db, simulated_upstreams):
    """collector_for(alias) -> what collects from that account."""
    made = []

    def make(alias="ping", **more):
        made.append(AccountCollector(alias, **more))
        return made[-1]

    yield make
    for collector in made:
        collector.close()


class CollectorProcesses:
    """A database with people, a simulator, and collectors that run as processes."""

    def __init__(self, directory, database, environment):
        self.directory, self.database, self.environment = directory, database, environment
        self.processes = []

    def start(self, *arguments, **names):
        log = self.directory / f"collect{len(self.processes)}.log"
        process = python("manage.py", "collect", *arguments, env=self.environment | names, log=log)
        self.processes.append(process)
        return process

    def rows(self, query, *values):
        with closing(sqlite3.connect(self.database, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(query, values)]

    def write(self, statement, *values):
        with closing(sqlite3.connect(self.database, timeout=10)) as connection, connection:
            connection.execute(statement, values)

    def until(self, query, *values):
        """The rows, as soon as there are some."""
        return until(lambda: self.rows(query, *values), seconds=40)


@pytest.fixture
def collectors(tmp_path, furnished_file, simulator):
    database = shutil.copy(furnished_file, tmp_path / "pingadmin.sqlite3")
    environment = panel_environment(tmp_path, f"sqlite:///{database}", simulator) | FAST
    collectors = CollectorProcesses(tmp_path, database, environment)
    collectors.simulator = simulator
    yield collectors
    for process in collectors.processes:
        process.kill()
