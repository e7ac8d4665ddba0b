from django.db import models


class Notification(models.Model):
    """One message to the team's webhook, made once for one event of the audit log (its number keeps it from being
    made twice), tried a few times. `word` is how the last try failed, empty where it was delivered."""

    event_seq = models.BigIntegerField(unique=True)
    what = models.CharField(max_length=16, choices=[("unknown", "unknown outcome"), ("flagged", "flagged review")])
    alias = models.CharField(max_length=32, blank=True)
    session_id = models.CharField(max_length=128, blank=True)
    made_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    word = models.CharField(max_length=16, blank=True)
    status = models.PositiveSmallIntegerField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [
            # What is due for a try.
            models.Index(
                fields=["next_try_at"], condition=models.Q(next_try_at__isnull=False), name="notification_due"
            ),
        ]

    def __str__(self):
        return f"#{self.event_seq}: {self.what}"
