"""How well the panel receives: the collector, each account, what was not watched, what is alarming.

Only what the collector wrote is read, and it is judged by the reader's clock: a dead collector
cannot say that it is dead.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import CharField, TextChoices, Value
from django.utils import timezone

from pingadmin.collector.lease import LEASE_DURATION
from pingadmin.collector.models import FeedStatus, Heartbeat
from pingadmin.notifications import delivery_status
from pingadmin.remote_sessions.history.coverage import CoverageGap, find_gaps
from pingadmin.upstream.errors import FAILURES
from pingadmin.web.probes import Fault, find_faults

SILENT_AFTER = timedelta(seconds=120)
WINDOW = timedelta(hours=24)


class CollectorStatus(TextChoices):
    """late: no heartbeat for a lease; silent: for two minutes, which is an alarm."""

    NEVER = "never"
    RUNNING = "running"
    LATE = "late"
    SILENT = "silent"
    STOPPED = "stopped"


class AccountStatus(TextChoices):
    """How an account is received, with the words for people."""

    RECEIVING = "receiving", "Receiving"
    POLLED = "polled", "Polled session by session"
    INTERRUPTED = "interrupted", "Reconnecting"
    WAITING = "waiting", "Waiting for the first answer"
    DISCONNECTED = "disconnected", "Disconnected"
    UNSET = "unset", "No longer configured"

    @property
    def tone(self) -> str:
        """The colour's name."""
        return _TONES[self]


_TONES = {
    AccountStatus.RECEIVING: "ok",
    AccountStatus.POLLED: "ok",
    AccountStatus.INTERRUPTED: "paused",
    AccountStatus.WAITING: "idle",
    AccountStatus.DISCONNECTED: "failed",
    AccountStatus.UNSET: "idle",
}


@dataclass(frozen=True)
class Alarm:
    """Something that is not received.

    kind: never, stopped or silent (the collector), disconnected (the account of that label).
    """

    kind: str
    since: datetime | None = None
    label: str = ""


@dataclass(frozen=True)
class AccountHealth:
    """One account. feed: what the collector wrote of it, None where nothing.

    gaps: those of the newest 24 hours, oldest first; one that goes on has no end.
    """

    alias: str
    label: str
    status: AccountStatus
    feed: FeedStatus | None
    gaps: list[CoverageGap]
    is_circuit_open: bool

    @property
    def status_label(self) -> str:
        return str(self.status.label)

    @property
    def tone(self) -> str:
        return self.status.tone

    @property
    def error_sentence(self) -> str:
        """How receiving it failed last, as the second half of a sentence."""
        error = self.feed.error if self.feed else ""
        return FAILURES.get(error, error)


@dataclass(frozen=True)
class CollectorHealth:
    """Everything that the health page shows.

    window_from: when the strips of coverage begin. faults: what /readyz says.
    """

    collector: CollectorStatus
    heartbeat: Heartbeat | None
    accounts: list[AccountHealth]
    window_from: datetime
    read_at: datetime
    messages: delivery_status.DeliveryStatus
    faults: list[Fault]

    @property
    def version(self) -> str:
        """Changes when anything shown does, but for the ages, which pages count on themselves."""
        rows = [self.heartbeat, *(account.feed for account in self.accounts)]
        # Django's own `_state` is another object at each read, and so another text.
        facts = [row.__dict__ | {"_state": None} if row else None for row in rows]
        judged = [
            (account.alias, account.status, account.gaps, account.is_circuit_open)
            for account in self.accounts
        ]
        messages = self.messages
        failing = [(message.pk, message.tries, message.failure) for message in messages.failing]
        delivery = (failing, messages.waiting, messages.delivered_at)
        faults = [str(fault) for fault in self.faults]
        return version_of(self.collector, facts, judged, delivery, faults)


def read_health() -> CollectorHealth:
    """Reads the health of the collector and its accounts; a few queries for each account."""
    now = timezone.now()
    # Whole minutes, so that nothing seems to change while nothing does.
    window_from = (now - WINDOW).replace(second=0, microsecond=0)
    heartbeat = Heartbeat.objects.newest_first().first()
    collector = _status_of(heartbeat, now)
    feeds = {feed.alias: feed for feed in FeedStatus.objects.all()}
    removed = sorted(feeds.keys() - settings.UPSTREAMS.keys())
    return CollectorHealth(
        collector=collector,
        heartbeat=heartbeat,
        accounts=[
            _account_health(alias, feeds.get(alias), heartbeat, collector, window_from, now)
            for alias in [*settings.UPSTREAMS, *removed]
        ],
        window_from=window_from,
        read_at=now,
        messages=delivery_status.read_delivery_status(),
        faults=find_faults(),
    )


