"""Reads the audit log onward and makes a notification of what the team should hear of.

That is each unknown outcome, each flagged review, each scheduled resume that was not sent, each
agent that began to wait for an answer, and whoever reached the limit on look-ups. Events become
visible in the order of their numbers, since an append holds the log's lock until it is committed: a
number that was passed is never filled in later.
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
COLUMNS = ("seq", "at", "action", "phase", "result", "alias", "session_id", "batch")


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
    with transaction.atomic():
        made = [
            _notification(event, reason, now)
            for event in events
            if (reason := _reason(event)) and event["at"] > now - NEWS_AGE
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


def _reason(event: dict[str, Any]) -> Notification.Reason | None:
    if event["phase"] == "outcome" and event["result"] == "unknown":
        return Notification.Reason.UNKNOWN_OUTCOME
    if (event["phase"], event["action"]) == ("mark", "mark_flagged"):
        return Notification.Reason.FLAGGED_REVIEW
    if event["action"] in ("resume_missed", "resume_refused"):
        return Notification.Reason.SCHEDULE_NOT_SENT
    if event["action"] == "agent_waiting":
        return Notification.Reason.AGENT_WAITING
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
