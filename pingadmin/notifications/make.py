"""Reads the audit log onward and makes a notification of what the team should hear of.

That is each unknown outcome, each flagged review, each scheduled resume that was not sent or was
refused, each agent that began to wait for an answer, and whoever reached the limit on look-ups.
Events become visible in the order of their numbers, since an append holds the log's lock until it
is committed: a number that was passed is never filled in later.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.notifications.models import Notification, ReadUpTo

MAX_EVENTS = 1000
# Where notifications were off for a while, what is this old is no news to anybody.
NEWS_AGE = timedelta(days=1)
COLUMNS = ("seq", "story", "at", "action", "phase", "result", "alias", "session_id", "batch")
# What resumed nothing, and whoever scheduled it is not there to see that.
FAILED_RESULTS = {"rejected", "not_sent"}


def make_new() -> bool:
    """Makes the notifications of the next events. Returns whether there may be more.

    The first time it begins at the end of the log. Any number of processes may do this at once.
    Does nothing without a NOTIFY_URL.
    """
    if not settings.NOTIFY_URL:
        return False
    position = _position()
    later = AuditEvent.objects.after(position.seq).oldest_first()
    events = list(later.values(*COLUMNS)[:MAX_EVENTS])
    if not events:
        return False
    now = timezone.now()
    last_seq = events[-1]["seq"]
    scheduled = _find_scheduled(events)
    with transaction.atomic():
        made = [
            _notification(event, reason, now)
            for event in events
            if (reason := _reason(event, scheduled)) and event["at"] > now - NEWS_AGE
        ]
        # Another process may have read the same events: their number is unique.
        Notification.objects.bulk_create(made, ignore_conflicts=True)
        ReadUpTo.objects.filter(pk=position.pk, seq__lt=last_seq).update(seq=last_seq)
    return len(events) == MAX_EVENTS


def _position() -> ReadUpTo:
    if position := ReadUpTo.objects.first():
        return position
    head = AuditEvent.objects.aggregate(head=Max("seq"))["head"] or 0
    return ReadUpTo.objects.get_or_create(pk=1, defaults={"seq": head})[0]


def _find_scheduled(events: list[dict[str, Any]]) -> set[int]:
    """Of the entries whose attempt failed, the numbers of those that nobody clicked."""
    failed = [event["story"] for event in events if _has_failed(event)]
    if not failed:
        return set()
    heads = AuditEvent.objects.filter(seq__in=failed, detail__contains='"scheduled_event"')
    return set(heads.values_list("seq", flat=True))


def _has_failed(event: dict[str, Any]) -> bool:
    return event["phase"] == "outcome" and event["result"] in FAILED_RESULTS


def _reason(event: dict[str, Any], scheduled: set[int]) -> Notification.Reason | None:
    """scheduled: the entries of attempts that nobody clicked."""
    if _has_failed(event) and event["story"] in scheduled:
        return Notification.Reason.SCHEDULE_NOT_SENT
    if event["phase"] == "outcome" and event["result"] == "unknown":
        return Notification.Reason.UNKNOWN_OUTCOME
    if (event["phase"], event["action"]) == ("mark", "mark_flagged"):
        return Notification.Reason.FLAGGED_REVIEW
    if event["action"] in ("resume_missed", "resume_refused"):
        return Notification.Reason.SCHEDULE_NOT_SENT
    if event["action"] == "agent_waiting":
        return Notification.Reason.AGENT_WAITING
    if event["action"] == "break_glass":
        return Notification.Reason.BREAK_GLASS
    if event["action"] == "look_up_limit":
        return Notification.Reason.LOOK_UP_LIMIT
    return None


def _notification(
    event: dict[str, Any], reason: Notification.Reason, now: datetime
) -> Notification:
    is_outcome = reason == Notification.Reason.UNKNOWN_OUTCOME
    return Notification(
        event_seq=event["seq"],
        reason=reason,
        alias=event["alias"],
        session_id=event["session_id"],
        batch=event["batch"] if is_outcome else "",
        made_at=now,
        next_try_at=now,
    )
