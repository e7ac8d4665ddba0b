from django.conf import settings
from django.db import models
from django.db.models import Q

from pingadmin.oversight.team.append_only import EntryChanged, OnlyAddedQuerySet
from pingadmin.remote_sessions.models import RemoteSession


class TeamState(models.Model):
    """What the team decided about a session now: whether it is watched, and whose it is. How: see TeamEntry.

    `assigned_at` moves with every change of the assignment, to nobody too. `handover` is the summary that the one
    whose it is has not taken up yet.
    """

    session = models.OneToOneField(
        RemoteSession, on_delete=models.PROTECT, primary_key=True, related_name="team"
    )
    watched_since = models.DateTimeField(null=True)
    watched_by_name = models.CharField(max_length=150, blank=True)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True)
    handover = models.ForeignKey("TeamEntry", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_permissions = ()
        permissions = [("take_part", "May watch, assign, hand over, write notes and save views")]
        indexes = [
            # The board of watched sessions, and what the collector polls.
            models.Index(
                fields=["session"], condition=Q(watched_since__isnull=False), name="team_watched"
            ),
        ]

    def __str__(self):
        return f"{self.session_id}: {'watched' if self.watched_since else 'not watched'}"


class TeamEntry(models.Model):
    """One line of what the team said and did about a session; append-only, the database refuses changes.

    `to_name` is who it was assigned or handed to, "" for nobody. `text` is the note or the summary of the handover.
    `token` belongs to the form that it came from, so that a form that is sent twice adds one entry.
    """

    KINDS = [
        ("note", "note"),
        ("watch", "watched"),
        ("unwatch", "no longer watched"),
        ("assign", "assigned"),
        ("handover", "handed over"),
    ]

    session = models.ForeignKey(
        RemoteSession, on_delete=models.PROTECT, related_name="team_entries", db_index=False
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=KINDS)
    by_id = models.CharField(max_length=64)
    by_name = models.CharField(max_length=150)
    to_id = models.CharField(max_length=64, blank=True)
    to_name = models.CharField(max_length=150, blank=True)
    text = models.CharField(max_length=2000, blank=True)
    token = models.UUIDField(null=True, unique=True)

    objects = OnlyAddedQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        indexes = [
            # A session's page: its newest entries.
            models.Index(fields=["session", "-id"], name="entry_of_session"),
        ]

    def __str__(self):
        return f"{self.by_name} {self.words}"

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise EntryChanged
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args, **kwargs):
        raise EntryChanged

    @property
    def words(self) -> str:
        """What was done, after the name of who did it."""
        if self.kind in ("assign", "handover"):
            return self._words_of_giving
        return {"note": "wrote", "watch": "began to watch it", "unwatch": "stopped watching it"}[
            self.kind
        ]

    @property
    def _words_of_giving(self) -> str:
        if self.kind == "handover":
            return f"handed it over to {self.to_name}"
        if not self.to_id:
            return "released it"
        return "took it" if self.to_id == self.by_id else f"assigned it to {self.to_name}"


class Presence(models.Model):
    """Who has a session's page open: a lease that is renewed while it is open. No audit, no history."""

    session = models.ForeignKey(
        RemoteSession, on_delete=models.CASCADE, related_name="presences", db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    since = models.DateTimeField()
    lease_until = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["session", "person"], name="one_presence_of_a_person")
        ]
        indexes = [
            # The board: who looks at what now.
            models.Index(fields=["lease_until"], name="presence_lasting"),
        ]

    def __str__(self):
        return f"{self.person} at {self.session}"


class SavedView(models.Model):
    """A question to the board that the team keeps under a name: the part of the address after the `?`."""

    name = models.CharField(max_length=60, unique=True)
    query = models.CharField(max_length=1000, blank=True)
    saved_by_id = models.CharField(max_length=64)
    saved_by_name = models.CharField(max_length=150)
    saved_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["name"]

    def __str__(self):
        return self.name
