"""The figures for Prometheus.

They are read from the database, or added up of what every process wrote of itself, so every worker
tells the same. Labels are names of
accounts: no session, no person, no secret. docs/operating.md lists the names.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pingadmin.audit.integrity.status import current_status, newest_checkpoints
from pingadmin.audit.models import AuditEvent, VerificationRun
from pingadmin.collector import health
from pingadmin.collector.models import FeedStatus, Heartbeat
from pingadmin.notifications import delivery_status
from pingadmin.remote_sessions.models import WatchSpan
from pingadmin.resumes import unrecorded_outcomes
from pingadmin.resumes.models import Attempt
from pingadmin.telemetry import counters
from pingadmin.web.probes import find_faults

Value = datetime | float | bool | None

# Names of metrics stay as they were first published (`heard`, `unsettled`): alerts read them.

# Column of FeedStatus -> help text.
COUNTERS = {
    "events": "Events received of the account's sessions.",
    "late": "Events that came after newer ones.",
    "repeated": "Events that came again.",
    "dropped": "Events superseded by newer ones of the same session before they were written.",
    "unreadable": "Events that could not be read.",
    "polls": "Look-ups by the collector.",
    "polls_failed": "Look-ups by the collector that failed.",
    "reconnects": "Times that the event stream was opened again.",
}


def text() -> bytes:
    """One scrape, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_PanelFigures())
    return generate_latest(registry)


class _PanelFigures(Collector):
    """Reads every figure at the moment of the scrape."""

    def collect(self) -> Iterator[Metric]:
        heartbeat = Heartbeat.objects.newest_first().first()
        is_running = health.is_running(heartbeat)
        feeds = list(FeedStatus.objects.order_by("alias"))
        families = [
            *_collector_figures(heartbeat, is_running),
            *_account_gauges(feeds, is_running),
            *_account_counters(feeds),
            _watched_until(),
            *_action_figures(),
            *_notification_figures(),
            *_readiness_figures(),
            *_integrity_figures(),
            *counters.read_all(),
        ]
        # A family without values would say that there is something to know.
        return (family for family in families if family.samples)


def _collector_figures(heartbeat: Heartbeat | None, is_running: bool) -> Iterator[Metric]:
    yield _gauge("pingadmin_alarms", "Alarms that people see.", len(health.find_alarms()))
    yield _gauge("pingadmin_collector_up", "1 while the collector gives signs of life.", is_running)
    if heartbeat:
        yield _gauge(
            "pingadmin_collector_start_time_seconds", "When it started.", heartbeat.started_at
        )
        yield _gauge(
            "pingadmin_collector_beat_time_seconds", "Its latest heartbeat.", heartbeat.beat_at
        )


def _account_gauges(feeds: list[FeedStatus], is_running: bool) -> Iterator[Metric]:
    now = timezone.now()

    def is_up(feed: FeedStatus) -> bool:
        # What a killed collector wrote last is not the present.
        return is_running and feed.up_since is not None and feed.alias in settings.UPSTREAMS

    def lag_seconds(feed: FeedStatus) -> float | None:
        return None if feed.lag_ms is None else feed.lag_ms / 1000

    def is_circuit_open(feed: FeedStatus) -> bool:
        return feed.circuit_open_until is not None and feed.circuit_open_until > now

    gauges: list[tuple[str, str, Callable[[FeedStatus], Value]]] = [
        ("up", "1 while the account is received.", is_up),
        ("heard_time_seconds", "When anything was last received.", lambda feed: feed.received_at),
        ("lag_seconds", "How long the newest event waited to be written.", lag_seconds),
        (
            "events_per_second",
            "Events a second, lately.",
            lambda feed: feed.events_a_second if is_running else None,
        ),
        ("error_time_seconds", "When receiving last failed.", lambda feed: feed.error_at),
        ("circuit_open", "1 while polls leave the failing account alone.", is_circuit_open),
    ]
    for name, help_text, value_of in gauges:
        values = ((feed.alias, value_of(feed)) for feed in feeds)
        yield _account_gauge(f"pingadmin_account_{name}", help_text, values)


