"""Sends the messages that are due to the team's webhook, one at a time, and gives each up after a few tries.

A message may arrive twice when a process dies between sending it and writing that down, or when the webhook takes it
and does not answer: better than never.
"""

import json
import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin.http.errors import RequestError
from pingadmin.http.post import post_json
from pingadmin.notifications.models import Notification
from pingadmin.notifications.wording import text_of

# After each failed try, how long until the next; after the last one it is given up.
REST = [timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 7200)]
LEASE = timedelta(seconds=60)

log = logging.getLogger(__name__)


def deliver_one() -> bool:
    """Try the message that is due longest; whether one was due. Does nothing without a NOTIFY_URL."""
    if not settings.NOTIFY_URL:
        return False
    now = timezone.now()
    due = Notification.objects.filter(next_try_at__lte=now).order_by("next_try_at").first()
    if due is None:
        return False
    if _is_mine(due, now):
        _try(due)
    return True


def _is_mine(due: Notification, now) -> bool:
    """Of several deliverers one gets it; it is due again should that one die."""
    mine = Notification.objects.filter(pk=due.pk, next_try_at=due.next_try_at)
    return mine.update(next_try_at=now + LEASE, tries=due.tries + 1) == 1


def _try(due: Notification) -> None:
    tries = due.tries + 1
    try:
        status = post_json(settings.NOTIFY_URL, json.dumps({"text": text_of(due)}).encode())
    except RequestError as error:
        failed = {
            "failure": error.kind,
            "status": error.status,
            "next_try_at": _next_try_at(tries, error),
        }
        Notification.objects.filter(pk=due.pk).update(**failed)
        log.warning("message %s was not delivered (try %d): %s", due, tries, error.kind)
        return
    done = {"failure": "", "status": status, "next_try_at": None, "delivered_at": timezone.now()}
    Notification.objects.filter(pk=due.pk).update(**done)


def _next_try_at(tries: int, error: RequestError):
    """None when it is given up."""
    if tries > len(REST):
        return None
    asked = timedelta(seconds=error.retry_after or 0)
    return timezone.now() + max(REST[tries - 1], asked)
