"""The audit log's tables. Only record/trail.py creates events; nothing changes or removes them.

No foreign keys: an event must read the same after its user, session or snapshot is gone.
"""

from typing import Any, NoReturn

from django.db import models
from django.urls import reverse

from pingadmin.audit.querysets import (
    AuditEventQuerySet,
    KeptCheckpointQuerySet,
    VerificationRunQuerySet,
)
from pingadmin.audit.record.actors import ActorKind
from pingadmin.audit.record.append_only import AppendOnlyError


class AuditEvent(models.Model):
    """One event of an audit entry. `story` is the seq of the entry's first event, its head.

    The names of the columns are part of what is hashed, so they can never change.
    """

    class Phase(models.TextChoices):
        INTENT = "intent"
        EVENT = "event"
        OUTCOME = "outcome"
        EVIDENCE = "evidence"
        CLOSURE = "closure"
        MARK = "mark"

    class Result(models.TextChoices):
        OK = "ok"
        ALREADY = "already"
        REJECTED = "rejected"
        NOT_SENT = "not_sent"
        UNKNOWN = "unknown"

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    story = models.BigIntegerField()
    action = models.CharField(max_length=40)
    phase = models.CharField(max_length=12, choices=Phase.choices)
    result = models.CharField(max_length=12, choices=Result.choices, blank=True)
    verified = models.BooleanField(null=True)

    actor_kind = models.CharField(max_length=8, choices=ActorKind.choices)
    actor_id = models.CharField(max_length=64, blank=True)
    actor_name = models.CharField(max_length=150)
    actor_role = models.CharField(max_length=20, blank=True)
    source_address = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)

    alias = models.CharField(max_length=32, blank=True)
    session_id = models.CharField(max_length=128, blank=True)
    client = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    ticket = models.CharField(max_length=100, blank=True)
    attempt = models.CharField(max_length=36, blank=True)
    batch = models.CharField(max_length=36, blank=True)

    upstream_status = models.IntegerField(null=True)
    upstream_code = models.CharField(max_length=100, blank=True)
    shown = models.TextField(blank=True)
    detail = models.TextField(blank=True)
    snapshot_before = models.BigIntegerField(null=True)
    snapshot_after = models.BigIntegerField(null=True)

    schema_version = models.PositiveSmallIntegerField()
    key_id = models.CharField(max_length=8)
    prev_hash = models.CharField(max_length=64)
    row_hash = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        permissions = [
            ("read", "May read the audit log"),
            ("review", "May review the audit log"),
            ("export", "May export the audit log"),
        ]
        # Behind the append lock: no two events can follow the same one.
        constraints = [models.UniqueConstraint(fields=["prev_hash"], name="audit_no_fork")]
        indexes = [
            # A page of entries with their later events; also the head of any event.
            models.Index(fields=["story", "seq"], name="audit_story"),
            # The number of all entries, and the entries between two times.
            models.Index(
                fields=["at"], condition=models.Q(story=models.F("seq")), name="audit_heads_at"
            ),
            # Entries in which one person acted.
            models.Index(fields=["actor_name", "seq"], name="audit_actor"),
            # Entries of one session, in one system or in all.
            models.Index(fields=["session_id", "alias", "seq"], name="audit_session"),
            # Entries by result; intents have none, so they stay out.
            models.Index(
                fields=["result", "story"], condition=~models.Q(result=""), name="audit_result"
            ),
            # Entries of one ticket.
            models.Index(fields=["ticket", "seq"], name="audit_ticket"),
            # Entries of one action, the newest or between two times.
            models.Index(fields=["action", "at"], name="audit_action_at"),
            # Whether an entry is marked, and how.
            models.Index(
                fields=["story", "seq"], condition=models.Q(phase="mark"), name="audit_marks"
            ),
            # Entries of bulk actions.
            models.Index(fields=["seq"], condition=~models.Q(batch=""), name="audit_bulk"),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.action} {self.phase}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError

    def get_absolute_url(self) -> str:
        """The entry's page; a later event has its own place on it."""
        address = reverse("audit:entry", args=[self.story])
        return address if self.seq == self.story else f"{address}#event-{self.seq}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError


class KeptCheckpoint(models.Model):
    """A copy of a checkpoint's line, so that a file that lost a line is noticed.

    The line carries its own seals, so an edit here is noticed too.
    """

    line = models.CharField(max_length=1000)
    # The sinks that it is still to be sent to, or that it was given up for.
    unsent_sinks = models.JSONField(
        default=list, db_default=models.Value([], output_field=models.JSONField())
    )
    # How the last try failed, "sink: sentence; sink: sentence".
    failed_sinks = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    # None where every sink has it, and where it was given up.
    next_try_at = models.DateTimeField(null=True)

    objects = KeptCheckpointQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(next_try_at__isnull=False),
                name="keptcheckpoint_due",
            ),
        ]

    def __str__(self) -> str:
        return self.line


class VerificationRun(models.Model):
    """One verification of the whole log, running or ended; a running one continues from here.

    It only remembers. What proves anything is the log itself, with the checkpoints.
    """

    class Outcome(models.TextChoices):
        RUNNING = "", "running"
        WHOLE = "whole", "whole"
        BROKEN = "broken", "not whole"
        EMPTY = "empty", "nothing to vouch for"

    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    started_by = models.CharField(max_length=150)
    outcome = models.CharField(
        max_length=12, choices=Outcome.choices, blank=True, default=Outcome.RUNNING
    )
    # The last event that is good, its hash, and the hash that it follows.
    seq = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64, db_column="head")
    previous_hash = models.CharField(max_length=64, blank=True, db_column="before")
    # The newest checkpoint that the verified events agree with.
    anchored_seq = models.BigIntegerField(default=0)
    anchored_at = models.DateTimeField(null=True)
    # Faults and completeness findings as JSON: see Fault.as_dict and CompletenessFinding.as_dict.
    faults = models.JSONField(default=list)
    completeness = models.JSONField(default=list)
    # Of all the rest, by integrity/run_seal.py: a row without it, or with another, is not believed.
    seal = models.CharField(max_length=64, blank=True, db_default="")

    objects = VerificationRunQuerySet.as_manager()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.get_outcome_display()}"

    @property
    def is_empty(self) -> bool:
        """Whether it found no event at all, which says nothing of what there should be."""
        return self.outcome == self.Outcome.EMPTY
