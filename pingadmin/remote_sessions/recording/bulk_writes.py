"""Writes many rows of one table at once, where bulk_create and bulk_update are too slow.

Values pass through their model fields, so a field that stores in its own way does so here too.
SQLite runs one prepared statement for all rows; PostgreSQL gets one statement with an array for
each column.
"""

# ruff: noqa: S608 - the statements hold names of tables and columns from models, and no value

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, models

Fields = list["models.Field[Any, Any]"]
# In the order of the fields. Any is what a database driver takes and gives.
Rows = list[tuple[Any, ...]]

# Fields of exactly these classes pass their values on unchanged.
PLAIN_FIELDS = {
    models.BigAutoField,
    models.BigIntegerField,
    models.BooleanField,
    models.CharField,
    models.FloatField,
    models.IntegerField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
}


def insert_many(model: type[models.Model], names: list[str], rows: Rows) -> list[int]:
    """Inserts rows and returns their new primary keys, in the order of the rows.

    names: the fields that each tuple holds, in order.
    """
    if not rows:
        return []
    fields = _get_fields(model, names)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f'{_insert_statement(model, fields)} RETURNING "{_get_key(model).column}"',
                _array_literals(fields, rows),
            )
            return [key for (key,) in cursor.fetchall()]
        cursor.executemany(_insert_statement(model, fields), _prepare_rows(fields, rows))
        # AUTOINCREMENT counts up by one, and nobody else writes during our transaction.
        last = cursor.execute("SELECT last_insert_rowid()").fetchone()[0]
        return list(range(last - len(rows) + 1, last + 1))


def insert_missing(model: type[models.Model], names: list[str], rows: Rows) -> None:
    """Inserts those rows that no unique constraint forbids. names: as in insert_many."""
    fields = _get_fields(model, names)
    _run(f"{_insert_statement(model, fields)} ON CONFLICT DO NOTHING", fields, rows)


def update_many(model: type[models.Model], names: list[str], rows: Rows) -> None:
    """Updates rows by primary key. names: the fields of each tuple; the key is its last value."""
    key = _get_key(model)
    fields = [*_get_fields(model, names), key]
    table = model._meta.db_table
    if connection.vendor == "postgresql":
        columns = ", ".join(f'"{field.column}"' for field in fields)
        changes = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields[:-1])
        new = f"unnest({_array_parameters(fields)}) AS new ({columns})"
        match = f'old."{key.column}" = new."{key.column}"'
        _run(f'UPDATE "{table}" AS old SET {changes} FROM {new} WHERE {match}', fields, rows)
    else:
        changes = ", ".join(f'"{field.column}" = %s' for field in fields[:-1])
        _run(f'UPDATE "{table}" SET {changes} WHERE "{key.column}" = %s', fields, rows)


def load_time_texts(model: type[models.Model], name: str, ids: list[int]) -> dict[int, str]:
    """Returns primary key -> a time field as time_text formats it. Locks the rows.

    Comparing texts spares parsing a datetime for each row, which would take longer than the rest.
    """
    table, key = model._meta.db_table, _get_key(model).column
    (field,) = _get_fields(model, [name])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            text = f"to_char(\"{field.column}\" AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
            chosen = f'WHERE "{key}" = ANY(%s::bigint[]) ORDER BY "{key}" FOR UPDATE'
            cursor.execute(f'SELECT "{key}", {text} FROM "{table}" {chosen}', [ids])
        else:
            # Appending an empty text keeps the connection from converting the declared type.
            text = f"\"{field.column}\" || ''"
            chosen = f'WHERE "{key}" IN (SELECT value FROM json_each(%s))'
            cursor.execute(f'SELECT "{key}", {text} FROM "{table}" {chosen}', [json.dumps(ids)])
        return dict(cursor.fetchall())


def time_text(at: datetime) -> str:
    """Formats a time (UTC) as load_time_texts returns it."""
    if connection.vendor == "postgresql":
        return at.strftime("%Y-%m-%d %H:%M:%S.%f")
    return str(connection.ops.adapt_datetimefield_value(at))


def _get_fields(model: type[models.Model], names: list[str]) -> Fields:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return [by_name[name] for name in names]


def _get_key(model: type[models.Model]) -> "models.Field[Any, Any]":
    if model._meta.pk is None:
        raise TypeError(f"{model.__name__} has no primary key")
    return model._meta.pk


def _insert_statement(model: type[models.Model], fields: Fields) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    if connection.vendor == "postgresql":
        values = f"SELECT * FROM unnest({_array_parameters(fields)})"
    else:
        values = f"VALUES ({', '.join(['%s'] * len(fields))})"
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) {values}'


def _array_parameters(fields: Fields) -> str:
    """One parameter for each column, cast to an array of the column's type."""
    # The column type of an automatic key, bigserial, is no type to cast to.
    key_type = models.BigIntegerField().db_type(connection)
    types = (key_type if field.primary_key else field.db_type(connection) for field in fields)
    return ", ".join(f"%s::{db_type}[]" for db_type in types)


def _run(statement: str, fields: Fields, rows: Rows) -> None:
    if rows:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute(statement, _array_literals(fields, rows))
            else:
                cursor.executemany(statement, _prepare_rows(fields, rows))


def _array_literals(fields: Fields, rows: Rows) -> list[str]:
    """Each column as PostgreSQL writes an array. The driver's own way is ten times slower."""
    return [
        f"{{{','.join([ELEMENT_FORMATS.get(type(value), _quote)(value) for value in column])}}}"
        for column in _prepare_columns(fields, rows)
    ]


def _quote(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _format_null(value: object) -> str:
    return "NULL"


# How a value of each type is written inside an array; any other type is quoted text.
ELEMENT_FORMATS: dict[type, Callable[[Any], str]] = {
    int: str,
    float: repr,
    bool: str,
    type(None): _format_null,
    datetime: _quote,
}


def _prepare_rows(fields: Fields, rows: Rows) -> Rows:
    return list(zip(*_prepare_columns(fields, rows), strict=True))


def _prepare_columns(fields: Fields, rows: Rows) -> list[list[Any]]:
    """Column by column what the database is given for each value."""
    return [
        _prepare_values(field, values)
        for field, values in zip(fields, zip(*rows, strict=True), strict=True)
    ]


def _prepare_values(field: "models.Field[Any, Any]", values: Iterable[Any]) -> list[Any]:
    # By exact class: a field of ours that inherits from one of these converts its values.
    if type(field) in PLAIN_FIELDS or isinstance(field, models.ForeignKey):
        return list(values)
    return list(map(_cached_preparer(field, connection.vendor), values))


@lru_cache(maxsize=256)
def _cached_preparer(field: "models.Field[Any, Any]", vendor: str) -> Callable[[Any], Any]:
    """The field's conversion with a cache: times and words come again and again in a batch."""

    @lru_cache(maxsize=4096)
    def prepare(value: Any) -> Any:
        return field.get_db_prep_save(value, connection)

    return prepare
