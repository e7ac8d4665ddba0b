from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from pingadmin.http.errors import HTTPFailure


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, now: datetime) -> Self:
        """What is to be tried now, the longest due first."""
        return self.filter(next_try_at__lte=now).order_by("next_try_at")

    def waiting(self) -> Self:
        """What will be tried, now or later."""
        return self.filter(next_try_at__isnull=False)

    def failing(self) -> Self:
        """What the last try could not deliver."""
        return self.exclude(failure="")

    def given_up(self) -> Self:
        """What was tried for the last time and was not delivered."""
        return self.filter(next_try_at=None, delivered_at=None)


class Notification(models.Model):
    """One message to the team's webhook, made once for one audit event and tried a few times.

    The event's number keeps it from being made twice. `failure` is how the last try failed, empty
    where it was delivered. `batch` is the bulk resume of the event: it has one message for all
    its unknown outcomes. `next_try_at` is empty where the message was delivered or given up.
    """

    class Reason(models.TextChoices):
        UNKNOWN_OUTCOME = "unknown", "unknown outcome"
        FLAGGED_REVIEW = "flagged", "flagged review"
        SCHEDULE_NOT_SENT = "schedule", "scheduled resume not sent"
        AGENT_WAITING = "waiting", "agent that waits for an answer"
        LOOK_UP_LIMIT = "look_up_limit", "limit on look-ups"
        BREAK_GLASS = "break_glass", "emergency account used"

    event_seq = models.BigIntegerField(unique=True)
    reason = models.CharField(max_length=16, choices=Reason.choices, db_column="what")
    alias = models.CharField(max_length=32, blank=True)
    session_id = models.CharField(max_length=128, blank=True)
    batch = models.CharField(max_length=36, blank=True, db_default="")
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=16, blank=True, db_column="word")
    status = models.PositiveSmallIntegerField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["batch"], condition=~Q(batch=""), name="one_message_for_a_bulk_act"
            ),
        ]
        indexes = [
            # What is due for a try.
            models.Index(
                fields=["next_try_at"],
                condition=Q(next_try_at__isnull=False),
                name="notification_due",
            ),
            # What was given up, for the notice that administrators see.
            models.Index(
                fields=["made_at"],
                condition=Q(next_try_at=None, delivered_at=None),
                name="notification_given_up",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.event_seq}: {self.reason}"

    @property
    def failure_sentence(self) -> str:
        """How the last try failed, as the second half of a sentence."""
        return str(dict(HTTPFailure.choices).get(self.failure, self.failure))


class ReadUpTo(models.Model):
    """How far the audit log was read for notifications: one row, the last event's number."""

    seq = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"#{self.seq}"
