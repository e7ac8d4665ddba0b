"""Reads the audit log onward and makes a message for each unknown outcome and each flagged review.

Events become visible in the order of their numbers, since each append holds the log's lock until it is committed; so a
number that was passed is never filled in later.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.notifications.models import Notification, ReadUpTo

EVENTS = 1000
# Messages were switched off for a while: what is this old is no news to anybody.
NEWS = timedelta(days=1)


def make_new() -> bool:
    """Make the messages of the next events; whether there may be more. Does nothing without a NOTIFY_URL.

    The first time it begins at the end of the log. Any number of processes may do this at once.
    """
    if not settings.NOTIFY_URL:
        return False
    place = _place()
    columns = ("seq", "at", "action", "phase", "result", "alias", "session_id", "batch")
    events = list(
        AuditEvent.objects.filter(seq__gt=place.seq).order_by("seq").values(*columns)[:EVENTS]
    )
    if not events:
        return False
    now = timezone.now()
    with transaction.atomic():
        wanted = [
            _notification(event, now)
            for event in events
            if _what(event) and event["at"] > now - NEWS
        ]
        Notification.objects.bulk_create(wanted, ignore_conflicts=True)
        ReadUpTo.objects.filter(pk=place.pk, seq__lt=events[-1]["seq"]).update(
            seq=events[-1]["seq"]
        )
    return len(events) == EVENTS


def _place() -> ReadUpTo:
    place = ReadUpTo.objects.first()
    if place:
        return place
    head = AuditEvent.objects.aggregate(head=Max("seq"))["head"] or 0
    return ReadUpTo.objects.get_or_create(pk=1, defaults={"seq": head})[0]


def _what(event: dict) -> str:
    if event["phase"] == "outcome" and event["result"] == "unknown":
        return "unknown"
    return "flagged" if (event["phase"], event["action"]) == ("mark", "mark_flagged") else ""


def _notification(event: dict, now) -> Notification:
    what = _what(event)
    return Notification(
        event_seq=event["seq"],
        what=what,
        alias=event["alias"],
        session_id=event["session_id"],
        batch=event["batch"] if what == "unknown" else "",
        made_at=now,
        next_try_at=now,
    )
