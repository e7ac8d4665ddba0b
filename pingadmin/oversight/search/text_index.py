"""Finds rows by a part of their text, in any case, however many rows there are.

Both databases have an index of every run of three characters: FTS5 on SQLite, pg_trgm on
PostgreSQL (docs/decisions/21). A shorter part is found in nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from django.db import connection, transaction

from pingadmin.oversight.search import rare_runs

MIN_CHARACTERS = 3
# Of so many matches the newest are found; of more, the newest of any so many.
MAX_RANKED = 1000
# Of this one the index follows later, by catch_up().
LATE_TABLE = "audit_auditevent"
MAX_CAUGHT_UP = 1000


@dataclass(frozen=True)
class IndexedText:
    """A column that has the index. table: the one with the rows; key: its integer primary key.
    all_columns: of the table, those that share an index on SQLite.

    folded_in: on PostgreSQL, the table that holds the text in capitals, "" where an index over the
    column does.
    """

    table: str
    key: str
    column: str
    all_columns: tuple[str, ...]
    folded_in: str = ""


SESSION_ID = IndexedText(
    "remote_sessions_remotesession", "id", "session_id", ("session_id", "who"), "search_session"
)
CLIENT_NAME = IndexedText(
    "remote_sessions_remotesession", "id", "who", ("session_id", "who"), "search_session"
)
NOTE = IndexedText("oversight_teamentry", "id", "text", ("text",))
CLIENT_NOTE = IndexedText("oversight_clientnote", "id", "text", ("text",))
TICKET = IndexedText("audit_auditevent", "seq", "ticket", ("ticket", "reason"))
REASON = IndexedText("audit_auditevent", "seq", "reason", ("ticket", "reason"))


def find_containing(where: IndexedText, text: str, *, limit: int) -> list[int]:
    """The primary keys of the newest rows whose column holds the text, in any case."""
    if len(text) < MIN_CHARACTERS:
        return []
    find = _find_on_sqlite if connection.vendor == "sqlite" else _find_on_postgresql
    return find(where, text, limit)


def catch_up() -> bool:
    """Add the next of the audit log's texts to their index. Returns whether there may be more.

    Only on SQLite, where the index would otherwise be written within each append.
    """
    if connection.vendor != "sqlite":
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT key FROM search_position WHERE source = %s", [LATE_TABLE])
        [done] = cursor.fetchone()
        cursor.execute(
            "SELECT MAX(seq) FROM (SELECT seq FROM audit_auditevent WHERE seq > %s"
            " ORDER BY seq LIMIT %s)",
            [done, MAX_CAUGHT_UP],
        )
        [reached] = cursor.fetchone()
        if reached is None:
            return False
        cursor.execute(
            "INSERT INTO search_audit_auditevent(rowid, ticket, reason)"
            " SELECT seq, ticket, reason FROM audit_auditevent"
            " WHERE seq > %s AND seq <= %s AND (ticket <> '' OR reason <> '')",
            [done, reached],
        )
        cursor.execute(
            "UPDATE search_position SET key = %s WHERE source = %s", [reached, LATE_TABLE]
        )
    return bool(reached - done >= MAX_CAUGHT_UP)


def _find_on_sqlite(where: IndexedText, text: str, limit: int) -> list[int]:
    index = f"search_{where.table}"
    part = rare_runs.find_rare_part(where.table, where.key, where.all_columns, text)
    phrase = part.replace('"', '""')
    indexed = _rows(
        f"SELECT rowid, {where.column} FROM {index} WHERE {index} MATCH %s"  # noqa: S608
        " ORDER BY rowid DESC",
        [f'{where.column} : "{phrase}"'],
    )
    wanted = text.casefold()
    matches = chain(
        (key for key, value in _not_indexed_yet(where) if wanted in value.casefold()),
        (key for key, value in indexed if part == text or wanted in value.casefold()),
    )
    return list(islice(matches, limit))


def _not_indexed_yet(where: IndexedText) -> Iterator[tuple[int, str]]:
    """The newest rows, as far as the index is behind: few, where the collector runs."""
    if where.table != LATE_TABLE:
        return iter(())
    return _rows(
        f"SELECT {where.key}, {where.column} FROM {where.table}"  # noqa: S608
        f" WHERE {where.key} > (SELECT key FROM search_position WHERE source = %s)"
        f" AND {where.column} <> '' ORDER BY {where.key} DESC",
        [where.table],
    )


def _find_on_postgresql(where: IndexedText, text: str, limit: int) -> list[int]:
    part = rare_runs.find_rare_part(where.table, where.key, where.all_columns, text)
    escaped = part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    column = where.column if where.folded_in else f"UPPER({where.column})"
    # The index is asked for the rare part alone: POSITION() has no use of it.
    # Apart from the order: the planner would read the whole table backwards to spare a sort.
    newest = _rows(
        f"""
        WITH found AS MATERIALIZED (
            SELECT {where.key} AS key FROM {where.folded_in or where.table}
            WHERE {column} LIKE UPPER(%s) AND {where.column} <> ''
              AND POSITION(UPPER(%s) IN {column}) > 0 LIMIT %s)
        SELECT key FROM found ORDER BY key DESC LIMIT %s
        """,  # noqa: S608 - names of our own
        [f"%{escaped}%", text, MAX_RANKED, limit],
    )
    return [key for (key,) in newest]


def _rows(query: str, values: list[str | int]) -> Iterator[tuple[Any, ...]]:
    """Row by row: SQLite looks for no more of them than are taken."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        yield from cursor
