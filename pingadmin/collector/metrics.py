"""The figures for Prometheus, in its text format (https://prometheus.io/docs/instrumenting/exposition_formats/).

All are read from the database, so every worker process tells the same. Labels are names of accounts: no session, no
person, no secret. docs/operating.md lists the names.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.collector import health
from pingadmin.collector.models import Beat, Feed
from pingadmin.notifications import delivery_status
from pingadmin.remote_sessions.models import WatchSpan
from pingadmin.resumes.models import Attempt

Sample = tuple[dict[str, str], float]

_COUNTS = {
    "events": "Events heard of the account's sessions.",
    "late": "Events that came after newer ones.",
    "repeated": "Events that came again.",
    "dropped": "Events superseded by newer ones of the same session before they were written.",
    "unreadable": "Events that could not be read.",
    "polls": "Look-ups by the collector.",
    "polls_failed": "Look-ups by the collector that failed.",
    "reconnects": "Times that the event stream was opened again.",
}


def text() -> str:
    """One scrape."""
    return "".join(line for family in _families() for line in _told(*family))


def _families() -> Iterator[tuple[str, str, str, Iterable[Sample]]]:
    """name, type, help and samples of each family."""
    beat = Beat.objects.order_by("-beat_at").first()
    is_running = health.is_running(beat)
    yield from _of_the_collector(beat, is_running)
    yield from _of_accounts(list(Feed.objects.order_by("alias")), is_running)
    yield from _of_acts()
    yield from _of_messages()


def _of_the_collector(beat, is_running):
    yield (
        "pingadmin_alarms",
        "gauge",
        "Notices of silence that people see.",
        _one(len(health.alarms())),
    )
    yield (
        "pingadmin_collector_up",
        "gauge",
        "1 while the collector gives signs of life.",
        _one(is_running),
    )
    if beat:
        yield (
            "pingadmin_collector_start_time_seconds",
            "gauge",
            "When it was started.",
            _one(beat.started_at),
        )
        yield (
            "pingadmin_collector_beat_time_seconds",
            "gauge",
            "Its newest sign of life.",
            _one(beat.beat_at),
        )


def _of_accounts(feeds, is_running):
    """A collector that was killed leaves its last word behind; that is no longer so."""
    now = timezone.now()
    gauges = [
        (
            "up",
            "1 while the account is heard.",
            lambda feed: (
                is_running and feed.up_since is not None and feed.alias in settings.UPSTREAMS
            ),
        ),
        ("heard_time_seconds", "When anything was heard last.", lambda feed: feed.received_at),
        (
            "lag_seconds",
            "How long the newest event waited to be written.",
            lambda feed: _seconds(feed.lag_ms),
        ),
        (
            "events_per_second",
            "Events a second, lately.",
            lambda feed: feed.events_a_second if is_running else None,
        ),
        ("error_time_seconds", "When hearing failed last.", lambda feed: feed.error_at),
        (
            "circuit_open",
            "1 while the collector leaves the failing account alone.",
            lambda feed: feed.circuit_open_until is not None and feed.circuit_open_until > now,
        ),
    ]
    for name, help_text, value in gauges:
        samples = [({"account": feed.alias}, value(feed)) for feed in feeds]
        yield f"pingadmin_account_{name}", "gauge", help_text, samples
    for column, help_text in _COUNTS.items():
        samples = [({"account": feed.alias}, getattr(feed, column)) for feed in feeds]
        yield f"pingadmin_account_{column}_total", "counter", help_text, samples
    watched = WatchSpan.objects.values("alias").annotate(until=Max("until_at")).order_by("alias")
    samples = [({"account": row["alias"]}, row["until"]) for row in watched]
    yield (
        "pingadmin_account_watched_until_time_seconds",
        "gauge",
        "Until when it was watched.",
        samples,
    )


def _of_acts():
    head = AuditEvent.objects.aggregate(head=Max("seq"))["head"] or 0
    is_open, unresolved = Q(is_open=True), Q(result="unknown", resolved_at=None)
    overdue = Q(next_check_at__lt=timezone.now())
    for name, kind, help_text, value in [
        ("audit_head_seq", "counter", "Number of the newest audit event.", head),
        (
            "attempts_open",
            "gauge",
            "Resumes and pauses without an outcome yet.",
            _attempts(is_open),
        ),
        (
            "attempts_unsettled",
            "gauge",
            "Unknown outcomes that nobody settled.",
            _attempts(unresolved),
        ),
        ("attempts_due", "gauge", "Attempts that are due for a look.", _attempts(overdue)),
    ]:
        yield f"pingadmin_{name}", kind, help_text, _one(value)


def _of_messages():
    messages = delivery_status.now()
    yield "pingadmin_notifications_on", "gauge", "1 where a webhook is set.", _one(messages.is_on)
    yield (
        "pingadmin_notifications_waiting",
        "gauge",
        "Messages to be delivered.",
        _one(messages.waiting),
    )
    given_up = _one(delivery_status.given_up())
    yield (
        "pingadmin_notifications_given_up",
        "gauge",
        "Messages of the newest 7 days that were given up.",
        given_up,
    )


def _attempts(which: Q) -> int:
    return Attempt.objects.filter(which).count()


def _one(value) -> list[Sample]:
    return [({}, value)]


def _seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def _told(name, kind, help_text, samples) -> Iterator[str]:
    """The lines of one family; a value that is not known is left out, and a family without values too."""
    known = [(labels, value) for labels, value in samples if value is not None]
    if known:
        yield f"# HELP {name} {help_text}\n# TYPE {name} {kind}\n"
    for labels, value in known:
        pairs = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{name}{{{pairs}}} {_number(value)}\n" if pairs else f"{name} {_number(value)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value) -> str:
    return repr(value.timestamp()) if isinstance(value, datetime) else repr(+value)
