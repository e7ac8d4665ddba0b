"""Reading the log is an act as well: recorded once for a person and hour."""

import logging
from functools import wraps

from django.db import DatabaseError
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled

HOUR = 3600

log = logging.getLogger(__name__)


def recorded(view):
    """A view that shows the log: what it shows is recorded before it leaves, without this very entry.

    Where the log cannot be written it can still be read: a reader is needed most when something is broken.
    """

    @wraps(view)
    def reading(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            _record(request)
        return response

    return reading


def _record(request) -> None:
    by, hour = Actor.of(request), timezone.now().replace(minute=0, second=0, microsecond=0)
    try:
        # Asked first, because the cache would take a write lock for each page; it settles only the race.
        read = AuditEvent.objects.filter(
            action="read_log", at__gte=hour, actor_kind=by.kind, actor_id=by.id
        )
        if not read.exists():
            append_throttled(
                "read_log",
                by.id,
                hour.isoformat(),
                seconds=HOUR,
                action="read_log",
                phase="event",
                by=by,
            )
    except DatabaseError:
        log.critical(
            "%s reads the audit log, and that could not be recorded.", by.name, exc_info=True
        )
