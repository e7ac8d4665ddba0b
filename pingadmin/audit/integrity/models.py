"""What the panel remembers about checking its log. Nothing here proves anything: the log and the checkpoints do."""

from django.db import models


class KeptCheckpoint(models.Model):
    """A copy of a checkpoint's line, so that a file that lost one is named. Sealed, so safe from edits."""

    line = models.CharField(max_length=1000)
    failed_sinks = models.TextField(blank=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.line


class VerificationRun(models.Model):
    """One check of the whole log from the page or the command, under way or ended. The walk goes on from it."""

    class Outcome(models.TextChoices):
        UNDER_WAY = ""
        WHOLE = "whole"
        BROKEN = "broken"

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=150)
    outcome = models.CharField(
        max_length=12, choices=Outcome.choices, blank=True, default=Outcome.UNDER_WAY
    )
    seq = models.BigIntegerField(default=0)
    head = models.CharField(max_length=64)
    before = models.CharField(max_length=64, blank=True)
    # The newest checkpoint that the checked events agreed with.
    anchored_seq = models.BigIntegerField(default=0)
    anchored_at = models.DateTimeField(null=True)
    faults = models.JSONField(default=list)
    completeness = models.JSONField(default=list)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.outcome or 'under way'}"
