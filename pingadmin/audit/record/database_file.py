"""Notices that SQLite's file was taken away under an open connection: what is written then cannot be found again."""

import os

from django.db import DatabaseError, connection
from django.db.backends.signals import connection_created


class FileGone(DatabaseError):
    """The open database is not the file at its path any more."""


def watch() -> None:
    """Remember, for each connection, which file it opened."""
    connection_created.connect(_remember)


def refuse_if_gone() -> None:
    """Raises FileGone, and lets the connection go, so that the next one opens what is there."""
    if problem := fault_line():
        if not connection.in_atomic_block:
            connection.close()
        raise FileGone(problem)


def fault_line() -> str:
    """What is wrong, as a line for /readyz; '' while nothing is."""
    opened = getattr(connection, "opened_file", None)
    if opened is None or opened == _identity(connection):
        return ""
    return "database: its file was moved, removed or replaced while it was open"


def _remember(sender, connection, **kwargs) -> None:
    connection.opened_file = _identity(connection)


def _identity(connection) -> tuple[int, int] | None:
    """Device and number of the file; None for PostgreSQL, for a database in memory, and where there is no file."""
    if connection.vendor != "sqlite":
        return None
    try:
        found = os.stat(connection.settings_dict["NAME"])
    except OSError:
        return None
    return found.st_dev, found.st_ino
