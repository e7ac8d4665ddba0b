"""Reading the log is recorded in the log, once an hour for each person."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled

HOUR = 3600

log = logging.getLogger(__name__)


def records_reading(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Makes a view record that somebody read the log.

    The page that it returns does not show that event yet.

    A log that cannot be written can still be read: readers matter most when something is broken.
    """

    @wraps(view)
    def recording_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            _record_reading(request)
        return response

    return recording_view


def _record_reading(request: HttpRequest) -> None:
    by, hour = Actor.of(request), timezone.now().replace(minute=0, second=0, microsecond=0)
    try:
        # The log is asked first, since the cache would take a write lock for each page. The cache
        # only decides the race between two requests.
        earlier = AuditEvent.objects.filter(
            action="read_log", at__gte=hour, actor_kind=by.kind, actor_id=by.id
        )
        if earlier.exists():
            return
        key = ("read_log", by.id, hour.isoformat())
        append_throttled(*key, seconds=HOUR, action="read_log", phase="event", by=by)
    except DatabaseError:
        log.critical("could not record that %s reads the audit log", by.name, exc_info=True)
