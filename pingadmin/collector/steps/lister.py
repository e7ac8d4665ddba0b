"""Step: list an account's sessions, where its system can. That is also how new ones are found."""

import logging
import random
from datetime import datetime
from typing import Protocol

from django.conf import settings

from pingadmin.collector.steps.feed_status import FeedStatusRecorder
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionList

MAX_REQUESTED_REST_SECONDS = 3600

log = logging.getLogger(__name__)


class ListingAPI(Protocol):
    """An account whose system can list its sessions."""

    alias: str

    def list_sessions(self) -> SessionList: ...


class Lister:
    """One account's list, asked for again and again."""

    def __init__(self, api: ListingAPI, inbox: Inbox, feed: FeedStatusRecorder) -> None:
        self._api, self._inbox, self._feed = api, inbox, feed
        self._listed_at: datetime | None = None
        self._requested_rest = 0

    def step(self) -> bool:
        """Asks for one list. Returns False: rest before the next one."""
        self._requested_rest = 0
        try:
            listing = self._api.list_sessions()
        except UpstreamError as error:
            self._handle_failure(error)
            return False
        self._inbox.put_answers("list", listing.sessions)
        self._inbox.mark_coverage(listing.answered_at, since=self._listed_at)
        self._listed_at = listing.answered_at
        self._feed.received(listing.answered_at)
        self._feed.connected(listing.answered_at)
        self._feed.count(unreadable=listing.unreadable)
        return False

    def rest_seconds(self) -> float:
        jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
        requested = min(self._requested_rest, MAX_REQUESTED_REST_SECONDS)
        return max(settings.COLLECT_LIST_SECONDS * jitter, requested)

    def _handle_failure(self, error: UpstreamError) -> None:
        if self._listed_at:
            why = f"asked for its list, the system {error.sentence}"[:200]
            # Nothing is known after the last list that was answered.
            self._inbox.mark_coverage(self._listed_at, why)
            self._listed_at = None
        self._requested_rest = error.retry_after or 0
        self._feed.disconnected(error)
        log.warning("%s gave no list: %s", self._api.alias, error.kind)
