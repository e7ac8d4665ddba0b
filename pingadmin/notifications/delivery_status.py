"""How messages stand: whether there is a webhook, what waits, what could not be delivered. For pages and metrics."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from pingadmin.notifications.models import Notification

# How long a message that was given up is shown.
SHOWN = timedelta(days=7)


@dataclass(frozen=True)
class Standing:
    """failing: messages whose last try failed, newest first; those given up have no `next_try_at`."""

    is_on: bool
    waiting: int
    delivered_at: datetime | None
    failing: list[Notification]


def now() -> Standing:
    """Three queries."""
    failing = Notification.objects.exclude(failure="").filter(made_at__gte=timezone.now() - SHOWN)
    return Standing(
        is_on=bool(settings.NOTIFY_URL),
        waiting=Notification.objects.filter(next_try_at__isnull=False).count(),
        delivered_at=Notification.objects.aggregate(newest=Max("delivered_at"))["newest"],
        failing=list(failing.order_by("-made_at", "-pk")[:20]),
    )


def given_up() -> int:
    """How many of the newest days' messages were given up; one query."""
    lost = Q(next_try_at=None, delivered_at=None, made_at__gte=timezone.now() - SHOWN)
    return Notification.objects.filter(lost).count()
