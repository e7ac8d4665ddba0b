"""Every way of tampering with the log that we tried, and the fault that a verification names.

The log has six events; a checkpoint vouches for the first four. The triggers are dropped first, as
the owner of the tables can; what stops everybody else is in test_stopped.py.
"""

import uuid

from django.db import connection

from pingadmin.audit.chain.canonical import compute_key_id
from pingadmin.audit.integrity.faults import FaultKind
from pingadmin.audit.models import AuditEvent, KeptCheckpoint
from tests.audit.tampering.tools import (
    TABLE,
    all_rows,
    chained,
    drop_keys,
    replace_all,
    seal,
    stolen_key,
)
from tests.support.queries import run_sql

ANOTHER_KEY = "a key of somebody else, 32 characters long"
CHANGED = {"event_id": uuid.UUID(int=7), "at": "2020-01-01 00:00:00+00:00", "verified": False}
NOT_CONTENT = {
    "seq": (99, FaultKind.MISSING),
    "schema_version": (2, FaultKind.UNKNOWN_VERSION),
    "mac": ("0" * 64, FaultKind.BAD_MAC),
}


def _column_edits() -> dict:
    edits = {}
    for field in AuditEvent._meta.concrete_fields:
        other = 77 if field.get_internal_type().endswith("IntegerField") else "x"
        edited = (CHANGED.get(field.name, other), FaultKind.EDITED)
        value, kind = NOT_CONTENT.get(field.name, edited)
        edits[f"edit {field.name}"] = (_update(field, value), kind, 3)
    return edits


def _update(field, value):
    return lambda: run_sql(
        f"UPDATE {TABLE} SET {field.column} = %s WHERE seq = 3",
        [field.get_db_prep_value(value, connection) if not isinstance(value, str) else value],
    )


def _delete(which: str):
    return lambda: run_sql(f"DELETE FROM {TABLE} WHERE {which}")


def _edit_and_seal(key: str, *, seq: int):
    """Edit one event and give it a hash and a MAC that fit."""

    def act():
        changed = all_rows()
        changed[seq - 1] = seal(changed[seq - 1] | {"reason": "another reason"}, key)
        replace_all(changed)

    return act


def _rechain(key: str, *, seq: int):
    """Edit one event and chain the whole log again."""

    def act():
        changed = all_rows()
        changed[seq - 1]["reason"] = "another reason"
        replace_all(chained(changed, key))

    return act


def _chain_under_own_key() -> None:
    changed = [values | {"key_id": compute_key_id(ANOTHER_KEY)} for values in all_rows()]
    replace_all(chained(changed, ANOTHER_KEY))


def _delete_and_renumber(seq: int) -> None:
    """Take one event out and close the hole in the numbers."""
    changed = all_rows()
    del changed[seq - 1]
    replace_all([values | {"seq": number} for number, values in enumerate(changed, start=1)])


def _swap(one: int, other: int):
    def act():
        changed = all_rows()
        changed[one - 1]["seq"], changed[other - 1]["seq"] = other, one
        replace_all(changed)

    return act


def _insert_between(key: str, prev_seq: int):
    """A forged event after prev_seq; all later ones move up."""

    def act():
        present = all_rows()
        forged = present[prev_seq] | {
            "seq": prev_seq + 1,
            "event_id": uuid.uuid4(),
            "prev_hash": present[prev_seq - 1]["row_hash"],
            "reason": "never said",
        }
        # Two rows would follow one; who can do this can drop the constraint as well.
        drop_keys()
        moved = [values | {"seq": values["seq"] + 1} for values in present[prev_seq:]]
        replace_all([*present[:prev_seq], seal(forged, key), *moved])

    return act


def _append_forged(key: str) -> None:
    present = all_rows()
    forged = present[-1] | {
        "seq": len(present) + 1,
        "event_id": uuid.uuid4(),
        "prev_hash": present[-1]["row_hash"],
    }
    replace_all([*present, seal(forged, key)])


def _follow_earlier_event() -> None:
    """An event in the place of #5 that follows #2."""
    present = all_rows()
    drop_keys()
    present[4] = seal(present[4] | {"prev_hash": present[1]["row_hash"]}, stolen_key())
    replace_all(present)


def _fork() -> None:
    """A second event after #2, in the place of #4."""
    present = all_rows()
    drop_keys()
    present[3] = seal(present[3] | {"prev_hash": present[2]["prev_hash"]}, stolen_key())
    replace_all(present)


def _duplicate_seq() -> None:
    present = all_rows()
    drop_keys()
    replace_all([*present, present[2]])


def _insert_before_first() -> None:
    present = all_rows()
    replace_all(
        [
            seal(
                present[0] | {"seq": 0, "event_id": uuid.uuid4(), "prev_hash": "f" * 64},
                stolen_key(),
            ),
            *present,
        ]
    )


def _restore_old_copy() -> None:
    """The database of yesterday, with its two events and no checkpoint."""
    run_sql(f"DELETE FROM {TABLE} WHERE seq > 2")
    KeptCheckpoint.objects.all().delete()


