"""The only writer of the audit log."""

import logging
import re
import uuid
from collections.abc import Mapping
from typing import Any, TypedDict, Unpack

from django.conf import settings
from django.db import connection, transaction
from django.db.models import CharField
from django.utils import timezone
from prometheus_client import Counter

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import cleaning, database_file, restore_guard
from pingadmin.audit.record.actors import Actor
from pingadmin.telemetry import counters

Phase = AuditEvent.Phase

HEAD_PHASES = {Phase.INTENT, Phase.EVENT}
LATER_PHASES = {Phase.OUTCOME, Phase.EVIDENCE, Phase.CLOSURE, Phase.MARK}

EVENTS = Counter(
    "pingadmin_audit_events",
    "Events written to the audit log.",
    ["action", "phase", "result", "account"],
    registry=counters.REGISTRY,
)

log = logging.getLogger(__name__)

_COLUMNS = AuditEvent._meta.concrete_fields
_MAX_LENGTHS = {
    field.attname: field.max_length or 0 for field in _COLUMNS if isinstance(field, CharField)
}
_INSERT = (
    f"INSERT INTO {AuditEvent._meta.db_table} ({', '.join(field.column for field in _COLUMNS)}) "  # noqa: S608
    f"VALUES ({', '.join(['%s'] * len(_COLUMNS))})"
)
LOCK_ID = 0x70696E67  # any number that no other advisory lock of this database uses


class EventFields(TypedDict, total=False):
    """What an event can say besides its action, phase, actor and entry.

    verified: whether the effect was seen. shown: what the person saw before acting. `attempt` and
    `batch` are ids: of the attempt that the event belongs to, of the bulk action.
    """

    result: str
    verified: bool | None
    alias: str
    session_id: str
    client: str
    reason: str
    ticket: str
    upstream_status: int | None
    upstream_code: str
    shown: Mapping[str, Any] | None
    detail: Mapping[str, Any] | None
    attempt: str
    batch: str
    snapshot_before: int | None
    snapshot_after: int | None


def append(
    *,
    action: str,
    phase: str,
    by: Actor,
    story: int | None = None,
    detail_bytes: int = cleaning.DETAIL_BYTES,
    **fields: Unpack[EventFields],
) -> AuditEvent:
    """Adds one event to the end of the chain, in the caller's transaction.

    `intent` and `event` begin an entry; every other phase continues the entry whose head has the
    seq `story`. An `outcome` has a result, an `intent` has none. Texts are cleaned and cut to
    their columns, never refused. detail_bytes: how much the detail may hold as JSON.

    Raises RuntimeError outside a transaction, ValueError for a word that is not on its list or an
    entry that does not exist, and django.db.Error where the log cannot be written; that includes a
    restored log that no admin has accepted.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("trail.append() needs a transaction: wrap it in transaction.atomic().")
    _check_values(action, phase, fields.get("result", ""), story)
    event = _new_event(action, phase, by, fields)
    event.detail = cleaning.as_json(fields.get("detail"), detail_bytes)
    _clean_texts(event)
    _lock()
    _place_at_end(event, story)
    _seal(event)
    _insert(event)
    transaction.on_commit(lambda: _announce(event))
    return event


def _announce(event: AuditEvent) -> None:
    # Whoever can rewrite the database can't rewrite this copy of the chain's head.
    log.info("%d %s", event.seq, event.row_hash)
    EVENTS.labels(event.action, event.phase, event.result, event.alias).inc()


def _check_values(action: str, phase: str, result: str, story: int | None) -> None:
    if not re.fullmatch(r"[a-z][a-z_]{0,39}", action):
        raise ValueError(f"{action!r} is no action: use a word of a-z and _.")
    if phase not in HEAD_PHASES | LATER_PHASES:
        raise ValueError(f"{phase!r} is no phase.")
    if result and result not in AuditEvent.Result.values:
        raise ValueError(f"{result!r} is no result.")
    if (phase == Phase.OUTCOME and not result) or (phase == Phase.INTENT and result):
        raise ValueError("An outcome has a result, an intent has none.")
    if phase in LATER_PHASES and story is None:
        raise ValueError(f"{phase} needs the entry that it continues.")
    if phase in HEAD_PHASES and story is not None:
        raise ValueError(f"{phase} begins an entry of its own.")


def _new_event(action: str, phase: str, by: Actor, fields: EventFields) -> AuditEvent:
    values: dict[str, Any] = {
        **fields,
        "shown": cleaning.as_json(fields.get("shown")),
        "detail": "",
        "attempt": str(fields.get("attempt", "")),
        "batch": str(fields.get("batch", "")),
    }
    return AuditEvent(
        action=action,
        phase=phase,
        actor_kind=by.kind,
        actor_id=by.id,
        actor_name=by.name,
        actor_role=by.role,
        source_address=by.source_address,
        request_id=by.request_id,
        **values,
    )


def _clean_texts(event: AuditEvent) -> None:
    for name, max_length in _MAX_LENGTHS.items():
        setattr(event, name, cleaning.clean(getattr(event, name), max_length))


def _lock() -> None:
    """One append at a time, until commit. `SELECT … FOR UPDATE` on the last row would let two fork.

    SQLite needs nothing: its transactions begin IMMEDIATE, so only one writer gets here. If one
    were deferred, its write after another's commit would fail, and not fork.
    """
    database_file.raise_if_gone()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK_ID])


def _place_at_end(event: AuditEvent, story: int | None) -> None:
    if story is not None and not AuditEvent.objects.heads().filter(seq=story).exists():
        raise ValueError(f"There is no entry {story}.")
    last_seq, last_hash = _last_event()
    restore_guard.raise_if_closed(event.action, last_seq)
    event.seq = last_seq + 1
    event.story = story or event.seq
    event.event_id = uuid.uuid4()
    event.at = timezone.now()  # inside the lock, so that one clock's times rise with seq
    event.prev_hash = last_hash


def _last_event() -> tuple[int, str]:
    """Seq and hash. Plain SQL, as in _insert: the ORM would take most of an append's time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, row_hash FROM audit_auditevent ORDER BY seq DESC LIMIT 1")
        return cursor.fetchone() or (0, canonical.GENESIS)


def _seal(event: AuditEvent) -> None:
    key = settings.AUDIT_KEY.reveal()
    event.schema_version = canonical.VERSION
    event.key_id = canonical.compute_key_id(key)
    event.row_hash = canonical.hash_event(event)
    event.mac = canonical.compute_mac(event.row_hash, key)


def _insert(event: AuditEvent) -> None:
    values = [
        field.get_db_prep_save(getattr(event, field.attname), connection) for field in _COLUMNS
    ]
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, values)
    # What the ORM would have set: the event is stored, and here.
    event._state.adding, event._state.db = False, connection.alias
