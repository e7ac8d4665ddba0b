"""Step: list an account's sessions, where its system can; that is also how new ones are found."""

import logging
import random
from datetime import datetime

from django.conf import settings

from pingadmin.collector.steps.feed_status import FeedState
from pingadmin.collector.steps.inbox import Inbox
from pingadmin.upstream.errors import UpstreamError

PAUSE_MOST_SECONDS = 3600

log = logging.getLogger(__name__)


class Lister:
    def __init__(self, api, inbox: Inbox, feed: FeedState):
        self._api, self._inbox, self._feed = api, inbox, feed
        self._listed_at: datetime | None = None
        self._asked_to_rest = 0

    def step(self) -> bool:
        """One list."""
        self._asked_to_rest = 0
        try:
            listing = self._api.list_sessions()
        except UpstreamError as error:
            self._failed(error)
            return False
        self._inbox.answer("list", listing.sessions)
        self._inbox.mark(listing.answered_at, since=self._listed_at)
        self._listed_at = listing.answered_at
        self._feed.heard(listing.answered_at)
        self._feed.up(listing.answered_at)
        self._feed.count(unreadable=listing.unreadable)
        return False

    def rest_seconds(self) -> float:
        around = settings.COLLECT_LIST_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
        return max(around, min(self._asked_to_rest, PAUSE_MOST_SECONDS))

    def _failed(self, error: UpstreamError) -> None:
        if self._listed_at:
            self._inbox.mark(
                self._listed_at, f"asked for its list, the system {error.sentence}"[:200]
            )
            self._listed_at = None
        self._asked_to_rest = error.retry_after or 0
        self._feed.down(error)
        log.warning("the list of %s was not given: %s", self._api.alias, error.kind)
