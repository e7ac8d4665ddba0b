from django.db import models
from django.db.models import Q

from pingadmin.http.errors import HTTPFailure


class Notification(models.Model):
    """One message to the team's webhook, made once for one event of the audit log (its number keeps it from being
    made twice), tried a few times. `failure` is how the last try failed, empty where it was delivered.

    `batch` is the bulk act of the event: a bulk act has one message for all its unknown outcomes. `next_try_at` is
    empty where it was delivered, and where it was given up.
    """

    event_seq = models.BigIntegerField(unique=True)
    what = models.CharField(
        max_length=16, choices=[("unknown", "unknown outcome"), ("flagged", "flagged review")]
    )
    alias = models.CharField(max_length=32, blank=True)
    session_id = models.CharField(max_length=128, blank=True)
    batch = models.CharField(max_length=36, blank=True, db_default="")
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=16, blank=True, db_column="word")
    status = models.PositiveSmallIntegerField(null=True)

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
                condition=models.Q(next_try_at__isnull=False),
                name="notification_due",
            ),
            # What was given up, for the line that administrators see.
            models.Index(
                fields=["made_at"],
                condition=Q(next_try_at=None, delivered_at=None),
                name="notification_given_up",
            ),
        ]

    def __str__(self):
        return f"#{self.event_seq}: {self.what}"

    @property
    def sentence(self) -> str:
        """How the last try failed, as the second half of a sentence."""
        return str(dict(HTTPFailure.choices).get(self.failure, self.failure))


class ReadUpTo(models.Model):
    """How far the audit log was read for messages: one row, with the number of the last event that was read."""

    seq = models.BigIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"#{self.seq}"
