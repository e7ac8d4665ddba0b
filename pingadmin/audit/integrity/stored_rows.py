"""The log's rows as the database holds them, in order and in constant memory.

Plain SQL: model instances would cost a verification as much time as the hashing itself.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, connection
from django.db.models import Min

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent

CHUNK = 2000
# Sorted as the canonical form wants them, which spares sorting each row.
COLUMNS = (*sorted(canonical.FIELDS[canonical.VERSION]), "row_hash", "mac")

_MAX_SEQ = 2**63 - 1
_SELECT = f"SELECT {', '.join(COLUMNS)} FROM audit_auditevent WHERE seq <= %s"  # noqa: S608 - our own names
_SELECT_FIRST_WINDOW = f"{_SELECT} ORDER BY seq"
_SELECT_LATER_WINDOW = f"{_SELECT} AND seq > %s ORDER BY seq"


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
    query = (_SELECT_LATER_WINDOW, [highest, seq]) if seq else (_SELECT_FIRST_WINDOW, [highest])
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(*query)
            for row in cursor:
                yield _plain_values(row)
    except (DatabaseError, ValueError, OverflowError):
        unreadable = _first_unreadable(seq, highest)
        if unreadable is None:
            raise
        raise UnreadableRow(unreadable) from None


def _plain_values(row: tuple[Any, ...]) -> dict[str, Any]:
    values = dict(zip(COLUMNS, row))  # noqa: B905 - the query gives as many
    values["at"], values["event_id"] = _plain_time(values["at"]), _plain_uuid(values["event_id"])
    return values


def _plain_time(value: Any) -> Any:
    """The canonical time. What is no time stays as it is, and then has another hash."""
    if not isinstance(value, datetime):
        return value
    # SQLite gives UTC without a zone.
    utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"{utc.isoformat(timespec='microseconds')}Z"


def _plain_uuid(value: Any) -> str:
    """The canonical UUID; SQLite stores its digits alone."""
    text = str(value)
    if "-" in text:
        return text
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _first_unreadable(seq: int, highest: int) -> int | None:
    events = AuditEvent.objects.filter(seq__lte=highest).oldest_first()
    if seq:
        events = events.after(seq)
    for number in list(events.values_list("seq", flat=True)):
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{_SELECT} AND seq = %s", [number, number])
                cursor.fetchall()
        except (DatabaseError, ValueError, OverflowError):
            return number
    return None
