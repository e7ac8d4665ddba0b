"""Step: write what was received of an account, in batches, and then its coverage.

A database that is away costs nothing but time: what could not be written comes first again, and
the inbox is bounded.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import groupby
from operator import itemgetter
from time import monotonic
from typing import Any

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.inbox import Batch, CoverageMark, Inbox
from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observation_batches import (
    SessionStateCache,
    forget_sequences,
    record_observations,
)
from pingadmin.remote_sessions.recording.observations import record_failure
from pingadmin.upstream.errors import UpstreamError

# A batch keeps all other writers out of SQLite; on PostgreSQL only those of the same sessions wait.
MAX_EVENTS = {"sqlite": 2000, "postgresql": 6000}
FLUSH_SECONDS = 0.15
COVERAGE_SECONDS = 5
# SQLite lets one writer in at a time and keeps no queue. This share of each batch's time is left
# to others, or a resume would wait in vain while a storm of events is written.
SHARE_FOR_OTHERS = 0.15

log = logging.getLogger(__name__)


class Writer:
    """Writes one account's inbox.

    poll_soon: called with ids of sessions that need a look-up. fence: gives the transaction for
    each write, or raises where this process may not write any more.
    """

    def __init__(
        self,
        alias: str,
        inbox: Inbox,
        feed: FeedStatusRecorder,
        poll_soon: Callable[[set[str]], None],
        fence: Callable[[], AbstractContextManager[None]] = transaction.atomic,
    ) -> None:
        self._alias, self._inbox, self._feed, self._poll_soon = alias, inbox, feed, poll_soon
        self._fence = fence
        self._state_cache = SessionStateCache()
        self._next_coverage_at = 0.0
        self._dropped = 0
        self.stop = threading.Event()

    def step(self) -> bool:
        """Writes one batch; returns whether there was one.

        Raises django.db.Error, and the batch then comes again.
        """
        wait = 0 if self.stop.is_set() else FLUSH_SECONDS
        batch = self._inbox.take(MAX_EVENTS[connection.vendor], wait, self.stop)
        if not batch:
            return False
        began_at = monotonic()
        try:
            self._write(batch)
        except BaseException:
            self._inbox.put_back(batch)
            raise
        dropped = self._inbox.dropped
        self._feed.count(dropped=dropped - self._dropped)
        self._dropped = dropped
        if connection.vendor == "sqlite":
            self.stop.wait((monotonic() - began_at) * SHARE_FOR_OTHERS)
        return True

    def _write(self, batch: Batch) -> None:
        """Each part leaves the batch once it is written, so that a retry repeats nothing."""
        if batch.restarts_numbering:
            with self._fence():
                forget_sequences(self._alias, self._state_cache)
            batch.restarts_numbering = False
        if batch.events:
            self._record(batch.events, "stream")
            # The last of a batch has waited least: it is the newest event's delay that counts.
            waited = timezone.now() - batch.events[-1].received_at
            self._feed.delayed(round(waited.total_seconds() * 1000))
            batch.events = []
        while batch.answers:
            # Consecutive answers of one source go in one transaction, and their order stays.
            source, group = next(groupby(batch.answers, itemgetter(0)))
            records = [record for _, record in group]
            self._record(records, source)
            del batch.answers[: len(records)]
        while batch.failures:
            self._record_failure(*batch.failures[-1])
            batch.failures.pop()
        while batch.marks:
            self._write_coverage(batch.marks[0], is_last=len(batch.marks) == 1)
            del batch.marks[0]

    def _record(self, observations: list[Any], source: str) -> None:
        try:
            with self._fence():
                counts = record_observations(self._alias, observations, source, self._state_cache)
        except (DataError, IntegrityError):
            self._record_by_halves(observations, source)
            return
        self._feed.count(late=counts.late, repeated=counts.repeated)
        if counts.ambiguous:
            self._poll_soon(counts.ambiguous)

    def _record_by_halves(self, observations: list[Any], source: str) -> None:
        """One observation that the database cannot hold must not keep the others out."""
        if len(observations) == 1:
            log.exception("an observation of %s could not be stored", self._alias)
            self._feed.count(unreadable=1)
            return
        middle = len(observations) // 2
        self._record(observations[:middle], source)
        self._record(observations[middle:], source)

    def _record_failure(self, session_id: str, error: UpstreamError) -> None:
        # No row is made for a failure: only sessions with a row are polled.
        sessions = RemoteSession.objects.filter(alias=self._alias, session_id=session_id)
        with self._fence():
            if session := sessions.first():
                record_failure(session=session, error=error, source="poll")

    def _write_coverage(self, mark: CoverageMark, *, is_last: bool) -> None:
        if mark.why_ended:
            with self._fence():
                coverage.end_watching(self._alias, mark.at, mark.why_ended)
            self._next_coverage_at = 0.0
        elif not is_last or self.stop.is_set() or monotonic() >= self._next_coverage_at:
            # The last mark is only the newest sign: written every few seconds, it says the same.
            with self._fence():
                coverage.extend_watching(self._alias, mark.at, since=mark.since)
            self._next_coverage_at = monotonic() + COVERAGE_SECONDS
