"""What tests ask of the database directly: raw statements, and how many a page costs."""

from collections.abc import Sequence
from typing import NoReturn

from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def run_sql(statement: str, parameters: Sequence[object] | None = None) -> None:
    """Run one statement past the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def count_queries(client: Client, address: str) -> int:
    """How many statements a page costs, which must be there."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def refuse_lock() -> NoReturn:
    """Put in place of what takes a lock, this fails as SQLite does when another holds it."""
    raise OperationalError("database is locked")
