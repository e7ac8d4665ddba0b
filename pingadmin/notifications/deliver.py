"""Sends the messages that are due to the team's webhook, and gives each up after a few tries.

A message may arrive twice: when a process dies between sending it and writing that down, or when
the webhook takes it and does not answer. That is better than never.
"""

import json
import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from pingadmin.http.errors import HTTPFailure, RequestError
from pingadmin.http.post import post_json
from pingadmin.notifications.models import Notification
from pingadmin.notifications.wording import text_of

# How long after each failed try the next one comes; after the last the message is given up.
RETRY_AFTER = [timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 7200)]
UNCONFIRMED_RETRIES = 2
# Should a process die while it sends, the message is due again after this.
LEASE = timedelta(seconds=60)

log = logging.getLogger(__name__)


def deliver_one() -> bool:
    """Tries the message that is due longest. Returns whether one was due.

    Does nothing without a NOTIFY_URL.
    """
    if not settings.NOTIFY_URL:
        return False
    now = timezone.now()
    message = Notification.objects.due(now).first()
    if message is None:
        return False
    if _claim(message, now):
        _try(message)
    return True


def _claim(message: Notification, now: datetime) -> bool:
    """Takes the message for this process; False where another one was faster."""
    # The time that we read is the claim: whoever came first has moved it.
    same = Notification.objects.filter(pk=message.pk, next_try_at=message.next_try_at)
    return same.update(next_try_at=now + LEASE, tries=message.tries + 1) == 1


def _try(message: Notification) -> None:
    tries = message.tries + 1
    row = Notification.objects.filter(pk=message.pk)
    try:
        body = json.dumps({"text": text_of(message)}).encode()
        status = post_json(settings.NOTIFY_URL, body)
    except RequestError as error:
        next_try_at = _next_try_at(tries, error)
        row.update(failure=error.kind, status=error.status, next_try_at=next_try_at)
        log.warning("message %s was not delivered (try %d): %s", message, tries, error.kind)
        return
    row.update(failure="", status=status, next_try_at=None, delivered_at=timezone.now())


def _next_try_at(tries: int, error: RequestError) -> datetime | None:
    """None when the message is given up."""
    # An unconfirmed one may well have been delivered, each time.
    most = UNCONFIRMED_RETRIES if error.kind == HTTPFailure.UNCONFIRMED else len(RETRY_AFTER)
    if tries > most:
        return None
    requested = timedelta(seconds=error.retry_after or 0)
    return timezone.now() + max(RETRY_AFTER[tries - 1], requested)
