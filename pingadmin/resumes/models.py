import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.urls import reverse

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.results import Result

# What is later than this is not sent any more: nobody expects it then.
LATEST = timedelta(seconds=60)


class AttemptQuerySet(models.QuerySet["Attempt"]):
    def newest_first(self) -> Self:
        return self.order_by("-opened_at")

    def open(self) -> Self:
        """Those without an outcome: their call is under way, or its process is lost."""
        return self.filter(is_open=True)

    def lost(self, now: datetime) -> Self:
        """Open ones whose lease has run out, the first to run out first: their process is gone."""
        return self.open().filter(lease_until__lt=now).order_by("lease_until")

    def unresolved(self) -> Self:
        """Those with an unknown outcome that nothing has explained yet."""
        # A constant and not a parameter: SQLite uses the partial index for a constant only.
        return self.filter(result=RawSQL("'unknown'", ()), resolved_at=None)

    def open_or_unresolved(self) -> Self:
        """Those of which nobody knows yet what they did."""
        return self.filter(Q(is_open=True) | Q(result=Result.UNKNOWN, resolved_at=None))

    def unexplained_at(self, at: datetime) -> Self:
        """Those of which nobody knew at a past moment what they did."""
        under_way = Q(closed_at=None) | Q(closed_at__gt=at)
        unresolved = Q(result=Result.UNKNOWN) & (Q(resolved_at=None) | Q(resolved_at__gt=at))
        return self.filter(under_way | unresolved, opened_at__lte=at)

    def due_for_check(self, now: datetime) -> Self:
        """Those whose next check is due, the longest overdue first."""
        return self.filter(next_check_at__lte=now).order_by("next_check_at")

    def of_person(self, person_id: str) -> Self:
        return self.filter(actor_id=person_id)

    def reached_upstream(self) -> Self:
        """All but those that were not sent. An open one counts as sent."""
        return self.exclude(result=Result.NOT_SENT)

    def pause_behind_report(self, session: RemoteSession) -> "Attempt | None":
        """The accepted pause that a session's newest report of "paused" answers.

        None where the report came another way: then the pause may have been anybody's.
        """
        if not session.paused_reported or session.paused_reported_source != Action.PAUSE:
            return None
        return self.filter(
            session=session,
            action=Action.PAUSE,
            result=Result.OK,
            closed_at=session.paused_reported_at,
        ).first()


