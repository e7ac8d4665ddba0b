import uuid

from django.db import models
from django.db.models import Q

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes import actions

ACTIONS = [(name, name) for name in actions.ACTIONS]
RESULTS = [(word, word) for word in ("ok", "already", "rejected", "not_sent", "unknown")]


class Attempt(models.Model):
    """One press of "Resume session" or "Pause session": opened before anything is sent, closed with what became of it.

    While open it holds the session: the partial unique index lets one attempt in. `lease_until` is when an
    attempt without an outcome counts as lost. `next_check_at` is when reconcile looks again, empty when it is
    done; `check_count` is how far it is in its plan.
    `resolved_at` ends an unknown outcome: by evidence, or by a person with a reason. The result stays as it was.
    """

    class Resolution(models.TextChoices):
        BY_EVIDENCE = "evidence"
        BY_PERSON = "person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(unique=True)
    session = models.ForeignKey(RemoteSession, on_delete=models.PROTECT, related_name="attempts")
    action = models.CharField(
        max_length=8, choices=ACTIONS, default="resume", db_default="resume", db_column="act"
    )
    batch = models.CharField(max_length=36, blank=True, db_default="")
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=64, blank=True)

    is_open = models.BooleanField(default=True)
    opened_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    intent_seq = models.BigIntegerField()

    result = models.CharField(max_length=8, blank=True, choices=RESULTS)
    verified = models.BooleanField(null=True)
    failure = models.CharField(max_length=16, blank=True, db_column="word")
    status = models.PositiveSmallIntegerField(null=True)
    code = models.CharField(max_length=64, blank=True)
    message = models.CharField(max_length=300, blank=True)
    retry_after = models.PositiveIntegerField(null=True)
    elapsed_ms = models.PositiveIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)

    check_count = models.PositiveSmallIntegerField(default=0, db_column="looks")
    next_check_at = models.DateTimeField(null=True, db_column="next_look_at")
    resolved_at = models.DateTimeField(null=True, db_column="settled_at")
    resolved_by = models.CharField(
        max_length=8, blank=True, choices=Resolution.choices, db_column="settled_by"
    )
    resolution_note = models.CharField(max_length=500, blank=True, db_column="settled_note")

    class Meta:
        db_table = "resumes_resumeattempt"
        default_permissions = ()
        permissions = [
            ("resume", "May resume sessions and close unknown outcomes"),
            ("pause", "May pause sessions, which disconnects people"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(is_open=True), name="one_open_attempt_for_a_session"
            ),
        ]
        indexes = [
            # A session's page: its newest attempts; also the limit for a session.
            models.Index(fields=["session", "-opened_at"], name="attempt_of_session"),
            # The limit for a person.
            models.Index(fields=["actor_id", "-opened_at"], name="attempt_of_person"),
            # Reconcile: what is due for a look, and what was lost.
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="attempt_due",
            ),
            models.Index(fields=["lease_until"], condition=Q(is_open=True), name="attempt_open"),
            # The board: outcomes that nobody knows.
            models.Index(
                fields=["session"],
                condition=Q(result="unknown", resolved_at__isnull=True),
                name="attempt_unknown",
            ),
        ]

    def __str__(self):
        return f"{self.action} by {self.actor_name} on {self.session}: {self.result or 'open'}"

    @property
    def kind(self) -> actions.Action:
        """Which of the two acts it is, with its words."""
        return actions.ACTIONS[self.action]

    @property
    def is_unresolved(self) -> bool:
        """Whether nobody knows yet what this press did."""
        return self.result == "unknown" and self.resolved_at is None


class BulkResume(models.Model):
    """One press of "Resume these": an explicit list of sessions, one reason and ticket, worked through one by one.

    `lease_until` moves on while something works on it; after it, what was not sent is left unsent for good. It ends
    (`ended_at`) when every item has its end, or when a person stops it (`stop_asked_at`). `why_ended` is half a
    sentence, empty where nothing was left unsent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(unique=True)
    retry_of = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="retries"
    )
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=64, blank=True)
    begun_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    stop_asked_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    why_ended = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        default_permissions = ()
        indexes = [
            # The newest of a person, for the page that lists them.
            models.Index(fields=["actor_id", "-begun_at"], name="bulk_of_person"),
        ]

    def __str__(self):
        return f"{self.actor_name} at {self.begun_at:%H:%M:%S}"


class BulkItem(models.Model):
    """One session of a bulk resume. Its attempt is the one with the same `token`, there once the intent is written;
    `why_not` (half a sentence) where nothing was tried and there is no attempt to say why."""

    bulk = models.ForeignKey(BulkResume, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField(db_column="place")
    alias = models.CharField(max_length=32)
    session_id = models.CharField(max_length=128)
    token = models.UUIDField(unique=True)
    shown = models.JSONField(null=True)
    why_not = models.CharField(max_length=300, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bulk", "position"], name="one_item_at_a_place"),
            models.UniqueConstraint(
                fields=["bulk", "alias", "session_id"], name="one_item_for_a_session"
            ),
        ]

    def __str__(self):
        return f"{self.position}: {self.alias}/{self.session_id}"
