"""Finds rows by a part of their text, in any case, however many rows there are.

Both databases have an index of every run of three characters: FTS5 on SQLite, pg_trgm on
PostgreSQL (docs/decisions/21). A shorter part is found in nothing.
"""

from dataclasses import dataclass

from django.db import connection

MIN_CHARACTERS = 3
# Of so many matches the newest are found; of more, the newest of any so many.
MAX_RANKED = 1000


@dataclass(frozen=True)
class IndexedText:
    """A column that has the index. table: the one with the rows; key: its integer primary key.

    folded_in: on PostgreSQL, the table that holds the text in capitals, "" where an index over the
    column does.
    """

    table: str
    key: str
    column: str
    folded_in: str = ""


SESSION_ID = IndexedText("remote_sessions_remotesession", "id", "session_id", "search_session")
CLIENT_NAME = IndexedText("remote_sessions_remotesession", "id", "who", "search_session")
NOTE = IndexedText("oversight_teamentry", "id", "text")
CLIENT_NOTE = IndexedText("oversight_clientnote", "id", "text")
TICKET = IndexedText("audit_auditevent", "seq", "ticket")
REASON = IndexedText("audit_auditevent", "seq", "reason")


def find_containing(where: IndexedText, text: str, *, limit: int) -> list[int]:
    """The primary keys of the newest rows whose column holds the text, in any case."""
    if len(text) < MIN_CHARACTERS:
        return []
    find = _find_on_sqlite if connection.vendor == "sqlite" else _find_on_postgresql
    return find(where, text, limit)


def _find_on_sqlite(where: IndexedText, text: str, limit: int) -> list[int]:
    index = f"search_{where.table}"
    phrase = text.replace('"', '""')
    return _keys(
        f"SELECT rowid FROM {index} WHERE {index} MATCH %s ORDER BY rowid DESC LIMIT %s",  # noqa: S608
        [f'{where.column} : "{phrase}"', limit],
    )


def _find_on_postgresql(where: IndexedText, text: str, limit: int) -> list[int]:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    column = where.column if where.folded_in else f"UPPER({where.column})"
    # Apart from the order: the planner would read the whole table backwards to spare a sort.
    return _keys(
        f"""
        WITH found AS MATERIALIZED (
            SELECT {where.key} AS key FROM {where.folded_in or where.table}
            WHERE {column} LIKE UPPER(%s) AND {where.column} <> '' LIMIT %s)
        SELECT key FROM found ORDER BY key DESC LIMIT %s
        """,  # noqa: S608 - names of our own
        [f"%{escaped}%", MAX_RANKED, limit],
    )


def _keys(query: str, values: list[str | int]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return [key for (key,) in cursor.fetchall()]
