from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

from pingadmin.remote_sessions.fields import (
    CodedCharField,
    MillisecondDurationField,
    MillisecondField,
    NarrowForeignKey,
    ZeroAsNullField,
)
from pingadmin.upstream.errors import FAILURES

# The upstreams' states of a session that has neither ended nor been paused. A task that waits for
# an answer goes on by itself once it has one. A finished task does not, although its session stays:
# somebody must give it the next task, and then the session says that it is running.
OPEN_STATES = ("created", "connected", "initializing", "ready", "running", "waiting_for_input")


class ObservationSource(models.TextChoices):
    """How an observation reached us."""

    LOOK_UP = "look-up", "look-up"
    STREAM = "stream", "event stream"
    POLL = "poll", "poll"
    LIST = "list", "list"
    RESUME = "resume", "answer to a resume"
    PAUSE = "pause", "answer to a pause"
    RECONCILE = "reconcile", "check after a resume or pause"


# The letters that snapshots store for known words. Rows keep them for ever, so a letter never
# changes its meaning.
SOURCE_CODES = {
    "look-up": "l",
    "stream": "s",
    "poll": "p",
    "list": "i",
    "resume": "r",
    "pause": "u",
    "reconcile": "c",
}
STATE_CODES = {
    "created": "n",
    "connected": "c",
    "disconnected": "d",
    "initializing": "i",
    "ready": "y",
    "running": "r",
    "paused": "p",
    "completed": "f",
    "error": "e",
    "terminated": "t",
    "waiting_for_input": "w",
    "finished": "x",
}
FAILURE_CODES = {
    "bad_id": "i",
    "not_configured": "n",
    "bad_message": "h",
    "busy": "b",
    "circuit_open": "c",
    "unreachable": "u",
    "tls": "s",
    "timed_out": "t",
    "broken_off": "o",
    "too_large": "l",
    "redirected": "d",
    "unreadable": "r",
    "unrecognised": "g",
    "wrong_session": "w",
    "refused_key": "k",
    "not_found": "f",
    "rate_limited": "m",
    "refused": "e",
    "server_error": "v",
    "too_old": "a",
    "unconfirmed": "x",
}


class RemoteSessionQuerySet(models.QuerySet["RemoteSession"]):
    def in_account(self, alias: str) -> Self:
        return self.filter(alias=alias)

    def find(self, alias: str, session_id: str) -> "RemoteSession | None":
        """Returns the session with this id in this account, None where we have never met it."""
        return self.filter(alias=alias, session_id=session_id).first()

    def observed(self) -> Self:
        """Those that an upstream has described to us at least once."""
        return self.filter(last_seen_at__isnull=False)

    def failing_since(self, moment: datetime) -> Self:
        """Those whose look-ups have failed at this moment or later, but for ids that never were."""
        never_were = Q(last_seen_at=None, failure="not_found")
        return self.filter(failed_at__gte=moment).exclude(never_were)

    def open(self) -> Self:
        """Those that had neither ended nor been paused when they were last seen."""
        return self.filter(state__in=OPEN_STATES)

    def disconnected(self) -> Self:
        """Those of Ping that had ended, or been paused, when they were last seen."""
        return self.filter(state="disconnected")

    def of_client(self, alias: str, client_name: str) -> Self:
        """Those of one client. The name must match exactly as the upstream wrote it."""
        return self.filter(alias=alias, client_name=client_name)


