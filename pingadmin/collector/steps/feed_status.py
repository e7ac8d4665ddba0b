"""How well the collector receives an account: kept in memory by its threads, saved as a row."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from pingadmin.collector.models import FeedStatus
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.isolation import CircuitStatus
from pingadmin.upstream.session_api import SessionAPI

RATE_SECONDS = 10


class FeedStatusRecorder:
    """The status of one account's feed. Shared by threads."""

    def __init__(self, api: SessionAPI) -> None:
        self._api = api
        self._kind = _feed_kind(api)
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self._facts: dict[str, Any] = {"up_since": None}
        self._rate_from, self._rate_events = monotonic(), 0

    def received(self, at: datetime) -> None:
        """Something came over the stream, or the list was answered."""
        with self._lock:
            self._facts["received_at"] = at

    def connected(self, at: datetime) -> None:
        """The account is received from this moment on, if it was not before."""
        with self._lock:
            up_since = self._facts["up_since"] or at
            self._facts |= {"up_since": up_since, "error": "", "error_message": ""}

    def disconnected(self, error: UpstreamError) -> None:
        """Receiving ended, or did not begin, with this error."""
        failure = {
            "error": error.kind,
            "error_message": error.message[:300],
            "error_at": timezone.now(),
        }
        with self._lock:
            self._facts |= {"up_since": None} | failure

    def stopped(self) -> None:
        """The collector no longer receives, on purpose."""
        with self._lock:
            self._facts["up_since"] = None

    def count(self, **numbers: int) -> None:
        """Adds to the counting columns of FeedStatus."""
        with self._lock:
            self.counts.update(numbers)
            self._rate_events += numbers.get("events", 0)

    def delayed(self, milliseconds: int) -> None:
        """The newest event waited this long before it was written."""
        with self._lock:
            self._facts["lag_ms"] = max(0, milliseconds)

    def save(self) -> None:
        """Raises django.db.Error, and loses no count then."""
        with self._lock:
            # Taken out at once, so that what is counted during the write goes with the next one.
            counts, self.counts = self.counts, Counter()
            facts = self._facts | self._event_rate()
            facts |= {"kind": self._kind, "circuit_open_until": self._circuit_open_until()}
        try:
            rows = FeedStatus.objects
            # An account that was never received has no row, and the update would change none.
            rows.get_or_create(alias=self._api.alias, defaults={"kind": self._kind})
            # Added in the database: the counters go on where the collector before this one stopped.
            added = {name: F(name) + number for name, number in counts.items()}
            rows.filter(alias=self._api.alias).update(**facts, **added)
        except DatabaseError:
            with self._lock:
                self.counts.update(counts)
            raise

    def _event_rate(self) -> dict[str, float]:
        passed = monotonic() - self._rate_from
        if passed < RATE_SECONDS:
            return {}
        rate = self._rate_events / passed
        self._rate_from, self._rate_events = monotonic(), 0
        self._facts["events_a_second"] = rate
        return {"events_a_second": rate}

    def _circuit_open_until(self) -> datetime | None:
        circuit = self._api.circuit_state()
        if circuit.status != CircuitStatus.OPEN:
            return None
        return timezone.now() + timedelta(seconds=circuit.opens_in_seconds)


def _feed_kind(api: SessionAPI) -> FeedStatus.Kind:
    if api.can_follow:
        return FeedStatus.Kind.STREAM
    return FeedStatus.Kind.LIST if api.can_list else FeedStatus.Kind.POLLS
