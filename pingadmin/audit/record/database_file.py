"""Notices that SQLite's file was moved or removed while it is open: later writes would be lost."""

import os
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


class DatabaseFileGone(DatabaseError):
    """The open database is no longer the file at its path."""


def remember_opened_files() -> None:
    """Notes, for each connection from now on, which file it opened."""
    connection_created.connect(_remember_file)


def raise_if_gone() -> None:
    """Raises DatabaseFileGone, and closes the connection: the next one opens what is there."""
    if problem := health_problem():
        if not connection.in_atomic_block:
            connection.close()
        raise DatabaseFileGone(problem)


def health_problem() -> str:
    """What is wrong; '' while all is well."""
    opened = getattr(connection, "opened_file", None)
    if opened is None or opened == _file_identity(connection):
        return ""
    return "its file was moved, removed or replaced while it was open"


def _remember_file(sender: object, connection: Any, **kwargs: object) -> None:
    connection.opened_file = _file_identity(connection)


def _file_identity(connection: BaseDatabaseWrapper) -> tuple[int, int] | None:
    """Device and inode; None for PostgreSQL, for a database in memory, and for a missing file."""
    if connection.vendor != "sqlite":
        return None
    try:
        status = os.stat(connection.settings_dict["NAME"])
    except OSError:
        return None
    return status.st_dev, status.st_ino
