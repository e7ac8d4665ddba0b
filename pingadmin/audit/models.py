"""AuditEvent: who did what, append-only. Only trail.py creates rows; nothing changes or removes them.

No foreign keys: a row must read the same after its user, session or snapshot is gone.
"""

from django.db import models

from pingadmin.audit.integrity.models import KeptCheckpoint, VerificationRun
from pingadmin.audit.record.append_only import AppendOnlyError, AppendOnlyQuerySet

__all__ = ["AuditEvent", "KeptCheckpoint", "VerificationRun"]


class AuditEvent(models.Model):
    """One event of one story. `story` is the seq of the story's first event, its head."""

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    story = models.BigIntegerField()
    action = models.CharField(max_length=40)
    phase = models.CharField(max_length=12)
    result = models.CharField(max_length=12, blank=True)
    verified = models.BooleanField(null=True)

    actor_kind = models.CharField(max_length=8)
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

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        permissions = [
            ("read", "May read the audit log"),
            ("review", "May review the audit log"),
            ("export", "May export the audit log"),
        ]
        # The backstop of the append lock: a chain in which two rows follow one is refused.
        constraints = [models.UniqueConstraint(fields=["prev_hash"], name="audit_no_fork")]
        indexes = [
            # A page of stories with their later events; also the head of any event.
            models.Index(fields=["story", "seq"], name="audit_story"),
            # Count of all stories, and stories from one time to another.
            models.Index(
                fields=["at"], condition=models.Q(story=models.F("seq")), name="audit_heads_at"
            ),
            # Stories that one person had a hand in.
            models.Index(fields=["actor_name", "seq"], name="audit_actor"),
            # Stories of one session, of one system or of all.
            models.Index(fields=["session_id", "alias", "seq"], name="audit_session"),
            # Stories by how they ended; intents have no result, so they stay out.
            models.Index(
                fields=["result", "story"], condition=~models.Q(result=""), name="audit_result"
            ),
            # Stories of one ticket.
            models.Index(fields=["ticket", "seq"], name="audit_ticket"),
            # Stories of one kind, newest or within a time.
            models.Index(fields=["action", "at"], name="audit_action_at"),
            # Whether a story is marked, and how.
            models.Index(
                fields=["story", "seq"], condition=models.Q(phase="mark"), name="audit_marks"
            ),
            # Stories of bulk acts.
            models.Index(fields=["seq"], condition=~models.Q(batch=""), name="audit_bulk"),
        ]

    def __str__(self) -> str:
        return f"#{self.seq} {self.action} {self.phase}"

    def save(self, *args, **kwargs):
        raise AppendOnlyError

    def delete(self, *args, **kwargs):
        raise AppendOnlyError
