"""Puts a client's page together from its features, so that no template has to fetch anything."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.urls import reverse
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.models import AuditEvent
from pingadmin.client_page.sessions import (
    PausedSessions,
    SessionTable,
    find_paused_sessions,
    load_session_table,
)
from pingadmin.client_page.totals import ClientTotals, load_totals
from pingadmin.oversight.models import ClientNote
from pingadmin.oversight.team.assignment import PERMISSION
from pingadmin.oversight.team.forms import NoteForm
from pingadmin.remote_sessions.models import RemoteSession, RemoteSessionQuerySet

MAX_ACTIONS = 20
MAX_NOTES = 100
# What of the notes is open from the start; the rest unfolds.
OPEN_NOTES = 8


@dataclass(frozen=True)
class Client:
    """One client of one account. client_name: exactly as the upstream wrote it."""

    alias: str
    client_name: str

    @property
    def label(self) -> str:
        """What people call the account, which may no longer be configured."""
        return upstream.get_label(self.alias) if self.alias in upstream.aliases() else self.alias

    @property
    def sessions(self) -> RemoteSessionQuerySet:
        return RemoteSession.objects.of_client(self.alias, self.client_name)

    @property
    def audit_address(self) -> str:
        """The audit log of this client's sessions."""
        filtered = urlencode({"client": self.client_name, "alias": self.alias})
        return f"{reverse('audit:log')}?{filtered}"

    @property
    def customer_address(self) -> str:
        """The customer's page in the system that CLIENT_URL names, "" where it is not set."""
        # A browser would take a step up for a name of nothing but one or two dots.
        if self.client_name in {".", ".."}:
            return ""
        address: str = settings.CLIENT_URL
        # The account first: a name may hold its placeholder.
        address = address.replace("{account}", quote(self.alias, safe=""))
        return address.replace("{client}", quote(self.client_name, safe=""))

    def get_absolute_url(self) -> str:
        """The client's page."""
        return reverse("client:page", args=[self.alias, self.client_name])


@dataclass(frozen=True)
class ClientNotes:
    """What the team wrote about a client, as one person sees it.

    notes: newest first. are_cut: older ones are left out. form: what was typed into a form that was
    refused, else None.
    """

    client: Client
    person: AbstractUser
    may_take_part: bool
    notes: list[ClientNote]
    are_cut: bool
    form: NoteForm | None

    @property
    def open_notes(self) -> list[ClientNote]:
        return self.notes[:OPEN_NOTES]

    @property
    def folded_notes(self) -> list[ClientNote]:
        return self.notes[OPEN_NOTES:]

    @cached_property
    def form_id(self) -> str:
        """The id of a form that is rendered here and now."""
        return str(uuid.uuid4())

    @property
    def version(self) -> int:
        """Changes with each note of this person: a colleague's must not clear their field."""
        own = (note.pk for note in self.notes if note.by_id == str(self.person.pk))
        return next(own, 0)


@dataclass(frozen=True)
class ClientPage:
    """Everything that one person's page of a client shows.

    actions: the newest audit entries of its sessions; has_more_actions: there are older ones.
    has_limits: whether the account's system can be asked for limits.
    """

    client: Client
    totals: ClientTotals
    table: SessionTable
    paused: PausedSessions
    actions: list[AuditEntry]
    has_more_actions: bool
    notes: ClientNotes
    has_limits: bool


def build_page(client: Client, person: AbstractUser, *, number: int = 1) -> ClientPage | None:
    """The page for a person; None where no session of this client is known.

    number: of the page of sessions. The number of queries does not depend on how much is known.
    """
    now = timezone.now()
    totals = load_totals(client.sessions)
    if not totals.sessions:
        return None
    actions = _load_actions(client)
    return ClientPage(
        client=client,
        totals=totals,
        table=load_session_table(
            client.sessions, person, number=number, total=totals.sessions, now=now
        ),
        paused=find_paused_sessions(client.sessions, client.alias, now=now),
        actions=actions[:MAX_ACTIONS],
        has_more_actions=len(actions) > MAX_ACTIONS,
        notes=load_notes(client, person),
        has_limits=upstream.has_limits(client.alias),
    )


def load_notes(
    client: Client, person: AbstractUser, *, form: NoteForm | None = None
) -> ClientNotes:
    """The notes on a client, in one query. form: one that was refused."""
    notes = ClientNote.objects.of_client(client.alias, client.client_name).newest_first()
    # One more than is shown says whether there are older ones.
    newest = list(notes[: MAX_NOTES + 1])
    return ClientNotes(
        client=client,
        person=person,
        may_take_part=person.has_perm(PERMISSION),
        notes=newest[:MAX_NOTES],
        are_cut=len(newest) > MAX_NOTES,
        form=form,
    )


def _load_actions(client: Client) -> list[AuditEntry]:
    heads = AuditEvent.objects.heads().of_sessions(
        client.alias, client.sessions.values("session_id")
    )
    return load_entries(heads.newest_first()[: MAX_ACTIONS + 1])