def _account_counters(feeds: list[FeedStatus]) -> Iterator[Metric]:
    for column, help_text in COUNTERS.items():
        counter = CounterMetricFamily(f"pingadmin_account_{column}", help_text, labels=["account"])
        for feed in feeds:
            counter.add_metric([feed.alias], getattr(feed, column))
        yield counter


def _watched_until() -> Metric:
    watched = WatchSpan.objects.values_list("alias").annotate(until=Max("until_at"))
    return _account_gauge(
        "pingadmin_account_watched_until_time_seconds",
        "Until when the account was watched.",
        watched.order_by("alias"),
    )


def _action_figures() -> Iterator[Metric]:
    head = AuditEvent.objects.aggregate(head=Max("seq"))["head"] or 0
    attempts = Attempt.objects
    open_count = attempts.open().count()
    unresolved = attempts.unresolved().count()
    due = attempts.due_for_check(timezone.now()).count()
    yield _gauge("pingadmin_audit_head_seq", "Number of the newest audit event.", head)
    yield _gauge(
        "pingadmin_attempts_open", "Resumes and pauses without an outcome yet.", open_count
    )
    yield _gauge("pingadmin_attempts_unsettled", "Unresolved unknown outcomes.", unresolved)
    yield _gauge(
        "pingadmin_outcomes_unrecorded",
        "Outcomes on this machine that the database has not taken yet.",
        unrecorded_outcomes.count_waiting(),
    )
    yield _gauge("pingadmin_attempts_due", "Attempts that are due for a check.", due)


def _notification_figures() -> Iterator[Metric]:
    status = delivery_status.read_delivery_status()
    yield _gauge("pingadmin_notifications_on", "1 where a webhook is set.", status.is_on)
    yield _gauge("pingadmin_notifications_waiting", "Messages to be delivered.", status.waiting)
    yield _gauge(
        "pingadmin_notifications_given_up",
        "Messages of the newest 7 days that were given up.",
        delivery_status.count_given_up(),
    )


def _readiness_figures() -> Iterator[Metric]:
    faults = find_faults()
    is_ready = all(fault.is_warning for fault in faults)
    yield _gauge("pingadmin_ready", "1 while /readyz says ready.", is_ready)
    family = GaugeMetricFamily(
        "pingadmin_fault", "1 for each check of /readyz that finds a fault.", labels=["check"]
    )
    for check in sorted({fault.check for fault in faults}):
        family.add_metric([check], 1)
    yield family


def _integrity_figures() -> Iterator[Metric]:
    """The verdict of the newest verification that ended, and how old the newest signed head is."""
    status = current_status()
    # Of an empty log nothing was found either way.
    if status.last_run and status.last_run.ended_at and not status.last_run.is_empty:
        yield _gauge(
            "pingadmin_audit_verified",
            "1 where the newest verification found the audit log whole.",
            status.last_run.outcome == VerificationRun.Outcome.WHOLE,
        )
        yield _gauge(
            "pingadmin_audit_verified_time_seconds", "When it ended.", status.last_run.ended_at
        )
    checkpoint = next(iter(newest_checkpoints(1)), None)
    if checkpoint:
        yield _gauge(
            "pingadmin_audit_checkpoint_time_seconds",
            "When the newest checkpoint was signed.",
            checkpoint.made_at,
        )


def _gauge(name: str, help_text: str, value: Value) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=_number(value))


def _account_gauge(
    name: str, help_text: str, values: Iterable[tuple[str, Any]]
) -> GaugeMetricFamily:
    """One sample for each account whose value is known."""
    family = GaugeMetricFamily(name, help_text, labels=["account"])
    for alias, value in values:
        if value is not None:
            family.add_metric([alias], _number(value))
    return family


def _number(value: Value) -> float:
    """Moments as Unix seconds, flags as 0 and 1."""
    if isinstance(value, datetime):
        return value.timestamp()
    return float(value or 0)
