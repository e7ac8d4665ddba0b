from django.db import models


class Beat(models.Model):
    """The collector's own sign of life: one row, renewed every few seconds while it runs."""

    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.host}, process {self.process}, last at {self.beat_at:%H:%M:%S}"


class Feed(models.Model):
    """How well one account is heard: its event stream, or its list where it has no stream for all sessions.

    `up_since` is None while it is not heard. `received_at` is when anything was heard last (a comment on the stream
    counts). `lag_ms` is how long the newest written event had waited. Counts are since the row was made.
    """

    alias = models.CharField(max_length=32, unique=True)
    kind = models.CharField(
        max_length=8, choices=[("stream", "event stream"), ("list", "list"), ("polls", "polls")]
    )
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
        default_permissions = ()

    def __str__(self):
        return f"{self.alias} by {self.get_kind_display()}"


class Pruning(models.Model):
    """How far the history has been made smaller: one row. A pass walks over all sessions, in the order of their keys.

    The pass has done every session up to `place`, and of the next one what is older than `place_at`. It thins out what
    is older than `thin_before`; earlier passes did what is older than `thinned_before`. `ended_at` is empty while a
    pass is under way, `removed` counts its snapshots.
    """

    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    place = models.BigIntegerField(default=0)
    place_at = models.DateTimeField(null=True)
    thin_before = models.DateTimeField()
    thinned_before = models.DateTimeField(null=True)
    removed = models.BigIntegerField(default=0)

    class Meta:
        default_permissions = ()

    def __str__(self):
        return f"{self.removed} removed since {self.begun_at:%Y-%m-%d %H:%M}"
