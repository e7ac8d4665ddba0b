"""How the delivery of notifications stands: what waits, what failed. For pages and metrics."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from pingadmin.notifications.models import Notification

# How long a message that failed or was given up is shown.
SHOWN_FOR = timedelta(days=7)
MAX_SHOWN = 20


@dataclass(frozen=True)
class DeliveryStatus:
    """failing: messages whose last try failed, newest first.

    Those that were given up have no `next_try_at`.
    """

    is_on: bool
    waiting: int
    delivered_at: datetime | None
    failing: list[Notification]


def read_delivery_status() -> DeliveryStatus:
    """Three queries."""
    messages = Notification.objects
    failing = messages.failing().filter(made_at__gte=timezone.now() - SHOWN_FOR)
    return DeliveryStatus(
        is_on=bool(settings.NOTIFY_URL),
        waiting=messages.waiting().count(),
        delivered_at=messages.aggregate(newest=Max("delivered_at"))["newest"],
        failing=list(failing.order_by("-made_at", "-pk")[:MAX_SHOWN]),
    )


def count_given_up() -> int:
    """How many messages of the newest days were given up. One query."""
    since = timezone.now() - SHOWN_FOR
    return Notification.objects.given_up().filter(made_at__gte=since).count()
