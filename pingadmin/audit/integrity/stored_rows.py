"""The log's rows as the database holds them, in order and in constant memory.

Plain SQL: model instances would cost a verification as much time as the hashing itself.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Min

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent

CHUNK = 2000
# Sorted as the canonical form wants them, which spares sorting each row.
COLUMNS = (*sorted(canonical.FIELDS[canonical.VERSION]), "row_hash", "mac")

_MAX_SEQ = 2**63 - 1
# SQLite would hand over a moment or a truth in whatever spelling it was stored: as an expression a
# column comes as it is, and only the spelling that Django writes is taken for the value.
_AS_STORED = {
    "at": "CASE typeof(at) WHEN 'text' THEN at || '' END",
    "verified": "+verified",
}
_STORED_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?", re.ASCII)
_STORED_UUID = re.compile(r"[0-9a-f]{32}")


class UnreadableRow(Exception):
    """A column of this row holds what the database's driver cannot read as the column's type."""

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq


def rows_after(seq: int) -> Iterator[dict[str, Any]]:
    """The rows above `seq` in order, as COLUMNS -> plain value; 0 also gives rows below the first.

    Reads windows of seq and not a number of rows, so that two rows with one seq are both given.
    Raises UnreadableRow.
    """
    while True:
        last_seq = seq
        for row in _read_window(seq):
            last_seq = max(last_seq, row["seq"])
            yield row
        # From the last row and not from the window's end: more may have been appended meanwhile.
        next_seq = AuditEvent.objects.after(last_seq).aggregate(first=Min("seq"))["first"]
        if next_seq is None:
            return
        if not isinstance(next_seq, int):
            raise UnreadableRow(last_seq + 1)
        seq = next_seq - 1


def _read_window(seq: int) -> Iterator[dict[str, Any]]:
    highest = min(seq + CHUNK, _MAX_SEQ)
    is_sqlite = connection.vendor == "sqlite"
    plain_values = _plain_values_of_sqlite if is_sqlite else _plain_values_of_postgresql
    query, values = (f"{_select()} AND seq > %s", [highest, seq]) if seq else (_select(), [highest])
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(f"{query} ORDER BY seq", values)
            for row in cursor:
                yield plain_values(row)
    except (DatabaseError, ValueError, OverflowError):
        unreadable = _first_unreadable(seq, highest)
        if unreadable is None:
            raise
        raise UnreadableRow(unreadable) from None


def _select() -> str:
    as_stored = _AS_STORED if connection.vendor == "sqlite" else {}
    columns = ", ".join(as_stored.get(column, column) for column in COLUMNS)
    return f"SELECT {columns} FROM audit_auditevent WHERE seq <= %s"  # noqa: S608 - our own names


def _plain_values_of_sqlite(row: tuple[Any, ...]) -> dict[str, Any]:
    """What has another spelling than Django's stays as it is, and then has another hash."""
    values = dict(zip(COLUMNS, row))  # noqa: B905 - the query gives as many
    at, event_id, verified = values["at"], values["event_id"], values["verified"]
    if isinstance(at, str) and _STORED_TIME.fullmatch(at) and not at.endswith(".000000"):
        fraction = "" if "." in at else ".000000"
        values["at"] = f"{at.replace(' ', 'T')}{fraction}Z"
    if isinstance(event_id, str) and _STORED_UUID.fullmatch(event_id):
        parts = (event_id[:8], event_id[8:12], event_id[12:16], event_id[16:20], event_id[20:])
        values["event_id"] = "-".join(parts)
    if type(verified) is int and verified in (0, 1):
        values["verified"] = bool(verified)
    return values


def _plain_values_of_postgresql(row: tuple[Any, ...]) -> dict[str, Any]:
    """Its columns have types, so a value has one spelling."""
    values = dict(zip(COLUMNS, row))  # noqa: B905
    utc = values["at"].astimezone(UTC).replace(tzinfo=None)
    values["at"] = f"{utc.isoformat(timespec='microseconds')}Z"
    values["event_id"] = str(values["event_id"])
    return values


def _first_unreadable(seq: int, highest: int) -> int | None:
    events = AuditEvent.objects.filter(seq__lte=highest).oldest_first()
    if seq:
        events = events.after(seq)
    for number in list(events.values_list("seq", flat=True)):
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{_select()} AND seq = %s", [number, number])
                cursor.fetchall()
        except (DatabaseError, ValueError, OverflowError):
            return number
    return None
