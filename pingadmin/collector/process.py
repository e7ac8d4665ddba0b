"""The collector as a whole: for each account the steps that follow, list, poll, read tasks
and write.

Each step has a thread and a loop of its own, so that nothing that waits for an upstream keeps
anything else waiting. Beside them runs the maintenance.
"""

import gc
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from time import monotonic
from typing import cast

from django.conf import settings
from django.db import DatabaseError, connections

from pingadmin import upstream
from pingadmin.collector.lease import HEARTBEAT_SECONDS, AnotherCollectorRuns, Lease
from pingadmin.collector.loop import Loop
from pingadmin.collector.maintenance import Checkpointer, Pruner, notify, report_agents
from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.follower import Follower, StreamingAPI
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.lister import Lister, ListingAPI
from pingadmin.collector.steps.pacing import Pacing
from pingadmin.collector.steps.poller import Poller
from pingadmin.collector.steps.scheduled_sender import LOOK_SECONDS, ScheduledSender
from pingadmin.collector.steps.task_reader import TaskReader
from pingadmin.collector.steps.writer import Writer
from pingadmin.oversight.search import text_index
from pingadmin.remote_sessions.history import coverage
from pingadmin.resumes.reconcile import reconcile_one

# From SIGTERM to the end less than 5 s: what still waits for an upstream by then is abandoned.
READERS_STOP_SECONDS = 1.5
WRITERS_STOP_SECONDS = 2.0
MAINTENANCE_STOP_SECONDS = 0.2
POLL_ROUND_REST_SECONDS = 0.02
DID_NOT_RUN = "the collector did not run"
WAS_STOPPED = "the collector was stopped"
# Objects made before garbage is looked for. What is remembered of a hundred thousand sessions is
# none, and going through it took a sixth of the time.
GARBAGE_THRESHOLD = 50_000

Fence = Callable[[], AbstractContextManager[None]]

log = logging.getLogger(__name__)


class AccountCollector:
    """The parts that receive, ask and write for one account."""

    def __init__(self, alias: str, threads: ThreadPoolExecutor, fence: Fence) -> None:
        api = upstream.api_for(alias)
        self.alias = alias
        self.inbox = Inbox(settings.COLLECT_QUEUE_EVENTS)
        self.feed = FeedStatusRecorder(api)
        pacing = Pacing(settings.COLLECT_POLLS_A_SECOND)
        self.poller = Poller(api, self.inbox, self.feed, threads, pacing)
        self.task_reader: TaskReader | None = None
        if api.can_converse:
            self.task_reader = TaskReader(api, self.feed, pacing, fence)
        self.follower: Follower | None = None
        if api.can_follow:
            streaming = cast(StreamingAPI, api)
            self.follower = Follower(streaming, self.inbox, self.feed, self.poller.resync)
        self.lister: Lister | None = None
        if api.can_list:
            self.lister = Lister(cast(ListingAPI, api), self.inbox, self.feed)
        self.writer = Writer(alias, self.inbox, self.feed, self.poller.poll_soon, fence)

    def reader_loops(self, stop: threading.Event) -> list[Loop]:
        steps = {
            "follow": self.follower,
            "list": self.lister,
            "poll": self.poller,
            "read tasks": self.task_reader,
        }
        return [
            Loop(f"{name} {self.alias}", step.step, step.rest_seconds, stop)
            for name, step in steps.items()
            if step
        ]

    def run_once(self, stop: threading.Event) -> None:
        """One list and one round of polls, written."""
        if self.lister:
            self.lister.step()
            self.writer.step()
        self.poller.step()
        while not (self.poller.is_idle() or stop.wait(POLL_ROUND_REST_SECONDS)):
            self.poller.send_next()
        if reader := self.task_reader:
            reader.step()
            while not (reader.is_idle() or stop.wait(POLL_ROUND_REST_SECONDS)):
                reader.step()


