"""What our own records hold of a text that somebody typed: sessions, clients, tickets, people,
notes and audit entries. No upstream is asked.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.db import DatabaseError, models
from django.db.models import Q, Subquery
from django.urls import reverse

from pingadmin import upstream
from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.querysets import AuditEventQuerySet
from pingadmin.oversight.models import ClientNote, TeamEntry
from pingadmin.oversight.search import text_index
from pingadmin.remote_sessions.models import RemoteSession

MAX_PER_KIND = 10
# So many of the newest rows are read to find that many different clients or entries.
MAX_READ = 200
MAX_TEXT = 200
MAX_SHOWN_NOTE = 160
# Of a sentence: so many words, each of so many letters, may name a client.
MAX_WORDS = 12
MIN_WORD = 3
# Numbers of the audit log fit into 64 bits.
_ENTRY_NUMBER = re.compile(r"(?:audit\s*)?#(\d{1,18})", re.IGNORECASE)

log = logging.getLogger(__name__)


class RecordKind(models.TextChoices):
    """The kinds of records, in the order in which they are offered."""

    SESSION = "session", "Sessions"
    CLIENT = "client", "Clients"
    ATTEMPT = "attempt", "Tickets"
    PERSON = "person", "People"
    NOTE = "note", "Notes"
    ENTRY = "entry", "Audit entries"


_POSITIONS = {kind: position for position, kind in enumerate(RecordKind)}


@dataclass(frozen=True)
class OwnRecord:
    """A record that matches. title: what matched. at: what its age is counted from, if anything.

    alias: of a session. is_exact: the text is its whole name.
    begins: its name begins with the text.
    """

    kind: RecordKind
    title: str
    detail: str
    address: str
    at: datetime | None = None
    alias: str = ""
    is_exact: bool = False
    begins: bool = False

    @property
    def kind_name(self) -> str:
        """What one of its kind is called."""
        return {RecordKind.ATTEMPT: "action", RecordKind.ENTRY: "audit entry"}.get(
            self.kind, self.kind.value
        )


@dataclass
class OwnRecords:
    """What was found, the best first: whole names, then beginnings.

    unsearched: the kinds whose index or table could not be read.
    """

    records: list[OwnRecord] = field(default_factory=list)
    unsearched: list[RecordKind] = field(default_factory=list)


def find_own_records(text: str, person: AbstractUser) -> OwnRecords:
    """The records that hold the text, in any case.

    person: who asks; what this person may not read is not found. A constant number of queries.
    """
    matches = OwnRecords()
    if not text or len(text) > MAX_TEXT:
        return matches
    for kind, find in _finders(person).items():
        try:
            matches.records += find(text)
        except DatabaseError:
            log.exception("%s could not be searched", kind.label)
            matches.unsearched.append(kind)
    # Stable: within a kind the newest stay first.
    matches.records.sort(
        key=lambda record: (not record.is_exact, not record.begins, _POSITIONS[record.kind])
    )
    return matches


def find_clients_named_in(text: str) -> list[OwnRecord]:
    """The clients that have a whole word of the text in their names: "Acme says it is dead".

    In the order of the words, each client once.
    """
    if len(text) > MAX_TEXT:
        return []
    words = [word for word in _words(text) if len(word) >= MIN_WORD]
    named: dict[str, OwnRecord] = {}
    for word in words[:MAX_WORDS]:
        for client in _find_clients(word):
            if word in _words(client.title):
                named.setdefault(client.address, client)
    return list(named.values())[:MAX_PER_KIND]


def _words(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"[^\W_]+", text.casefold())))


def _finders(person: AbstractUser) -> dict[RecordKind, Callable[[str], list[OwnRecord]]]:
    finders: dict[RecordKind, Callable[[str], list[OwnRecord]]] = {
        RecordKind.SESSION: _find_sessions,
        RecordKind.CLIENT: _find_clients,
        RecordKind.ATTEMPT: _find_by_ticket,
        RecordKind.PERSON: lambda text: _find_people(text, person),
        RecordKind.NOTE: _find_notes,
    }
    if person.has_perm("audit.read"):
        finders[RecordKind.ENTRY] = _find_entries
    return finders


def _find_sessions(text: str) -> list[OwnRecord]:
    keys = text_index.find_containing(text_index.SESSION_ID, text, limit=MAX_PER_KIND)
    named = Q(session_id__in={text, text.lower()})
    sessions = RemoteSession.objects.filter(Q(pk__in=keys) | named).order_by("-pk")
    return [
        _rank(
            OwnRecord(
                kind=RecordKind.SESSION,
                title=session.session_id,
                detail=_list_words(session.client_name, _label(session.alias)),
                address=session.get_absolute_url(),
                at=session.last_seen_at,
                alias=session.alias,
            ),
            session.session_id,
            text,
        )
        for session in sessions[: 2 * MAX_PER_KIND]
    ]


def _find_clients(text: str) -> list[OwnRecord]:
    """Different clients, those whose sessions are newest first."""
    keys = text_index.find_containing(text_index.CLIENT_NAME, text, limit=MAX_READ)
    spellings = {text, text.lower(), text.upper(), text.title()}
    # Asked for apart: of many sessions whose clients match, the newest may all be others'.
    named = [
        Subquery(RemoteSession.objects.of_client(alias, spelling).values("pk")[:1])
        for alias in upstream.aliases()
        for spelling in spellings
    ]
    clients: dict[tuple[str, str], RemoteSession] = {}
    for session in RemoteSession.objects.filter(pk__in=[*keys, *named]).order_by("-pk"):
        clients.setdefault((session.alias, session.client_name), session)
    return _closest(
        _rank(
            OwnRecord(
                kind=RecordKind.CLIENT,
                title=name,
                detail=_label(alias),
                address=session.client_address,
                at=session.last_seen_at,
            ),
            name,
            text,
        )
        for (alias, name), session in clients.items()
    )


def _find_by_ticket(text: str) -> list[OwnRecord]:
    """What was done under a ticket: for each session the newest entry."""
    heads = _heads_of(text_index.find_containing(text_index.TICKET, text, limit=MAX_READ))
    newest: dict[tuple[str, str, str], AuditEvent] = {}
    for head in heads.exclude(session_id="").newest_first():
        newest.setdefault((head.ticket, head.alias, head.session_id), head)
    return _closest(
        _rank(
            OwnRecord(
                kind=RecordKind.ATTEMPT,
                title=entry.head.ticket,
                detail=_describe(entry),
                address=entry.object_address,
                at=entry.head.at,
            ),
            entry.head.ticket,
            text,
        )
        for entry in load_entries(list(newest.values())[: 2 * MAX_PER_KIND])
    )


def _find_people(text: str, person: AbstractUser) -> list[OwnRecord]:
    named = (
        Q(username__icontains=text) | Q(first_name__icontains=text) | Q(last_name__icontains=text)
    )
    people = get_user_model().objects.filter(named).order_by("username")
    return [
        _rank(
            OwnRecord(
                kind=RecordKind.PERSON,
                title=each.get_username(),
                detail=each.get_full_name(),
                address=_person_address(each, person),
            ),
            each.get_username(),
            text,
        )
        for each in people[:MAX_PER_KIND]
    ]


def _find_notes(text: str) -> list[OwnRecord]:
    """Notes on sessions and on clients, the newest of each first."""
    keys = text_index.find_containing(text_index.NOTE, text, limit=MAX_PER_KIND)
    of_sessions = TeamEntry.objects.filter(pk__in=keys).select_related("session").newest_first()
    keys = text_index.find_containing(text_index.CLIENT_NOTE, text, limit=MAX_PER_KIND)
    of_clients = ClientNote.objects.filter(pk__in=keys).newest_first()
    about: list[tuple[TeamEntry | ClientNote, str, str]] = [
        *((each, each.session.session_id, each.session.get_absolute_url()) for each in of_sessions),
        *((each, each.client_name, _client_address(each)) for each in of_clients),
    ]
    return [
        OwnRecord(
            kind=RecordKind.NOTE,
            title=_excerpt(note.text, text),
            detail=f"{note.by_name}, of {name}",
            address=f"{address}#{'team' if isinstance(note, TeamEntry) else 'notes'}",
            at=note.at,
        )
        for note, name, address in about
    ]


def _find_entries(text: str) -> list[OwnRecord]:
    """The entry with this number, and those whose reason holds the text."""
    number = _ENTRY_NUMBER.fullmatch(text)
    if number:
        heads = AuditEvent.objects.heads().filter(seq=int(number[1]))
    else:
        heads = _heads_of(text_index.find_containing(text_index.REASON, text, limit=MAX_PER_KIND))
    return [
        OwnRecord(
            kind=RecordKind.ENTRY,
            title=f"#{entry.head.seq}",
            detail=_list_words(_describe(entry), _excerpt(entry.head.reason, text)),
            address=entry.get_absolute_url(),
            at=entry.head.at,
            is_exact=number is not None,
        )
        for entry in load_entries(heads.newest_first())
    ]


def _heads_of(seqs: list[int]) -> AuditEventQuerySet:
    stories = AuditEvent.objects.filter(seq__in=seqs).values("story")
    return AuditEvent.objects.heads().filter(seq__in=stories)


def _closest(records: Iterable[OwnRecord]) -> list[OwnRecord]:
    ranked = sorted(records, key=lambda record: (not record.is_exact, not record.begins))
    return ranked[:MAX_PER_KIND]


def _rank(record: OwnRecord, name: str, text: str) -> OwnRecord:
    folded, wanted = name.casefold(), text.casefold()
    return replace(record, is_exact=folded == wanted, begins=folded.startswith(wanted))


def _describe(entry: AuditEntry) -> str:
    before, after = entry.sentence
    return f"{entry.who} {before}{entry.object_name}{after}: {entry.result_label}"


def _excerpt(text: str, wanted: str) -> str:
    """The part of a text around what was looked for."""
    start = max(0, text.casefold().find(wanted.casefold()) - MAX_SHOWN_NOTE // 3)
    part = " ".join(text[start : start + MAX_SHOWN_NOTE].split())
    return f"{'…' if start else ''}{part}{'…' if start + MAX_SHOWN_NOTE < len(text) else ''}"


def _list_words(*words: str) -> str:
    return ", ".join(word for word in words if word)


def _label(alias: str) -> str:
    return upstream.get_label(alias) if alias in upstream.aliases() else alias


def _client_address(note: ClientNote) -> str:
    return RemoteSession(alias=note.alias, client_name=note.client_name).client_address


def _person_address(each: AbstractUser, person: AbstractUser) -> str:
    """What that person did, or, for those who may not read the log, what is that person's."""
    name = each.get_username()
    if person.has_perm("audit.read"):
        return f"{reverse('audit:log')}?{urlencode({'actor': name})}"
    return f"{reverse('oversight:board')}?{urlencode({'assigned': name})}"
