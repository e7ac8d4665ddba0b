from datetime import datetime

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from pingadmin.remote_sessions.fields import (
    BaseField,
    MillisecondField,
    NarrowForeignKey,
    SpanField,
    WordField,
)
from pingadmin.upstream.errors import FAILURES

SOURCES = [
    ("look-up", "look-up"),
    ("stream", "event stream"),
    ("poll", "poll"),
    ("list", "list"),
    ("resume", "answer to a resume"),
    ("pause", "answer to a pause"),
    ("reconcile", "look after a press"),
]
# How snapshots store the words that are known; a letter that was used once never changes its meaning.
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
}
FAILURE_CODES = {
    "bad_id": "i",
    "not_configured": "n",
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
}


class RemoteSession(models.Model):
    """What we know now about one upstream session: the newest answer, and how asking fails since.

    `paused_reported` is the newest statement about "paused" by the upstream, with its time and source; it is
    never deduced (see paused.py for what may be concluded from it). `paused_doubted_at` is when a call was made
    that may have changed it and whose outcome is not known, or when the stream told of something that may come of
    such a change; `paused_doubted_by` is then the stream's word for it.
    `uploaded_before` and `downloaded_before` are the bytes counted before the counters last fell back, so that
    before + counter never falls. `stream_sequence` is the number of the newest event that the stream gave of it, where
    the stream numbers its events. `changed_at` moves whenever anything changes that people see of the session: the
    live board asks by it.
    """

    alias = models.CharField(max_length=32)
    session_id = models.CharField(max_length=128)

    state = models.CharField(max_length=64, blank=True)
    is_known_state = models.BooleanField(default=True, db_column="state_is_known")
    client_name = models.CharField(max_length=200, blank=True, db_column="who")
    duration_seconds = models.BigIntegerField(null=True)
    uploaded_bytes = models.BigIntegerField(null=True)
    downloaded_bytes = models.BigIntegerField(null=True)
    uploaded_before = models.BigIntegerField(default=0, db_default=0)
    downloaded_before = models.BigIntegerField(default=0, db_default=0)
    created_upstream_at = models.DateTimeField(null=True)
    stream_sequence = models.BigIntegerField(null=True, db_column="stream_place")
    changed_at = models.DateTimeField(default=timezone.now, db_default=Now())
    skew_seconds = models.FloatField(null=True)

    source = models.CharField(max_length=16, blank=True, choices=SOURCES)
    last_seen_at = models.DateTimeField(null=True, db_column="seen_at")
    first_seen_at = models.DateTimeField(null=True)

    paused_reported = models.BooleanField(null=True, db_column="paused_said")
    paused_reported_at = models.DateTimeField(null=True, db_column="paused_said_at")
    paused_reported_source = models.CharField(
        max_length=16, blank=True, choices=SOURCES, db_column="paused_said_source"
    )
    paused_doubted_at = models.DateTimeField(null=True)
    paused_doubted_by = models.CharField(max_length=16, blank=True, default="", db_default="")

    failure = models.CharField(max_length=16, blank=True)
    failure_status = models.PositiveSmallIntegerField(null=True)
    failure_message = models.CharField(max_length=300, blank=True)
    failing_since = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        permissions = [("look_up", "May look up sessions")]
        constraints = [
            models.UniqueConstraint(fields=["alias", "session_id"], name="one_row_for_a_session"),
        ]
        indexes = [
            # The front door: the sessions that were seen last.
            models.Index(
                fields=["-last_seen_at", "id"],
                condition=Q(last_seen_at__isnull=False),
                name="session_seen_last",
            ),
            # The notice on every page: accounts that refuse our key.
            models.Index(
                fields=["alias"], condition=Q(failure="refused_key"), name="session_key_refused"
            ),
            # The box: an id pasted without its account.
            models.Index(fields=["session_id"], name="session_by_id"),
            # The collector: which open sessions were not heard of for a while.
            models.Index(fields=["alias", "state", "last_seen_at"], name="session_in_state"),
            # The live board: what changed since it last asked.
            models.Index(fields=["changed_at"], name="session_changed"),
            # The board: what was said to be paused lately, and look-ups that fail.
            models.Index(
                fields=["paused_reported_at"],
                condition=Q(paused_reported=True),
                name="session_said_paused",
            ),
            models.Index(
                fields=["failed_at"], condition=Q(failed_at__isnull=False), name="session_failing"
            ),
        ]

    def __str__(self):
        return f"{self.alias}/{self.session_id}"


class LookUpCount(models.Model):
    """How often a person looked sessions up in the newest window of `seconds`; one row for a person and limit."""

    person_id = models.CharField(max_length=64)
    seconds = models.PositiveIntegerField()
    window = models.BigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person_id", "seconds"], name="one_count_for_a_limit")
        ]

    def __str__(self):
        return f"{self.person_id}: {self.count} in {self.seconds} s"


class StatusSnapshot(models.Model):
    """One stretch of time in which every answer about a session was the same (run-length history).

    `failure` is the word for a stretch of failed look-ups; the facts are then empty. A growing duration alone
    is not a change. Durations are in seconds, counts in bytes. before + counter never falls: the `_before` are the
    bytes counted until the counters last fell back. Oldest first is (first_at, id); first_at and lasted hold
    whole milliseconds, and last_at is reckoned from them. The order of the columns is the one that wastes no bytes on
    PostgreSQL.
    """

    first_at = MillisecondField()
    uploaded_bytes = models.BigIntegerField(null=True)
    downloaded_bytes = models.BigIntegerField(null=True)
    duration_seconds = models.BigIntegerField(null=True)
    lasted = SpanField()
    session = NarrowForeignKey(RemoteSession, on_delete=models.PROTECT, related_name="snapshots")
    times = models.PositiveIntegerField(default=1, db_default=1)
    paused = models.BooleanField(null=True)
    source = WordField(max_length=16, choices=SOURCES, codes=SOURCE_CODES)
    state = WordField(max_length=65, blank=True, codes=STATE_CODES)
    failure = WordField(max_length=17, blank=True, codes=FAILURE_CODES)
    uploaded_before = BaseField()
    downloaded_before = BaseField()

    class Meta:
        default_permissions = ()
        indexes = [
            # A session's history in order of time: its timeline, its chart's seeks, the newest that an answer meets.
            models.Index(fields=["session", "first_at"], name="snapshot_in_time"),
        ]

    def __str__(self):
        return f"{self.session_id}: {self.failure or self.state} since {self.first_at:%H:%M:%S}"

    @property
    def last_at(self) -> datetime:
        """When the answer was the same for the last time."""
        return self.first_at + self.lasted

    @last_at.setter
    def last_at(self, at: datetime):
        self.lasted = at - self.first_at

    @property
    def failure_sentence(self) -> str:
        """Why there was no answer, as the second half of a sentence."""
        return FAILURES.get(self.failure, self.failure)


class WatchSpan(models.Model):
    """One stretch of time in which an account was watched without a break: every change in it was to be heard of.

    `until_at` moves on while the watching lasts. `why_ended` is half a sentence, empty while it lasts and where
    whatever watched was killed. What lies between two spans was not watched (see coverage.py).
    """

    alias = models.CharField(max_length=32)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    why_ended = models.CharField(max_length=200, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [
            # The gaps in a stretch of time.
            models.Index(fields=["alias", "until_at"], name="span_of_account"),
        ]

    def __str__(self):
        return f"{self.alias}: {self.from_at:%H:%M:%S} to {self.until_at:%H:%M:%S}"
