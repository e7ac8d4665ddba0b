"""Puts the steps together: for each account those that follow, list, poll and write, and beside them the chores.

Each step has a thread and a loop of its own, so that nothing that waits for an upstream keeps anything else waiting.
"""

import gc
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from django.conf import settings
from django.db import DatabaseError, connections

from pingadmin import upstream
from pingadmin.collector.lease import BEAT_SECONDS, AnotherRuns, Lease
from pingadmin.collector.loop import Loop
from pingadmin.collector.maintenance import Checkpointer, Pruner, notify
from pingadmin.collector.steps.feed_status import FeedState
from pingadmin.collector.steps.follower import Follower
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.lister import Lister
from pingadmin.collector.steps.poller import Poller
from pingadmin.collector.steps.writer import Writer
from pingadmin.remote_sessions.history import coverage
from pingadmin.resumes.reconcile import reconcile_one

# SIGTERM to the end takes less than 5 s: what still waits for an upstream by then is left.
POLL_ROUND_REST_SECONDS = 0.02
READERS_END_SECONDS = 1.5
WRITERS_END_SECONDS = 2.0
DID_NOT_RUN = "the collector did not run"
WAS_STOPPED = "the collector was stopped"
# How many objects may be made before garbage is looked for: what is remembered of a hundred thousand sessions is none,
# and going through it took a sixth of the time.
GARBAGE_AFTER = 50_000

log = logging.getLogger(__name__)


def rarely_look_for_garbage() -> None:
    """For the whole process."""
    gc.set_threshold(GARBAGE_AFTER)


class Account:
    """One account's parts."""

    def __init__(self, alias: str, threads: ThreadPoolExecutor):
        api = upstream.api_for(alias)
        self.alias = alias
        self.inbox = Inbox(settings.COLLECT_QUEUE_EVENTS)
        self.feed = FeedState(api)
        self.poller = Poller(api, self.inbox, self.feed, threads)
        self.follower = (
            Follower(api, self.inbox, self.feed, self.poller.resync) if api.can_follow else None
        )
        self.lister = Lister(api, self.inbox, self.feed) if api.can_list else None
        self.writer = Writer(alias, self.inbox, self.feed, self.poller.ask_soon)

    def readers(self, stop: threading.Event) -> list[Loop]:
        named = {"follow": self.follower, "list": self.lister, "poll": self.poller}
        parts = [(name, part) for name, part in named.items() if part]
        return [
            Loop(f"{name} {self.alias}", part.step, part.rest_seconds, stop) for name, part in parts
        ]

    def once(self, stop: threading.Event) -> None:
        """One list and one round of polls."""
        if self.lister:
            self.lister.step()
            self.writer.step()
        self.poller.step()
        while not (self.poller.is_idle() or stop.wait(POLL_ROUND_REST_SECONDS)):
            self.poller.send_next()


class Collector:
    """The whole process. `stop` ends it, from any thread or signal."""

    def __init__(self):
        self.stop = threading.Event()
        self.lost_lease = ""
        self._lease = Lease()
        self._threads = ThreadPoolExecutor(
            settings.COLLECT_POLLS_AT_ONCE, thread_name_prefix="poll"
        )
        self._accounts = [Account(alias, self._threads) for alias in upstream.aliases()]
        self._write_stop = threading.Event()

    def run(self) -> None:
        """Collect until `stop` is set. Raises AnotherRuns."""
        rarely_look_for_garbage()
        self._begin()
        readers = [loop for account in self._accounts for loop in account.readers(self.stop)]
        writers = [
            Loop(f"write {account.alias}", account.writer.step, lambda: 0.0, self._write_stop)
            for account in self._accounts
        ]
        chores = self._chores()
        for loop in (*writers, *readers, *chores):
            loop.start()
        self.stop.wait()
        self._end(readers, writers, chores)
        if self.lost_lease:
            raise AnotherRuns(self.lost_lease)

    def run_once(self) -> None:
        """One list and one round of polls for each account, what is due of reconcile, and all of it written."""
        self._begin()
        try:
            for account in self._accounts:
                account.once(self.stop)
            while reconcile_one() and not self.stop.is_set():
                pass
            Checkpointer().step()
        finally:
            self._finish()

    def _begin(self) -> None:
        self._lease.take()
        for account in self._accounts:
            _end_watching(account.alias, DID_NOT_RUN)

    def _chores(self) -> list[Loop]:
        checkpointer, pruner = Checkpointer(), Pruner()
        return [
            Loop("beat", self._beat, lambda: BEAT_SECONDS, self.stop),
            Loop("reconcile", reconcile_one, lambda: 1.0, self.stop),
            Loop("checkpoint", checkpointer.step, checkpointer.rest_seconds, self.stop),
            Loop("notify", notify, lambda: 1.0, self.stop),
            Loop("prune", pruner.step, lambda: 5.0, self.stop),
        ]

    def _beat(self) -> bool:
        try:
            self._lease.renew()
        except AnotherRuns as why:
            self.lost_lease = str(why)
            self.stop.set()
        for account in self._accounts:
            account.feed.save()
        return False

    def _end(self, readers: list[Loop], writers: list[Loop], chores: list[Loop]) -> None:
        """1. Stop reading. 2. Write what was heard. 3. Say until when it was watched, and that we are gone."""
        for account in self._accounts:
            if account.follower:
                account.follower.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        _join(readers, READERS_END_SECONDS)
        self._write_stop.set()
        for account in self._accounts:
            account.writer.stop.set()
            account.inbox.wake()
        _join(writers, WRITERS_END_SECONDS)
        _join(chores, 0.2)
        self._finish()

    def _finish(self) -> None:
        # This thread's connection is as old as the process, and may have died with a database that came back since.
        connections.close_all()
        try:
            for account in self._accounts:
                account.writer.stop.set()
                while account.writer.step():
                    pass
                _end_watching(account.alias, WAS_STOPPED)
                account.feed.off()
                account.feed.save()
            self._lease.end()
        except DatabaseError:
            log.exception("the end could not be written")


def _end_watching(alias: str, why: str) -> None:
    """It lasted until we last said that it did."""
    if end := coverage.find_last_watched_at(alias):
        coverage.end_watching(alias, end, why)


def _join(loops: list[Loop], seconds: float) -> None:
    ends = monotonic() + seconds
    for loop in loops:
        loop.join(max(0.0, ends - monotonic()))
