"""Writes many rows of one table at once, as fast as the database takes them: what bulk_create and bulk_update are too
slow for.

Values go through their model fields, so that a field which stores in its own way does so here too. SQLite runs one
prepared statement for all rows; PostgreSQL gets one statement with an array for each column.
"""

# ruff: noqa: S608 - the statements hold names of tables and columns from models, and no value

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache

from django.db import connection, models

# Fields of these very classes hand their values on as they are.
PLAIN = {
    models.BigAutoField,
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.FloatField,
    models.IntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
}


def insert_many(model: type[models.Model], names: list[str], rows: list[tuple]) -> list[int]:
    """Add rows; names: the fields that each tuple holds, in order. The new primary keys, in the order of the rows."""
    if not rows:
        return []
    fields = _fields(model, names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f'{_insert(model, fields)} RETURNING "{model._meta.pk.column}"',
                _arrays(fields, rows),
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.executemany(_insert(model, fields), list(zip(*_columns(fields, rows), strict=True)))
        # A table with AUTOINCREMENT counts on by one, and nobody else writes during our transaction.
        last = cursor.execute("SELECT last_insert_rowid()").fetchone()[0]
        return list(range(last - len(rows) + 1, last + 1))


def insert_missing(model: type[models.Model], names: list[str], rows: list[tuple]) -> None:
    """Add those rows that no unique constraint forbids."""
    fields = _fields(model, names)
    _run(f"{_insert(model, fields)} ON CONFLICT DO NOTHING", fields, rows)


def update_many(model: type[models.Model], names: list[str], rows: list[tuple]) -> None:
    """Change rows by their primary key, with which each tuple ends; names: the fields before it, in order."""
    fields = [*_fields(model, names), model._meta.pk]
    table, key = model._meta.db_table, model._meta.pk.column
    if connection.vendor == "postgresql":
        columns = ", ".join(f'"{field.column}"' for field in fields)
        changes = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields[:-1])
        new = f"unnest({_parameters(fields)}) AS new ({columns})"
        _run(
            f'UPDATE "{table}" AS old SET {changes} FROM {new} WHERE old."{key}" = new."{key}"',
            fields,
            rows,
        )
    else:
        changes = ", ".join(f'"{field.column}" = %s' for field in fields[:-1])
        _run(f'UPDATE "{table}" SET {changes} WHERE "{key}" = %s', fields, rows)


def moments_of(model: type[models.Model], name: str, ids: list[int]) -> dict[int, str]:
    """For each row with one of these primary keys the value of a time field as moment_text gives it; locks the rows.

    Comparing texts spares making a datetime of each, which takes longer than all else here.
    """
    table, key, column = (
        model._meta.db_table,
        model._meta.pk.column,
        model._meta.get_field(name).column,
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            text = f"to_char(\"{column}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
            chosen = f'WHERE "{key}" = ANY(%s::bigint[]) ORDER BY "{key}" FOR UPDATE'
            cursor.execute(f'SELECT "{key}", {text} FROM "{table}" {chosen}', [ids])
        else:
            # The empty text keeps the connection from making a Python object of the column's declared type.
            chosen = f'WHERE "{key}" IN (SELECT value FROM json_each(%s))'
            cursor.execute(
                f'SELECT "{key}", "{column}" || \'\' FROM "{table}" {chosen}', [json.dumps(ids)]
            )
        return dict(cursor.fetchall())


def moment_text(at: datetime) -> str:
    """What moments_of gives for a time (UTC)."""
    if connection.vendor == "postgresql":
        return at.strftime("%Y-%m-%d %H:%M:%S.%f")
    return connection.ops.adapt_datetimefield_value(at)


def _fields(model, names) -> list[models.Field]:
    return [model._meta.get_field(name) for name in names]


def _insert(model, fields) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    if connection.vendor == "postgresql":
        values = f"SELECT * FROM unnest({_parameters(fields)})"
    else:
        values = f"VALUES ({', '.join(['%s'] * len(fields))})"
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) {values}'


def _parameters(fields) -> str:
    return ", ".join(f"%s::{_type(field)}[]" for field in fields)


def _type(field) -> str:
    return field.rel_db_type(connection) if field.primary_key else field.db_type(connection)


def _run(statement: str, fields, rows: list[tuple]) -> None:
    if rows:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(statement, _arrays(fields, rows))
            else:
                cursor.executemany(statement, list(zip(*_columns(fields, rows), strict=True)))


def _arrays(fields, rows: list[tuple]) -> list[str]:
    """Each column as PostgreSQL writes an array. The driver's own way with lists takes ten times as long."""
    return [
        f"{{{','.join([ELEMENTS.get(type(value), _quoted)(value) for value in column])}}}"
        for column in _columns(fields, rows)
    ]


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


ELEMENTS = {int: str, float: repr, bool: str, type(None): lambda _: "NULL", datetime: _quoted}


def _columns(fields, rows) -> list[list]:
    return [
        _stored(field, values)
        for field, values in zip(fields, zip(*rows, strict=True), strict=True)
    ]


def _stored(field: models.Field, values: Iterable) -> list:
    """What the database is given for each value of a column."""
    if type(field) in PLAIN or isinstance(field, models.ForeignKey):
        return list(values)
    return list(map(_preparer(field, connection.vendor), values))


@lru_cache(maxsize=256)
def _preparer(field: models.Field, vendor: str) -> Callable:
    """Times and words come again and again in a batch; a number of them is kept at hand for each field."""

    @lru_cache(maxsize=4096)
    def prepared(value):
        return field.get_db_prep_save(value, connection)

    return prepared
