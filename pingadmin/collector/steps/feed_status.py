"""What the collector says of how well it hears an account: kept in memory by its threads, saved as a row of Feed."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from time import monotonic

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from pingadmin.collector.models import Feed
from pingadmin.upstream.errors import UpstreamError

RATE_SECONDS = 10


class FeedState:
    """One account's. Shared by threads."""

    def __init__(self, api):
        self._api = api
        self._kind = "stream" if api.can_follow else "list" if api.can_list else "polls"
        self._lock = threading.Lock()
        self.counts: Counter[str] = Counter()
        self._facts: dict[str, object] = {"up_since": None}
        self._rate_from, self._rate_events = monotonic(), 0

    def heard(self, at: datetime) -> None:
        """Something came over the stream, or the list was given."""
        with self._lock:
            self._facts["received_at"] = at

    def up(self, at: datetime) -> None:
        with self._lock:
            self._facts |= {
                "up_since": self._facts["up_since"] or at,
                "error": "",
                "error_message": "",
            }

    def down(self, error: UpstreamError) -> None:
        with self._lock:
            said = {
                "error": error.kind,
                "error_message": error.message[:300],
                "error_at": timezone.now(),
            }
            self._facts |= {"up_since": None} | said

    def off(self) -> None:
        """Nobody listens any more."""
        with self._lock:
            self._facts["up_since"] = None

    def count(self, **numbers: int) -> None:
        """Add to columns of Feed that count."""
        with self._lock:
            self.counts.update(numbers)
            self._rate_events += numbers.get("events", 0)

    def lagged(self, milliseconds: int) -> None:
        with self._lock:
            self._facts["lag_ms"] = max(0, milliseconds)

    def save(self) -> None:
        """Raises django.db.Error, and loses nothing then."""
        with self._lock:
            counts, self.counts = self.counts, Counter()
            facts = (
                self._facts
                | self._rate()
                | {"kind": self._kind, "circuit_open_until": self._open_until()}
            )
        try:
            Feed.objects.get_or_create(alias=self._api.alias, defaults={"kind": self._kind})
            added = {name: F(name) + number for name, number in counts.items()}
            Feed.objects.filter(alias=self._api.alias).update(**facts, **added)
        except DatabaseError:
            with self._lock:
                self.counts.update(counts)
            raise

    def _rate(self) -> dict:
        passed = monotonic() - self._rate_from
        if passed < RATE_SECONDS:
            return {}
        rate = self._rate_events / passed
        self._rate_from, self._rate_events = monotonic(), 0
        self._facts["events_a_second"] = rate
        return {"events_a_second": rate}

    def _open_until(self) -> datetime | None:
        circuit = self._api.circuit_state()
        return (
            timezone.now() + timedelta(seconds=circuit.opens_in_seconds)
            if circuit.status == "open"
            else None
        )