def _continue_restore_old_copy() -> None:
    """The same, and other events appended to it with the right key."""
    changed = all_rows()
    for values in changed[2:]:
        values["reason"] = "another future"
    replace_all(chained(changed, stolen_key()))
    KeptCheckpoint.objects.all().delete()


def _replace_or_insert() -> None:
    """INSERT OR REPLACE with the trigger gone, and PostgreSQL's way to say it."""
    columns = [field.column for field in AuditEvent._meta.concrete_fields]
    chosen = ", ".join("'never said'" if name == "reason" else name for name in columns)
    if connection.vendor == "postgresql":
        verb, conflict = "INSERT", "ON CONFLICT (seq) DO UPDATE SET reason = EXCLUDED.reason"
    else:
        verb, conflict = "INSERT OR REPLACE", ""
    copied = f"SELECT {chosen} FROM {TABLE} WHERE seq = 3"
    run_sql(f"{verb} INTO {TABLE} ({', '.join(columns)}) {copied} {conflict}")


def _make_unreadable() -> None:
    if connection.vendor == "postgresql":
        run_sql(f"UPDATE {TABLE} SET at = 'infinity' WHERE seq = 3")
    else:
        run_sql(f"UPDATE {TABLE} SET at = '2026-13-77 99:00:00' WHERE seq = 3")


# What somebody does -> (how, kind and seq of the first fault)
TAMPERINGS = _column_edits() | {
    "put something unreadable in": (_make_unreadable, FaultKind.EDITED, 3),
    "edit every event": (
        lambda: run_sql(f"UPDATE {TABLE} SET reason = 'x'"),
        FaultKind.EDITED,
        1,
    ),
    "turn an unknown outcome into ok": (
        lambda: run_sql(f"UPDATE {TABLE} SET result = 'ok' WHERE seq = 4"),
        FaultKind.EDITED,
        4,
    ),
    "delete the first": (_delete("seq = 1"), FaultKind.MISSING, 1),
    "delete one in the middle": (_delete("seq = 3"), FaultKind.MISSING, 3),
    "delete two in the middle": (_delete("seq IN (3, 4)"), FaultKind.MISSING, 3),
    "delete all but the last": (_delete("seq < 6"), FaultKind.MISSING, 1),
    "cut the end off below the checkpoint": (_delete("seq > 3"), FaultKind.SHORTER, 4),
    "cut the end off at the first": (_delete("seq > 1"), FaultKind.SHORTER, 4),
    "empty the table": (_delete("1 = 1"), FaultKind.SHORTER, 4),
    "put an old copy in its place": (_restore_old_copy, FaultKind.SHORTER, 4),
    "put an old copy in its place and go on": (_continue_restore_old_copy, FaultKind.REWRITTEN, 4),
    "delete one and close the hole": (lambda: _delete_and_renumber(3), FaultKind.REORDERED, 3),
    "swap neighbours": (_swap(3, 4), FaultKind.REORDERED, 3),
    "swap two far apart": (_swap(2, 5), FaultKind.REORDERED, 2),
    "swap with the last": (_swap(2, 6), FaultKind.REORDERED, 2),
    "insert a forged one without the key": (_insert_between(ANOTHER_KEY, 2), FaultKind.BAD_MAC, 3),
    "insert a forged one with the stolen key": (
        lambda: _insert_between(stolen_key(), 2)(),
        FaultKind.INSERTED,
        3,
    ),
    "insert before the first": (_insert_before_first, FaultKind.INSERTED, 0),
    "let two events have one number": (_duplicate_seq, FaultKind.FORK, 3),
    "let two events follow one": (_fork, FaultKind.FORK, 4),
    "let an event follow an earlier one": (_follow_earlier_event, FaultKind.BROKEN_LINK, 5),
    "edit one and give it its new hash": (_edit_and_seal(ANOTHER_KEY, seq=3), FaultKind.BAD_MAC, 3),
    "edit one with the stolen key": (
        lambda: _edit_and_seal(stolen_key(), seq=3)(),
        FaultKind.BROKEN_LINK,
        4,
    ),
    "edit the checkpoint's event with the stolen key": (
        lambda: _edit_and_seal(stolen_key(), seq=4)(),
        FaultKind.REWRITTEN,
        4,
    ),
    "chain the whole log again without the key": (
        _rechain(ANOTHER_KEY, seq=1),
        FaultKind.BAD_MAC,
        1,
    ),
    "chain the whole log again with the stolen key": (
        lambda: _rechain(stolen_key(), seq=1)(),
        FaultKind.REWRITTEN,
        4,
    ),
    "chain it again and name a key of one's own": (_chain_under_own_key, FaultKind.UNKNOWN_KEY, 1),
    "append a forged one without the key": (
        lambda: _append_forged(ANOTHER_KEY),
        FaultKind.BAD_MAC,
        7,
    ),
    "INSERT OR REPLACE": (_replace_or_insert, FaultKind.EDITED, 3),
}
