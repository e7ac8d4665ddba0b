"""Step: follow an account's event stream, one connection at a time, and come back after each break.

Touches no database, so that a database which is away never keeps the stream waiting.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

from pingadmin.collector.steps.feed_status import FeedState
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.collector.steps.sequence_tracker import Numbering
from pingadmin.upstream.errors import UpstreamError

REST_LEAST, REST_MOST = 1.0, 60.0
# A connection that lasted so long was a good one: the next break begins with a short rest again.
GOOD_SECONDS = 30
LOST = "the event stream left events out"

log = logging.getLogger(__name__)


class Follower:
    """resync: called with a moment; what was not heard of since then is to be asked about."""

    def __init__(self, api, inbox: Inbox, feed: FeedState, resync: Callable[[datetime], None]):
        self._api, self._inbox, self._feed, self._resync = api, inbox, feed, resync
        self._numbering = Numbering()
        self._stream = None
        self._is_closed = False
        self._last_event_id = ""
        self._heard_at: datetime | None = None
        self._began_at: datetime | None = None
        self._breaks = 0
        self._asked_to_rest = 0.0

    def step(self) -> bool:
        """One connection, for as long as it lasts. Never more at once: see rest_seconds."""
        self._began_at, self._asked_to_rest = None, 0.0
        try:
            with self._api.follow(after=self._last_event_id) as self._stream:
                if self._is_closed:
                    return False
                for heard in self._stream:
                    self._hear(heard)
        except UpstreamError as error:
            self._broken(error)
        return False

    def close(self) -> None:
        """Stop reading. By any thread."""
        self._is_closed = True
        if self._stream is not None:
            self._stream.close()

    def rest_seconds(self) -> float:
        """From 1 to 60 s, longer after each break that follows another, and never the same for all."""
        longest = min(REST_MOST, REST_LEAST * 2**self._breaks)
        return min(REST_MOST, max(random.uniform(REST_LEAST, longest), self._asked_to_rest))  # noqa: S311

    def _hear(self, heard) -> None:
        if self._began_at is None:
            self._begin(heard.received_at)
        if heard.has_bytes:
            self._feed.heard(heard.received_at)
        if self._numbering.begins_anew(heard.events):
            log.warning("the event stream of %s numbers its events anew", self._api.alias)
            self._inbox.numbers_anew()
        if heard.events:
            self._inbox.hear(heard.events)
        if heard.has_bytes:
            # A silent connection may be dead: that it was watched is said when something is heard.
            self._inbox.mark(heard.received_at, since=self._heard_at)
            self._heard_at = heard.received_at
        self._last_event_id = heard.last_event_id
        self._feed.count(
            events=len(heard.events), unreadable=heard.unreadable + heard.unknown_types, dropped=heard.dropped
        )  # fmt: skip
        if self._numbering.lacks_some():
            begins, ends = self._numbering.lost
            self._inbox.mark(begins, LOST)
            self._inbox.mark(ends)
            self._inbox.mark(self._heard_at, since=ends)
            self._resync(timezone.now())

    def _begin(self, at: datetime) -> None:
        self._began_at = self._heard_at = at
        self._inbox.mark(at)
        self._numbering.connected()
        self._feed.up(at)
        # What changed while nobody listened is asked for.
        self._resync(at)

    def _broken(self, error: UpstreamError) -> None:
        if self._began_at is not None:
            self._feed.count(reconnects=1)
            self._inbox.mark(self._heard_at, f"the event stream {_ENDED.get(error.kind, 'ended')}")
            lasted = (timezone.now() - self._began_at).total_seconds()
            self._breaks = 0 if lasted > GOOD_SECONDS else self._breaks + 1
        else:
            self._breaks += 1
        self._asked_to_rest = (
            error.retry_after or getattr(self._stream, "retry_seconds", None) or 0.0
        )
        self._breaks = min(self._breaks, 6)
        self._feed.down(error)
        log.warning("the event stream of %s is not heard: %s", self._api.alias, error.kind)


_ENDED = {"broken_off": "broke off", "timed_out": "fell silent"}