class Attempt(models.Model):
    """One action on one session: opened before anything is sent, closed with its outcome.

    While it is open no other attempt on the session can start; the partial unique index sees to
    that. After `lease_until` an open attempt counts as lost. `next_check_at` is when reconcile
    looks the session up again, empty when no check is left; `check_count` counts the checks of the
    plan that are behind it. `resolved_at` ends an unknown outcome, by evidence or by a person with
    a reason; the result stays `unknown`.
    """

    class Resolution(models.TextChoices):
        BY_EVIDENCE = "evidence"
        BY_PERSON = "person"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(unique=True)
    session = models.ForeignKey(RemoteSession, on_delete=models.PROTECT, related_name="attempts")
    action = models.CharField(
        max_length=8,
        choices=Action.choices,
        default=Action.RESUME,
        db_default="resume",
        db_column="act",
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

    result = models.CharField(max_length=8, blank=True, choices=Result.choices)
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

    objects = AttemptQuerySet.as_manager()

    class Meta:
        db_table = "resumes_resumeattempt"
        default_permissions = ()
        permissions = [
            ("resume", "May resume sessions and close unknown outcomes"),
            ("pause", "May pause sessions, which disconnects people"),
            ("answer", "May send messages to agents"),
            ("cancel", "May cancel the tasks of agents"),
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
            # Reconcile: what is due for a check, and what was lost.
            models.Index(
                fields=["next_check_at"],
                condition=Q(next_check_at__isnull=False),
                name="attempt_due",
            ),
            models.Index(fields=["lease_until"], condition=Q(is_open=True), name="attempt_open"),
            # The board: unresolved outcomes.
            models.Index(
                fields=["session"],
                condition=Q(result="unknown", resolved_at__isnull=True),
                name="attempt_unknown",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} by {self.actor_name} on {self.session}: {self.result or 'open'}"

    def get_absolute_url(self) -> str:
        """Its entry in the audit log."""
        return reverse("audit:entry", args=[self.intent_seq])

    @property
    def kind(self) -> Action:
        """Its action, with the words that people read of it."""
        return Action(self.action)

    @property
    def under_way(self) -> str:
        """`Ana is resuming this session`: the one sentence for an attempt that is open."""
        return f"{self.actor_name} is {self.kind.in_progress}"

    @property
    def is_unresolved(self) -> bool:
        """Whether its outcome is unknown and nothing has explained it yet."""
        return self.result == Result.UNKNOWN and self.resolved_at is None


class BulkResumeQuerySet(models.QuerySet["BulkResume"]):
    def newest_first(self) -> Self:
        return self.order_by("-begun_at")

    def of_person(self, person_id: str) -> Self:
        return self.filter(actor_id=person_id)

    def running(self, now: datetime) -> Self:
        """Those that a process still works on."""
        return self.filter(ended_at=None, lease_until__gt=now)


class BulkResume(models.Model):
    """A list of sessions that one person resumes with one reason and ticket, one after another.

    `lease_until` moves on while a process works on the list; after it, what was not sent never will
    be. The list ends (`ended_at`) when every item has its result, or when somebody stops it
    (`stop_requested_at`). `end_reason` is half a sentence, empty where nothing was left unsent.
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
    stop_requested_at = models.DateTimeField(null=True, db_column="stop_asked_at")
    ended_at = models.DateTimeField(null=True)
    end_reason = models.CharField(max_length=200, blank=True, db_default="", db_column="why_ended")

    objects = BulkResumeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            # The newest of a person, for the page that lists them.
            models.Index(fields=["actor_id", "-begun_at"], name="bulk_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} at {self.begun_at:%H:%M:%S}"

    def get_absolute_url(self) -> str:
        """The page that follows it."""
        return reverse("bulk:progress", args=[self.pk])


class BulkItem(models.Model):
    """One session of a bulk resume.

    Its attempt is the one with the same `token`, there once the intent is written. `skip_reason` is
    half a sentence that says why nothing was tried, where there is no attempt to say it.
    """

    bulk = models.ForeignKey(BulkResume, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveSmallIntegerField(db_column="place")
    alias = models.CharField(max_length=32)
    session_id = models.CharField(max_length=128)
    token = models.UUIDField(unique=True)
    shown = models.JSONField(null=True)
    skip_reason = models.CharField(max_length=300, blank=True, db_column="why_not")

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bulk", "position"], name="one_item_at_a_place"),
            models.UniqueConstraint(
                fields=["bulk", "alias", "session_id"], name="one_item_for_a_session"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.alias}/{self.session_id}"


class ScheduledResumeQuerySet(models.QuerySet["ScheduledResume"]):
    def newest_first(self) -> Self:
        return self.order_by("-scheduled_at")

    def soonest_first(self) -> Self:
        return self.order_by("due_at", "pk")

    def pending(self) -> Self:
        """Those of which nothing became yet."""
        # A constant and not a parameter: SQLite uses the partial index for a constant only.
        return self.filter(state=RawSQL("'pending'", ()))

    def due(self, now: datetime) -> Self:
        """Pending ones whose time has come, the longest due first."""
        return self.pending().filter(due_at__lte=now).soonest_first()

    def end(self, state: "ScheduledResume.State", why: str, now: datetime) -> bool:
        """Ends those that are pending; whether there was any. Call it in the event's transaction.

        why: half a sentence.
        """
        return bool(self.pending().update(state=state, why=why[:300], ended_at=now))

    def claim(self, attempt: Attempt, now: datetime) -> bool:
        """Turns a pending one into an attempt; False where it ended, or is too late by now.

        Call it in the transaction that opens the attempt: so it becomes one once at most.
        """
        in_time = self.pending().filter(due_at__gte=now - LATEST)
        sent = ScheduledResume.State.SENT
        return bool(in_time.update(state=sent, attempt=attempt, ended_at=now))


class ScheduledResume(models.Model):
    """The intent to resume a session at a time, if nothing speaks against it then.

    It becomes an attempt (`attempt`, whose token is this row's id) at `due_at`, or ends without
    one: `why` is half a sentence on that. `problem` is why the last look at the session failed once
    it was due, as half a sentence. `event_seq` is the audit event of the scheduling. `token` is its
    form's, so that a form that is sent twice schedules once.
    """

    class State(models.TextChoices):
        """The labels are read of one that has ended."""

        PENDING = "pending", "Scheduled"
        SENT = "sent", "Sent"
        MISSED = "missed", "Not sent, missed"
        NOT_NEEDED = "not_needed", "Not needed"
        REFUSED = "refused", "Not sent, refused"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token = models.UUIDField(unique=True)
    session = models.ForeignKey(
        RemoteSession, on_delete=models.PROTECT, related_name="scheduled_resumes", db_index=False
    )
    actor_id = models.CharField(max_length=64)
    actor_name = models.CharField(max_length=150)
    reason = models.CharField(max_length=500)
    ticket = models.CharField(max_length=64, blank=True)
    scheduled_at = models.DateTimeField()
    due_at = models.DateTimeField()
    event_seq = models.BigIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.PENDING)
    problem = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    attempt = models.OneToOneField(
        Attempt, null=True, on_delete=models.PROTECT, related_name="scheduled"
    )

    objects = ScheduledResumeQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["session"],
                condition=Q(state="pending"),
                name="one_pending_schedule_for_a_session",
            ),
        ]
        indexes = [
            # A session's page: the newest one.
            models.Index(fields=["session", "-scheduled_at"], name="schedule_of_session"),
            # The collector: what is due; the board: what is pending.
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="schedule_pending"),
        ]

    def __str__(self) -> str:
        return f"resume of {self.session} scheduled by {self.actor_name}: {self.state}"

    def get_absolute_url(self) -> str:
        """Its entry in the audit log."""
        return reverse("audit:entry", args=[self.event_seq])

    @property
    def is_pending(self) -> bool:
        return self.state == self.State.PENDING
