"""Comparisons that ignore case, for every alphabet: SQLite's own know only ASCII.

Django's `icontains` and `iexact` mean the same on both databases then. ASCII text keeps SQLite's
own operator, which is many times as fast.
"""

from sqlite3 import Connection
from typing import TYPE_CHECKING, Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField, TextField
from django.db.models.lookups import IContains, IExact

if TYPE_CHECKING:
    # Only the stubs make it generic.
    _IExact = IExact[Any]
else:
    _IExact = IExact

FUNCTION = "pingadmin_casefold"


def install() -> None:
    """Replaces both lookups of text fields, and gives every SQLite connection the function."""
    for lookup in (CaseBlindContains, CaseBlindExact):
        for field in (CharField, TextField):
            field.register_lookup(lookup)
    connection_created.connect(_add_function, dispatch_uid=FUNCTION)


class CaseBlindContains(IContains):
    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        return _as_sqlite(self, compiler, connection)


class CaseBlindExact(_IExact):
    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
        return _as_sqlite(self, compiler, connection)


def _as_sqlite(lookup: Any, compiler: Any, connection: BaseDatabaseWrapper) -> Any:
    """The lookup, with both sides casefolded where the text that is looked for is not ASCII."""
    if not isinstance(lookup.rhs, str) or lookup.rhs.isascii():
        return lookup.as_sql(compiler, connection)
    left, left_values = lookup.process_lhs(compiler, connection)
    right, right_values = lookup.process_rhs(compiler, connection)
    values = [*left_values, *(str(value).casefold() for value in right_values)]
    return f"{FUNCTION}({left}) {lookup.get_rhs_op(connection, right)}", values


def _add_function(sender: Any, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        sqlite: Connection = connection.connection
        sqlite.create_function(FUNCTION, 1, _casefold, deterministic=True)


def _casefold(text: object) -> str | None:
    return None if text is None else str(text).casefold()