class RemoteSession(models.Model):
    """What we know now of one upstream session: its newest observation, and how asking fails since.

    `paused_reported` is the upstream's newest report about "paused", with its time and source. It
    is never deduced; display/paused.py decides what may be concluded from it. `paused_doubted_at`
    is when something happened that may have made it wrong: a call whose outcome is unknown, or an
    event of the kind `paused_doubted_by`.
    `uploaded_before_reset` and `downloaded_before_reset` are the bytes counted before the counters
    last went back to zero, so before + counter never falls. `stream_sequence` is the sequence of
    the newest event, None where the stream does not number its events. `changed_at` moves with
    every change that people can see; the live board polls by it.
    """

    alias = models.CharField(max_length=32)
    session_id = models.CharField(max_length=128)

    state = models.CharField(max_length=64, blank=True)
    is_known_state = models.BooleanField(default=True, db_column="state_is_known")
    client_name = models.CharField(max_length=200, blank=True, db_column="who")
    duration_seconds = models.BigIntegerField(null=True)
    uploaded_bytes = models.BigIntegerField(null=True)
    downloaded_bytes = models.BigIntegerField(null=True)
    uploaded_before_reset = models.BigIntegerField(
        default=0, db_default=0, db_column="uploaded_before"
    )
    downloaded_before_reset = models.BigIntegerField(
        default=0, db_default=0, db_column="downloaded_before"
    )
    created_upstream_at = models.DateTimeField(null=True)
    stream_sequence = models.BigIntegerField(null=True, db_column="stream_place")
    changed_at = models.DateTimeField(default=timezone.now, db_default=Now())
    skew_seconds = models.FloatField(null=True)

    source = models.CharField(max_length=16, blank=True, choices=ObservationSource)
    last_seen_at = models.DateTimeField(null=True, db_column="seen_at")
    first_seen_at = models.DateTimeField(null=True)

    paused_reported = models.BooleanField(null=True, db_column="paused_said")
    paused_reported_at = models.DateTimeField(null=True, db_column="paused_said_at")
    paused_reported_source = models.CharField(
        max_length=16, blank=True, choices=ObservationSource, db_column="paused_said_source"
    )
    paused_doubted_at = models.DateTimeField(null=True)
    paused_doubted_by = models.CharField(max_length=16, blank=True, default="", db_default="")

    failure = models.CharField(max_length=16, blank=True)
    failure_status = models.PositiveSmallIntegerField(null=True)
    failure_message = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    objects = RemoteSessionQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("look_up", "May look up sessions")]
        constraints = [
            models.UniqueConstraint(fields=["alias", "session_id"], name="one_row_for_a_session"),
        ]
        indexes = [
            # The board: the sessions seen most recently.
            models.Index(
                fields=["-last_seen_at", "id"],
                condition=Q(last_seen_at__isnull=False),
                name="session_seen_last",
            ),
            # The notice on every page: accounts that refuse our API key.
            models.Index(
                fields=["alias"], condition=Q(failure="refused_key"), name="session_key_refused"
            ),
            # The search box: an id without its account.
            models.Index(fields=["session_id"], name="session_by_id"),
            # A client's page: all its sessions.
            models.Index(fields=["alias", "client_name"], name="session_of_client"),
            # The collector: open sessions that nothing was received about for a while.
            models.Index(fields=["alias", "state", "last_seen_at"], name="session_in_state"),
            # The live board: what changed since its last poll.
            models.Index(fields=["changed_at"], name="session_changed"),
            # The board: sessions recently reported as paused, and failing look-ups.
            models.Index(
                fields=["paused_reported_at"],
                condition=Q(paused_reported=True),
                name="session_said_paused",
            ),
            models.Index(
                fields=["failed_at"], condition=Q(failed_at__isnull=False), name="session_failing"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alias}/{self.session_id}"

    def get_absolute_url(self) -> str:
        """The session's page."""
        return reverse("session:page", args=[self.alias, self.session_id])

    @property
    def is_not_found(self) -> bool:
        """Whether its upstream says that there is no such session, and never said anything else."""
        return self.last_seen_at is None and self.failure == "not_found"

    @property
    def client_address(self) -> str:
        """The page of its client, "" where none is reported."""
        if not self.client_name:
            return ""
        return reverse("client:page", args=[self.alias, self.client_name])


class AgentTaskQuerySet(models.QuerySet["AgentTask"]):
    def waiting(self) -> Self:
        """Those that waited for an answer when they were last read."""
        return self.filter(waiting_since__isnull=False)

    def in_account(self, alias: str) -> Self:
        return self.filter(session__alias=alias)


class AgentTask(models.Model):
    """What we know now of an agent's task: how it stands, and whether it waits for an answer.

    It holds nothing that anybody said: of the messages, only ids. `newest_id` is the newest
    message's, `question_id` that of the newest question which nobody had answered. `waiting_since`
    is when an answer first showed that it waits, by our clock; it may have waited before.
    `answered_at` is when the newest answer came. `failure` and `failed_at` say how reading has
    failed since. `reported_at` is when this wait was written into the audit log, from which
    notifications are made, and `polled_at` when an open page last had the messages read.
    """

    session = models.OneToOneField(
        RemoteSession, on_delete=models.PROTECT, primary_key=True, related_name="agent_task"
    )
    execution_state = models.CharField(max_length=64, blank=True)
    newest_id = models.BigIntegerField(default=0)
    question_id = models.BigIntegerField(null=True)
    waiting_since = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=16, blank=True)
    failed_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)

    objects = AgentTaskQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            # The board, and what the collector reads and reports.
            models.Index(
                fields=["session"],
                condition=Q(waiting_since__isnull=False),
                name="agent_task_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.execution_state or 'not read yet'}"


class LookUpCount(models.Model):
    """How many sessions a person looked up in the newest window of `seconds`.

    One row for each person and limit. `window` is the window's number since 1970.
    """

    person_id = models.CharField(max_length=64)
    seconds = models.PositiveIntegerField()
    window = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person_id", "seconds"], name="one_count_for_a_limit")
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.count} in {self.seconds} s"


