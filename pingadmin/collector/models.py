from typing import Self

from django.db import models


class HeartbeatQuerySet(models.QuerySet["Heartbeat"]):
    def newest_first(self) -> Self:
        return self.order_by("-beat_at")


class Heartbeat(models.Model):
    """The collector's own heartbeat: one row, renewed every few seconds while it runs.

    `token` is the collector's own and tells it from all others. `process` is unique in `place`.
    """

    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()
    place = models.CharField(max_length=100, blank=True, db_default="")
    token = models.CharField(max_length=32, blank=True, db_default="")

    objects = HeartbeatQuerySet.as_manager()

    class Meta:
        db_table = "collector_beat"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.host}, process {self.process}, last at {self.beat_at:%H:%M:%S}"


class FeedStatus(models.Model):
    """How well one account is received: its event stream, or its list where it has no stream.

    `up_since` is None while nothing is received. `received_at` is when anything last came (a
    comment on the stream counts). `lag_ms` is how long the newest written event had waited, in
    milliseconds. Counts run since the row was made.
    """

    class Kind(models.TextChoices):
        STREAM = "stream", "event stream"
        LIST = "list", "list"
        POLLS = "polls", "polls"

    alias = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    up_since = models.DateTimeField(null=True)
    received_at = models.DateTimeField(null=True, db_column="heard_at")
    lag_ms = models.PositiveIntegerField(null=True)
    events_a_second = models.FloatField(null=True)
    events = models.BigIntegerField(default=0)
    late = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)
    dropped = models.BigIntegerField(default=0)
    unreadable = models.BigIntegerField(default=0)
    polls = models.BigIntegerField(default=0)
    polls_failed = models.BigIntegerField(default=0)
    reconnects = models.BigIntegerField(default=0)
    error = models.CharField(max_length=16, blank=True)
    error_message = models.CharField(max_length=300, blank=True)
    error_at = models.DateTimeField(null=True)
    circuit_open_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "collector_feed"
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.alias} by {self.get_kind_display()}"


class Pruning(models.Model):
    """How far old history has been pruned: one row. A pass walks over all sessions by their keys.

    The pass has done every session up to `last_session`, and of the next one what is older than
    `done_until`. It thins out what is older than `thin_before`; earlier passes did what is older
    than `thinned_before`. `ended_at` is empty while a pass runs; `removed` counts its snapshots.
    """

    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    last_session = models.BigIntegerField(default=0, db_column="place")
    done_until = models.DateTimeField(null=True, db_column="place_at")
    thin_before = models.DateTimeField()
    thinned_before = models.DateTimeField(null=True)
    removed = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.removed} removed since {self.begun_at:%Y-%m-%d %H:%M}"
