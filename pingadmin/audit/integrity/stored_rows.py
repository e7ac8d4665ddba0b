"""The log's rows as the database holds them, in order and in flat memory: the verification's only reader.

Plain SQL instead of model instances, which would cost as much time as the hashing itself.
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
NAMES = (*sorted(canonical.FIELDS[canonical.VERSION]), "row_hash", "mac")

_LARGEST = 2**63 - 1
_SELECT = f"SELECT {', '.join(NAMES)} FROM audit_auditevent WHERE seq <= %s"  # noqa: S608 - names of our own
_FIRST, _FURTHER = f"{_SELECT} ORDER BY seq", f"{_SELECT} AND seq > %s ORDER BY seq"


class Unreadable(Exception):
    """A row holds something that the database's driver cannot read as what its column is."""

    def __init__(self, seq: int):
        super().__init__(seq)
        self.seq = seq


def after(seq: int) -> Iterator[dict[str, Any]]:
    """The rows above `seq` in order, as NAMES -> value; 0 also gives what stands below the first.

    Read by windows of seq, not by number of rows, so that two rows that claim one seq are both given.
    Raises Unreadable.
    """
    while True:
        last = seq
        for row in _window(seq):
            last = max(last, row["seq"])
            yield row
        # From the last row on, not from the window's end: more may have been appended meanwhile.
        following = AuditEvent.objects.filter(seq__gt=last).aggregate(first=Min("seq"))["first"]
        if following is None:
            return
        if not isinstance(following, int):
            raise Unreadable(last + 1)
        seq = following - 1


def _window(seq: int) -> Iterator[dict[str, Any]]:
    highest = min(seq + CHUNK, _LARGEST)
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(*((_FURTHER, [highest, seq]) if seq else (_FIRST, [highest])))
            for row in cursor:
                yield _named(row)
    except (DatabaseError, ValueError, OverflowError):
        culprit = _first_unreadable(seq, highest)
        if culprit is None:
            raise
        raise Unreadable(culprit) from None


def _named(row: tuple) -> dict[str, Any]:
    values = dict(zip(NAMES, row))  # noqa: B905 - the query gives as many
    values["at"], values["event_id"] = _time(values["at"]), _uuid(values["event_id"])
    return values


def _time(value: Any) -> Any:
    """Canonical; SQLite gives UTC without a zone. What is no time stays what it is, and then has another hash."""
    if not isinstance(value, datetime):
        return value
    utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"{utc.isoformat(timespec='microseconds')}Z"


def _uuid(value: Any) -> str:
    """Canonical; SQLite keeps the digits alone."""
    text = str(value)
    return (
        text
        if "-" in text
        else "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
    )


def _first_unreadable(seq: int, highest: int) -> int | None:
    numbers = (
        AuditEvent.objects.filter(seq__lte=highest).order_by("seq").values_list("seq", flat=True)
    )
    for number in list(numbers.filter(seq__gt=seq) if seq else numbers):
        try:
            with connection.cursor() as cursor:
                cursor.execute(f"{_SELECT} AND seq = %s", [number, number])
                cursor.fetchall()
        except (DatabaseError, ValueError, OverflowError):
            return number
    return None