class StatusSnapshotQuerySet(models.QuerySet["StatusSnapshot"]):
    def newest_first(self) -> Self:
        return self.order_by("-first_at", "-id")

    def oldest_first(self) -> Self:
        return self.order_by("first_at", "id")

    def begun_by(self, at: datetime) -> Self:
        """Those whose first observation was at this moment or earlier."""
        return self.filter(first_at__lte=at)

    def with_state(self) -> Self:
        """All but failures and bare reports about "paused"."""
        return self.exclude(state="")

    def with_report_of_paused(self) -> Self:
        """Those that say whether the session is paused."""
        return self.filter(paused__isnull=False)

    def with_counters(self) -> Self:
        """Those that say how much was sent and received."""
        return self.filter(uploaded_bytes__isnull=False)

    def with_state_or_failure(self) -> Self:
        """All but bare reports about "paused", which say nothing else of the session."""
        return self.filter(~Q(state="") | ~Q(failure=""))


class StatusSnapshot(models.Model):
    """A run of equal observations of one session: the first, how long it lasted, and how many.

    A growing duration alone does not end the run. `failure` is set for a run of failed look-ups;
    the facts are then empty. Sizes are in bytes, `duration_seconds` is the session's own duration.
    `first_at` and `length` are whole milliseconds. `uploaded_before_reset` and
    `downloaded_before_reset` are the bytes counted before the counters last went back to zero, so
    before + counter never falls.
    """

    # The order of the columns wastes no bytes on alignment on PostgreSQL.
    first_at = MillisecondField()
    uploaded_bytes = models.BigIntegerField(null=True)
    downloaded_bytes = models.BigIntegerField(null=True)
    duration_seconds = models.BigIntegerField(null=True)
    length = MillisecondDurationField(db_column="lasted")
    session = NarrowForeignKey(RemoteSession, on_delete=models.PROTECT, related_name="snapshots")
    observation_count = models.PositiveIntegerField(default=1, db_default=1, db_column="times")
    paused = models.BooleanField(null=True)
    source = CodedCharField(max_length=16, choices=ObservationSource, codes=SOURCE_CODES)
    state = CodedCharField(max_length=65, blank=True, codes=STATE_CODES)
    failure = CodedCharField(max_length=17, blank=True, codes=FAILURE_CODES)
    uploaded_before_reset = ZeroAsNullField(db_column="uploaded_before")
    downloaded_before_reset = ZeroAsNullField(db_column="downloaded_before")

    objects = StatusSnapshotQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            # A session's history in order of time: its timeline, the seeks of its chart, and the
            # newest snapshot, with which each observation is compared.
            models.Index(fields=["session", "first_at"], name="snapshot_in_time"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {self.failure or self.state} since {self.first_at:%H:%M:%S}"

    @property
    def last_at(self) -> datetime:
        """When the last of the equal observations was made."""
        return self.first_at + self.length

    @last_at.setter
    def last_at(self, at: datetime) -> None:
        self.length = at - self.first_at

    @property
    def failure_sentence(self) -> str:
        """Why there was no answer, as the second half of a sentence."""
        return FAILURES.get(self.failure, self.failure)


class WatchSpanQuerySet(models.QuerySet["WatchSpan"]):
    def in_account(self, alias: str) -> Self:
        return self.filter(alias=alias)

    def oldest_first(self) -> Self:
        return self.order_by("from_at", "until_at")

    def continuing_after(self, at: datetime) -> Self:
        """Those that nothing has ended yet and that were extended at this moment or later."""
        return self.filter(end_reason="", until_at__gte=at)


class WatchSpan(models.Model):
    """A span of time in which an account was watched without a break.

    `until_at` moves on while the watching continues. `end_reason` is half a sentence; it is empty
    while the watching continues, and where the process that watched was killed. The time between
    two spans was not watched (see history/coverage.py).
    """

    alias = models.CharField(max_length=32)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    end_reason = models.CharField(max_length=200, blank=True, db_column="why_ended")

    objects = WatchSpanQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        indexes = [
            # The gaps in a range of time.
            models.Index(fields=["alias", "until_at"], name="span_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.alias}: {self.from_at:%H:%M:%S} to {self.until_at:%H:%M:%S}"
