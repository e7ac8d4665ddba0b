"""Step: follow an account's event stream, one connection at a time, and return after each break.

It touches no database, so that a database which is away never keeps the stream waiting.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.sequence_tracker import SequenceTracker
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.following import EventStream
from pingadmin.upstream.records import StreamBatch

MIN_REST_SECONDS, MAX_REST_SECONDS = 1.0, 60.0
# A connection that lasted this long was a good one: the next break begins with a short rest again.
GOOD_SECONDS = 30
# 2**6 seconds is beyond the longest rest already.
MAX_BREAKS_COUNTED = 6
# What may mean that the stream does not go back to the event that we asked to continue after.
ID_REFUSED = {204, 400, 404, 409, 410, 412, 416, 422}
EVENTS_MISSING = "the event stream left events out"
HOW_IT_ENDED = {"broken_off": "broke off", "timed_out": "fell silent"}

log = logging.getLogger(__name__)


class StreamingAPI(Protocol):
    """An account whose system has an event stream for all its sessions."""

    alias: str

    def follow(self, after: str = "") -> EventStream: ...


class Follower:
    """One account's event stream.

    resync: called with a moment; sessions that were not observed since then are to be polled.
    """

    def __init__(
        self,
        api: StreamingAPI,
        inbox: Inbox,
        feed: FeedStatusRecorder,
        resync: Callable[[datetime], None],
    ) -> None:
        self._api, self._inbox, self._feed, self._resync = api, inbox, feed, resync
        self._sequences = SequenceTracker()
        self._stream: EventStream | None = None
        self._is_closed = False
        self._last_event_id = ""
        self._received_at: datetime | None = None
        self._connected_at: datetime | None = None
        self._breaks = 0
        self._requested_rest = 0.0

    def step(self) -> bool:
        """Holds one connection for as long as it lasts. Returns False: rest before the next one."""
        self._connected_at, self._requested_rest = None, 0.0
        try:
            with self._api.follow(after=self._last_event_id) as self._stream:
                # close() may have come while there was no stream to close.
                if self._is_closed:
                    return False
                for batch in self._stream:
                    self._receive(batch)
        except UpstreamError as error:
            self._handle_break(error)
            if self._connected_at is None and error.status in ID_REFUSED:
                # For ever, it may be: the next connection begins anew, and the gap stays one.
                self._last_event_id = ""
        return False

    def close(self) -> None:
        """Stops receiving. May be called from any thread."""
        self._is_closed = True
        if self._stream is not None:
            self._stream.close()

    def rest_seconds(self) -> float:
        """1 to 60 s, longer after consecutive breaks, and never the same for all collectors."""
        longest = min(MAX_REST_SECONDS, MIN_REST_SECONDS * 2**self._breaks)
        rest = random.uniform(MIN_REST_SECONDS, longest)  # noqa: S311 - spreads load, hides nothing
        return min(MAX_REST_SECONDS, max(rest, self._requested_rest))

    def _receive(self, batch: StreamBatch) -> None:
        if self._connected_at is None:
            self._begin(batch.received_at)
        if batch.has_bytes:
            self._feed.received(batch.received_at)
        if self._sequences.observe(batch.events):
            log.warning("the event stream of %s restarts its numbering", self._api.alias)
            # Before these events: they are the first of the new numbering.
            self._inbox.restart_numbering()
        if batch.events:
            self._inbox.put_events(batch.events)
        if batch.has_bytes:
            # A silent connection may be dead: coverage goes on only when something came.
            self._inbox.mark_coverage(batch.received_at, since=self._received_at)
            self._received_at = batch.received_at
        # Last, so that after any error before it the next connection asks for them again.
        self._last_event_id = batch.last_event_id
        self._feed.count(
            events=len(batch.events),
            unreadable=batch.unreadable + batch.unknown_types,
            dropped=batch.dropped,
        )
        if self._sequences.take_missing():
            self._report_missing()

    def _report_missing(self) -> None:
        """Marks the gap in which events were left out, and asks for what they may have said."""
        if self._sequences.lost and self._received_at:
            began_at, ended_at = self._sequences.lost
            self._inbox.mark_coverage(began_at, EVENTS_MISSING)
            self._inbox.mark_coverage(ended_at)
            self._inbox.mark_coverage(self._received_at, since=ended_at)
        self._resync(timezone.now())

    def _begin(self, at: datetime) -> None:
        self._connected_at = self._received_at = at
        self._inbox.mark_coverage(at)
        self._sequences.connected()
        self._feed.connected(at)
        # What changed while nothing was received is polled.
        self._resync(at)

    def _handle_break(self, error: UpstreamError) -> None:
        if self._connected_at is not None and self._received_at is not None:
            self._feed.count(reconnects=1)
            how = HOW_IT_ENDED.get(error.kind, "ended")
            self._inbox.mark_coverage(self._received_at, f"the event stream {how}")
            lasted = (timezone.now() - self._connected_at).total_seconds()
            self._breaks = 0 if lasted > GOOD_SECONDS else self._breaks + 1
        else:
            self._breaks += 1
        self._breaks = min(self._breaks, MAX_BREAKS_COUNTED)
        sender_rest = self._stream.retry_seconds if self._stream is not None else None
        self._requested_rest = error.retry_after or sender_rest or 0.0
        self._feed.disconnected(error)
        log.warning("the event stream of %s is disconnected: %s", self._api.alias, error.kind)
