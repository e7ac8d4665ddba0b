"""Step: write what was heard of an account, in batches, and then that it was watched until then.

A database that is away costs nothing but time: what could not be written comes first again, and the inbox is bounded.
"""

import logging
import threading
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from time import monotonic

from django.db import DataError, IntegrityError, connection
from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedState
from pingadmin.collector.steps.inbox import Batch, Inbox, Mark
from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observation_batches import (
    SessionStateCache,
    forget_sequences,
    record_observations,
)
from pingadmin.remote_sessions.recording.observations import record_failure

# A batch keeps all other writers out of SQLite; on PostgreSQL only those of the same sessions wait.
EVENTS_AT_ONCE = {"sqlite": 2000, "postgresql": 6000}
FLUSH_SECONDS = 0.15
WATCHED_EVERY_SECONDS = 5
# SQLite lets one in at a time and keeps no queue: of the time of each batch this share is left to others, or a press
# would wait in vain while a storm is written.
SHARE_FOR_OTHERS = 0.15

log = logging.getLogger(__name__)


class Writer:
    """ask_soon: called with the ids of sessions that want to be asked."""

    def __init__(
        self, alias: str, inbox: Inbox, feed: FeedState, ask_soon: Callable[[set[str]], None]
    ):
        self._alias, self._inbox, self._feed, self._ask_soon = alias, inbox, feed, ask_soon
        self._memory = SessionStateCache()
        self._said_at = 0.0
        self._dropped = 0
        self.stop = threading.Event()

    def step(self) -> bool:
        """One batch; whether there was one. Raises django.db.Error, and the batch then comes again."""
        wait = 0 if self.stop.is_set() else FLUSH_SECONDS
        batch = self._inbox.take(EVENTS_AT_ONCE[connection.vendor], wait, self.stop)
        if not batch:
            return False
        began = monotonic()
        try:
            self._write(batch)
        except BaseException:
            self._inbox.put_back(batch)
            raise
        dropped = self._inbox.dropped
        self._feed.count(dropped=dropped - self._dropped)
        self._dropped = dropped
        if connection.vendor == "sqlite":
            self.stop.wait((monotonic() - began) * SHARE_FOR_OTHERS)
        return True

    def _write(self, batch: Batch) -> None:
        """Each part leaves the batch when it is written."""
        if batch.numbers_anew:
            forget_sequences(self._alias, self._memory)
            batch.numbers_anew = False
        if batch.events:
            self._record(batch.events, "stream")
            waited = timezone.now() - batch.events[-1].received_at
            self._feed.lagged(round(waited.total_seconds() * 1000))
            batch.events = []
        while batch.answers:
            source, group = next(groupby(batch.answers, itemgetter(0)))
            records = [record for _, record in group]
            self._record(records, source)
            del batch.answers[: len(records)]
        while batch.failures:
            self._keep_failure(*batch.failures[-1])
            batch.failures.pop()
        while batch.marks:
            self._say(batch.marks[0], is_last=len(batch.marks) == 1)
            del batch.marks[0]

    def _record(self, sightings: list, source: str) -> None:
        try:
            counts = record_observations(self._alias, sightings, source, self._memory)
        except (DataError, IntegrityError):
            self._find_the_bad(sightings, source)
            return
        self._feed.count(late=counts.late, repeated=counts.repeated)
        if counts.ambiguous:
            self._ask_soon(counts.ambiguous)

    def _find_the_bad(self, sightings: list, source: str) -> None:
        """One that the database cannot hold must not keep the others out."""
        if len(sightings) == 1:
            log.exception("a sighting of %s could not be kept", self._alias)
            self._feed.count(unreadable=1)
            return
        middle = len(sightings) // 2
        self._record(sightings[:middle], source)
        self._record(sightings[middle:], source)

    def _keep_failure(self, session_id, error) -> None:
        session = RemoteSession.objects.filter(alias=self._alias, session_id=session_id).first()
        if session:
            record_failure(session=session, error=error, source="poll")

    def _say(self, mark: Mark, *, is_last: bool) -> None:
        if mark.why:
            coverage.end_watching(self._alias, mark.at, mark.why)
            self._said_at = 0.0
        elif not is_last or self.stop.is_set() or monotonic() >= self._said_at:
            coverage.extend_watching(self._alias, mark.at, since=mark.since)
            self._said_at = monotonic() + WATCHED_EVERY_SECONDS
