"""The only writer of the audit log."""

import logging
import re
import uuid

from django.conf import settings
from django.db import connection, transaction
from django.db.models import CharField
from django.utils import timezone

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import cleaning, database_file, restore_guard
from pingadmin.audit.record.actors import Actor

HEAD_PHASES = {"intent", "event"}
LATER_PHASES = {"outcome", "evidence", "closure", "mark"}
RESULTS = {"ok", "already", "rejected", "not_sent", "unknown"}

log = logging.getLogger(__name__)

_COLUMNS = AuditEvent._meta.concrete_fields
_INSERT = (
    f"INSERT INTO {AuditEvent._meta.db_table} ({', '.join(field.column for field in _COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))})"
)
_LOCK = 0x70696E67  # any number that no other advisory lock of this database uses


def append(
    *,
    action: str,
    phase: str,
    by: Actor,
    result: str = "",
    verified: bool | None = None,
    story: int | None = None,
    alias: str = "",
    session_id: str = "",
    client: str = "",
    reason: str = "",
    ticket: str = "",
    upstream_status: int | None = None,
    upstream_code: str = "",
    shown: dict | None = None,
    detail: dict | None = None,
    attempt: str = "",
    batch: str = "",
    snapshot_before: int | None = None,
    snapshot_after: int | None = None,
) -> AuditEvent:
    """Adds one event at the end of the chain, inside the caller's transaction: it decides what is durable.

    `intent` and `event` begin a story; every other phase names the `story` that it continues (the seq of
    its head). An `outcome` has a result, an `intent` has none. `attempt` and `batch` are ids: of the attempt
    that events belong to, of the bulk act that stories belong to. Texts are cleaned and cut to their column,
    never refused.

    Raises RuntimeError outside a transaction, ValueError for a word that is not of the list or a story that
    is not there, and django.db.Error when the log cannot be written: also while a restored log is not accepted.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("trail.append() needs a transaction: wrap it in transaction.atomic().")
    _check_words(action, phase, result, story)
    event = AuditEvent(
        story=story,
        action=action,
        phase=phase,
        result=result,
        verified=verified,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        actor_role=by.role,
        source_address=by.source_address,
        request_id=by.request_id,
        alias=alias,
        session_id=session_id,
        client=client,
        reason=reason,
        ticket=ticket,
        attempt=str(attempt),
        batch=str(batch),
        upstream_status=upstream_status,
        upstream_code=upstream_code,
        shown=cleaning.as_json(shown),
        detail=cleaning.as_json(detail),
        snapshot_before=snapshot_before,
        snapshot_after=snapshot_after,
    )
    _clean(event)
    _lock()
    _place(event)
    _seal(event)
    _insert(event)
    transaction.on_commit(lambda: log.info("%d %s", event.seq, event.row_hash))
    return event


def _check_words(action: str, phase: str, result: str, story: int | None) -> None:
    if not re.fullmatch(r"[a-z][a-z_]{0,39}", action):
        raise ValueError(f"{action!r} is no action: use a word of a-z and _.")
    if phase not in HEAD_PHASES | LATER_PHASES:
        raise ValueError(f"{phase!r} is no phase.")
    if result and result not in RESULTS:
        raise ValueError(f"{result!r} is no result.")
    if (phase == "outcome" and not result) or (phase == "intent" and result):
        raise ValueError("An outcome has a result, an intent has none.")
    if phase in LATER_PHASES and story is None:
        raise ValueError(f"{phase} needs the story that it continues.")
    if phase in HEAD_PHASES and story is not None:
        raise ValueError(f"{phase} begins a story of its own.")


def _clean(event: AuditEvent) -> None:
    for field in AuditEvent._meta.concrete_fields:
        if isinstance(field, CharField):
            text = getattr(event, field.attname)
            setattr(event, field.attname, cleaning.clean(text, field.max_length))


def _lock() -> None:
    """One append at a time, until commit. `SELECT … FOR UPDATE` on the tail would let two writers fork.

    SQLite needs nothing: its transactions begin IMMEDIATE, so whoever is here is the only writer. Were one
    deferred, its write after another's commit would fail, not fork.
    """
    database_file.refuse_if_gone()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _place(event: AuditEvent) -> None:
    if (
        event.story is not None
        and not AuditEvent.objects.filter(seq=event.story, story=event.story).exists()
    ):
        raise ValueError(f"There is no story {event.story}.")
    last, head = _tail()
    restore_guard.refuse_if_closed(event.action, last)
    event.seq = last + 1
    event.story = event.story or event.seq
    event.event_id = uuid.uuid4()
    event.at = timezone.now()  # inside the lock, so that on one clock time and seq agree
    event.prev_hash = head


def _tail() -> tuple[int, str]:
    """Seq and hash of the last event. Plain SQL, as below: the ORM would take most of an append's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, row_hash FROM audit_auditevent ORDER BY seq DESC LIMIT 1")
        return cursor.fetchone() or (0, canonical.GENESIS)


def _seal(event: AuditEvent) -> None:
    key = settings.AUDIT_KEY.reveal()
    event.schema_version = canonical.VERSION
    event.key_id = canonical.key_id_of(key)
    event.row_hash = canonical.hash_of(event)
    event.mac = canonical.mac_of(event.row_hash, key)


def _insert(event: AuditEvent) -> None:
    values = [
        field.get_db_prep_save(getattr(event, field.attname), connection) for field in _COLUMNS
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
    event._state.adding, event._state.db = False, connection.alias
