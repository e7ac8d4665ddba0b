from datetime import datetime
from typing import Any, NoReturn, Self

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.urls import reverse

from pingadmin.audit.record.append_only import AppendOnlyQuerySet
from pingadmin.oversight.team.append_only import (
    ClientNoteImmutableError,
    TeamEntryImmutableError,
)
from pingadmin.remote_sessions.models import RemoteSession


class TeamStateQuerySet(models.QuerySet["TeamState"]):
    def watched(self) -> Self:
        """Of the sessions on the team's watch list."""
        return self.filter(watched_since__isnull=False)

    def assigned(self) -> Self:
        """Of the sessions that are somebody's."""
        return self.filter(assigned_to__isnull=False)

    def assigned_to(self, person: AbstractUser) -> Self:
        """Of this person's sessions, the one assigned the longest first."""
        return self.filter(assigned_to_id=person.pk).order_by("assigned_at", "pk")


class TeamState(models.Model):
    """What the team has decided about a session: whether it is watched, and whose it is.

    How it came to this is in TeamEntry. `assigned_at` moves with every change of the assignment,
    a release included. `handover` is the summary that the new owner has not taken up yet.
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

    objects = TeamStateQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("take_part", "May watch, assign, hand over, write notes and save views")]
        indexes = [
            # The board of watched sessions, and what the collector polls.
            models.Index(
                fields=["session"], condition=Q(watched_since__isnull=False), name="team_watched"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}: {'watched' if self.watched_since else 'not watched'}"


class TeamEntryQuerySet(AppendOnlyQuerySet["TeamEntry"]):
    """What the team wrote, to be read and never changed."""

    refusal = TeamEntryImmutableError

    def newest_first(self) -> Self:
        """By id: entries of one moment keep the order in which they were written."""
        return self.order_by("-id")


class TeamEntry(models.Model):
    """One thing that the team said or did about a session. The database refuses to change it.

    `to_name` is who it was assigned or handed to, "" for nobody. `text` is the note or the summary
    of the handover. `token` stands for the form that it came from, so that a form that is sent
    twice adds one entry.
    """

    class Kind(models.TextChoices):
        NOTE = "note", "note"
        WATCH = "watch", "watched"
        UNWATCH = "unwatch", "no longer watched"
        ASSIGN = "assign", "assigned"
        HANDOVER = "handover", "handed over"

    session = models.ForeignKey(
        RemoteSession, on_delete=models.PROTECT, related_name="team_entries", db_index=False
    )
    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    by_id = models.CharField(max_length=64)
    by_name = models.CharField(max_length=150)
    to_id = models.CharField(max_length=64, blank=True)
    to_name = models.CharField(max_length=150, blank=True)
    text = models.CharField(max_length=2000, blank=True)
    token = models.UUIDField(null=True, unique=True)

    objects = TeamEntryQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        indexes = [
            # A session's page: its newest entries.
            models.Index(fields=["session", "-id"], name="entry_of_session"),
        ]

    def __str__(self) -> str:
        return f"{self.by_name} {self.description}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TeamEntryImmutableError
        # Without force_insert a copy that carries another entry's key would overwrite it.
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TeamEntryImmutableError

    @property
    def description(self) -> str:
        """What was done, to stand after the name of who did it."""
        match self.kind:
            case self.Kind.NOTE:
                return "wrote"
            case self.Kind.WATCH:
                return "started watching it"
            case self.Kind.UNWATCH:
                return "stopped watching it"
            case self.Kind.HANDOVER:
                return f"handed it over to {self.to_name}"
        if not self.to_id:
            return "released it"
        return (
            "assigned it to themselves"
            if self.to_id == self.by_id
            else f"assigned it to {self.to_name}"
        )


class ClientNoteQuerySet(AppendOnlyQuerySet["ClientNote"]):
    """What the team wrote about clients, to be read and never changed."""

    refusal = ClientNoteImmutableError

    def of_client(self, alias: str, client_name: str) -> Self:
        return self.filter(alias=alias, client_name=client_name)

    def newest_first(self) -> Self:
        """By id: notes of one moment keep the order in which they were written."""
        return self.order_by("-id")


class ClientNote(models.Model):
    """What the team wants to remember about a client. The database refuses to change it.

    `client_name` is the name exactly as the upstream wrote it. `token` stands for the form that the
    note came from, so that a form that is sent twice adds one note.
    """

    alias = models.CharField(max_length=32)
    client_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    by_id = models.CharField(max_length=64)
    by_name = models.CharField(max_length=150)
    text = models.CharField(max_length=2000)
    token = models.UUIDField(null=True, unique=True)

    objects = ClientNoteQuerySet.as_manager()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        indexes = [
            # A client's page: its newest notes.
            models.Index(fields=["alias", "client_name", "-id"], name="note_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.by_name} about {self.alias}/{self.client_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ClientNoteImmutableError
        # Without force_insert a copy that carries another note's key would overwrite it.
        super().save(*args, **kwargs | {"force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ClientNoteImmutableError


class PresenceQuerySet(models.QuerySet["Presence"]):
    def active(self, now: datetime) -> Self:
        """Of those who have a page open, the one who came first before the others."""
        return self.filter(lease_until__gt=now).order_by("since", "pk")


class Presence(models.Model):
    """Who has a session's page open: a lease that the page renews. Not audited, and no history."""

    session = models.ForeignKey(
        RemoteSession, on_delete=models.CASCADE, related_name="presences", db_index=False
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    since = models.DateTimeField()
    lease_until = models.DateTimeField()

    objects = PresenceQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["session", "person"], name="one_presence_of_a_person")
        ]
        indexes = [
            # The board: who looks at what now.
            models.Index(fields=["lease_until"], name="presence_lasting"),
        ]

    def __str__(self) -> str:
        return f"{self.person} at {self.session}"


class SavedView(models.Model):
    """A filter of the board that the team keeps under a name: the part of its address after `?`."""

    name = models.CharField(max_length=60, unique=True)
    query = models.CharField(max_length=1000, blank=True)
    saved_by_id = models.CharField(max_length=64)
    saved_by_name = models.CharField(max_length=150)
    saved_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The board under this view's filter."""
        return f"{reverse('oversight:board')}?{self.query}"