def find_alarms() -> list[Alarm]:
    """What to tell everybody who is signed in; nothing while all is received. One query."""
    if not settings.UPSTREAMS:
        return []
    now = timezone.now()
    times, feeds = _read_times()
    if times is None:
        return [Alarm("never")]
    started_at, beat_at, stopped_at = times
    collector = _collector_status(beat_at, stopped_at, now)
    if collector in (CollectorStatus.STOPPED, CollectorStatus.SILENT):
        return [Alarm(collector.value, since=stopped_at or beat_at)]
    alarms = []
    for alias, account in settings.UPSTREAMS.items():
        kind, received_at = feeds.get(alias, ("", None))
        since = _disconnected_since(kind, received_at, started_at, now)
        if since:
            alarms.append(Alarm("disconnected", since=since, label=account["LABEL"]))
    return alarms


def is_running(heartbeat: Heartbeat | None) -> bool:
    """Whether the collector gives signs of life.

    Long before its silence is an alarm, what it last wrote is no longer the present.
    """
    return _status_of(heartbeat, timezone.now()) == CollectorStatus.RUNNING


def is_collector_running() -> bool:
    """Whether the newest collector gives signs of life. One query."""
    return is_running(Heartbeat.objects.newest_first().first())


# started_at, beat_at, stopped_at
_Times = tuple[datetime, datetime, datetime | None]


def _read_times() -> tuple[_Times | None, dict[str, tuple[str, datetime | None]]]:
    """The heartbeat's started_at, beat_at, stopped_at; and each feed's kind and received_at.

    One query for both: every open page asks for them every 30 seconds.
    """
    empty = Value("", output_field=CharField())
    heartbeats = Heartbeat.objects.annotate(alias=empty, kind=empty)
    rows = heartbeats.values_list("alias", "kind", "started_at", "beat_at", "stopped_at").union(
        FeedStatus.objects.values_list("alias", "kind", "up_since", "received_at", "error_at"),
        all=True,
    )
    newest: _Times | None = None
    feeds: dict[str, tuple[str, datetime | None]] = {}
    for alias, kind, first, second, third in rows:
        if alias:
            feeds[alias] = (kind, second)
        elif newest is None or second > newest[1]:
            newest = (first, second, third)
    return newest, feeds


def _status_of(heartbeat: Heartbeat | None, now: datetime) -> CollectorStatus:
    if heartbeat is None:
        return CollectorStatus.NEVER
    return _collector_status(heartbeat.beat_at, heartbeat.stopped_at, now)


def _collector_status(
    beat_at: datetime, stopped_at: datetime | None, now: datetime
) -> CollectorStatus:
    if stopped_at:
        return CollectorStatus.STOPPED
    age = now - beat_at
    if age > SILENT_AFTER:
        return CollectorStatus.SILENT
    return CollectorStatus.LATE if age > LEASE_DURATION else CollectorStatus.RUNNING


def _disconnected_since(
    kind: str, received_at: datetime | None, started_at: datetime, now: datetime
) -> datetime | None:
    """Since when nothing was received of an account, where that is long enough to be an alarm."""
    # An account that is only polled has nothing to receive between the polls.
    if kind == FeedStatus.Kind.POLLS:
        return None
    since = received_at or started_at
    return since if now - since > SILENT_AFTER else None


def _account_health(
    alias: str,
    feed: FeedStatus | None,
    heartbeat: Heartbeat | None,
    collector: CollectorStatus,
    window_from: datetime,
    now: datetime,
) -> AccountHealth:
    is_configured = alias in settings.UPSTREAMS
    status = AccountStatus.UNSET
    if is_configured:
        status = _account_status(feed, heartbeat, collector, now)
    open_until = feed.circuit_open_until if feed else None
    return AccountHealth(
        alias=alias,
        label=settings.UPSTREAMS[alias]["LABEL"] if is_configured else alias,
        status=status,
        feed=feed,
        gaps=[_without_end_now(gap, now) for gap in find_gaps(alias, window_from, now)],
        is_circuit_open=bool(open_until and open_until > now),
    )


def _account_status(
    feed: FeedStatus | None,
    heartbeat: Heartbeat | None,
    collector: CollectorStatus,
    now: datetime,
) -> AccountStatus:
    is_alive = collector in (CollectorStatus.RUNNING, CollectorStatus.LATE)
    if heartbeat is None or not is_alive:
        was_received = feed is not None and feed.received_at is not None
        return AccountStatus.DISCONNECTED if was_received else AccountStatus.WAITING
    kind, received_at = (feed.kind, feed.received_at) if feed else ("", None)
    if _disconnected_since(kind, received_at, heartbeat.started_at, now):
        return AccountStatus.DISCONNECTED
    if feed is None:
        return AccountStatus.WAITING
    # What a late collector wrote last may not hold any more.
    if collector == CollectorStatus.LATE:
        return AccountStatus.INTERRUPTED
    if kind == FeedStatus.Kind.POLLS:
        return AccountStatus.POLLED
    if received_at is None:
        return AccountStatus.WAITING
    return AccountStatus.RECEIVING if feed.up_since else AccountStatus.INTERRUPTED


def _without_end_now(gap: CoverageGap, now: datetime) -> CoverageGap:
    """A gap that reaches to the present goes on."""
    until_at = None if gap.until_at is None or gap.until_at >= now else gap.until_at
    return CoverageGap(gap.from_at, until_at, gap.why)


def version_of(*facts: object) -> str:
    """A short text that changes when any of the facts does."""
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