class Collector:
    """The whole process. `stop` ends it, from any thread or signal."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self._lease_lost = ""
        self._lease = Lease()
        self._threads = ThreadPoolExecutor(
            settings.COLLECT_POLLS_AT_ONCE, thread_name_prefix="poll"
        )
        self._accounts = [
            AccountCollector(alias, self._threads, self._fence) for alias in upstream.aliases()
        ]
        self._stop_writing = threading.Event()
        self._scheduled = ScheduledSender(self.stop)

    def run(self) -> None:
        """Collects until `stop` is set. Raises AnotherCollectorRuns."""
        gc.set_threshold(GARBAGE_THRESHOLD)
        self._begin()
        readers = [loop for account in self._accounts for loop in account.reader_loops(self.stop)]
        writers = [
            # A writer needs no rest: it waits for its inbox inside the step.
            Loop(f"write {account.alias}", account.writer.step, lambda: 0.0, self._stop_writing)
            for account in self._accounts
        ]
        maintenance = self._maintenance_loops()
        for loop in (*writers, *readers, *maintenance):
            loop.start()
        self.stop.wait()
        self._shut_down(readers, writers, maintenance)
        if self._lease_lost:
            raise AnotherCollectorRuns(self._lease_lost)

    def run_once(self) -> None:
        """One list and one round of polls for each account, and all that is due."""
        self._begin()
        try:
            for account in self._accounts:
                account.run_once(self.stop)
            while reconcile_one() and not self.stop.is_set():
                pass
            self._scheduled.run_once()
            report_agents()
            while text_index.catch_up() and not self.stop.is_set():
                pass
            checkpointer = Checkpointer()
            while checkpointer.step() and not self.stop.is_set():
                pass
        finally:
            self._finish()

    def _begin(self) -> None:
        self._lease.take()
        for account in self._accounts:
            _end_coverage(account.alias, DID_NOT_RUN)

    def _maintenance_loops(self) -> list[Loop]:
        checkpointer, pruner = Checkpointer(), Pruner()
        return [
            Loop("heartbeat", self._renew_heartbeat, lambda: HEARTBEAT_SECONDS, self.stop),
            Loop("reconcile", reconcile_one, lambda: 1.0, self.stop),
            Loop("scheduled", self._scheduled.step, lambda: LOOK_SECONDS, self.stop),
            Loop("checkpoint", checkpointer.step, checkpointer.rest_seconds, self.stop),
            Loop("report agents", report_agents, lambda: 1.0, self.stop),
            Loop("notify", notify, lambda: 1.0, self.stop),
            Loop("search index", text_index.catch_up, lambda: 2.0, self.stop),
            Loop("prune", pruner.step, lambda: 5.0, self.stop),
        ]

    def _renew_heartbeat(self) -> bool:
        try:
            self._lease.renew()
        except AnotherCollectorRuns as why:
            self._stop_replaced(why)
            return False
        for account in self._accounts:
            account.feed.save()
        return False

    @contextmanager
    def _fence(self) -> Iterator[None]:
        try:
            with self._lease.fence():
                yield
        except AnotherCollectorRuns as why:
            self._stop_replaced(why)
            raise

    def _stop_replaced(self, why: AnotherCollectorRuns) -> None:
        self._lease_lost = str(why)
        self.stop.set()

    def _shut_down(self, readers: list[Loop], writers: list[Loop], maintenance: list[Loop]) -> None:
        """1. Stop receiving. 2. Write what was received. 3. Say until when it was watched."""
        for account in self._accounts:
            if account.follower:
                account.follower.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._scheduled.close()
        _join(readers, READERS_STOP_SECONDS)
        self._stop_writing.set()
        for account in self._accounts:
            account.writer.stop.set()
            account.inbox.wake()
        _join(writers, WRITERS_STOP_SECONDS)
        _join(maintenance, MAINTENANCE_STOP_SECONDS)
        self._finish()

    def _finish(self) -> None:
        # This thread's connection is as old as the process: the database may have restarted since.
        connections.close_all()
        try:
            for account in self._accounts:
                account.writer.stop.set()
                # What the writers' threads left; after run_once, the answers to its polls.
                while account.writer.step():
                    pass
                with self._fence():
                    _end_coverage(account.alias, WAS_STOPPED)
                    account.feed.stopped()
                    account.feed.save()
            self._lease.release()
        except AnotherCollectorRuns:
            log.warning("what was received last is left to the collector that took over")
        except DatabaseError:
            log.exception("the collector's end could not be written")


def _end_coverage(alias: str, why: str) -> None:
    """Coverage lasted until the collector last said that it did."""
    if end := coverage.find_last_watched_at(alias):
        coverage.end_watching(alias, end, why)


def _join(loops: Iterable[Loop], seconds: float) -> None:
    ends_at = monotonic() + seconds
    for loop in loops:
        loop.join(max(0.0, ends_at - monotonic()))
