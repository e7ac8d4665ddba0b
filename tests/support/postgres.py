"""Fixtures: a PostgreSQL cluster that is started for the tests, private to them, ended by pid."""

import glob
import os
import pwd
import shutil
import signal
import tempfile
from pathlib import Path

import pytest

from tests.support.processes import Process, clean_environment, free_port
from tests.support.required_parts import need


class Postgres:
    """A running cluster with its files and socket in `directory`. `url(name)` is over loopback."""

    def __init__(self, directory: Path, binaries: Path, user: str | None, *, durable: bool = False):
        self.directory, self._count, self.port = directory, 0, free_port()
        self._binaries, self._user = binaries, user
        made = self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        assert made.wait() == 0, made.output
        self._more = [] if durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        self.start()

    def start(self) -> None:
        """Start it (again)."""
        address = ("-k", self.directory, "-h", "127.0.0.1", "-p", self.port)
        self.process = self._run("postgres", *address, *self._more)
        self.process.await_line("ready to accept connections")

    def stop(self) -> None:
        self.process.end(signal.SIGINT)

    def url(self, name: str, user: str = "postgres") -> str:
        return f"postgres://{user}@127.0.0.1:{self.port}/{name}"

    def create_database(self, like: str = "template1") -> str:
        """The URL of a new database, a copy of the one named `like`; it is empty without that."""
        self._count += 1
        self.rows(self.url("postgres"), f"CREATE DATABASE test{self._count} TEMPLATE {like}")
        return self.url(f"test{self._count}")

    def rows(self, url: str, query: str, *values) -> list[dict]:
        import psycopg
        from psycopg.rows import dict_row

        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    close = stop

    def _run(self, binary: str, *arguments) -> Process:
        return Process(
            self._binaries / binary,
            "-D",
            self.directory / "data",
            *arguments,
            env=clean_environment(LC_ALL="C.UTF-8"),
            log=self.directory / f"{binary}.log",
            user=self._user,
        )


def start_postgres(**more) -> Postgres:
    """A cluster of its own for a caller who calls close() and removes `directory`."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [shutil.which("initdb") or ""]
    need("postgres", found[-1], "no initdb on this machine; apt-get install postgresql")
    user = _unprivileged()
    need("postgres", user != "", "initdb refuses root, and there is no account named postgres")
    directory = Path(tempfile.mkdtemp(prefix="pingadmin-postgres-"))
    if user:
        shutil.chown(directory, user, user)
    return Postgres(directory, Path(found[-1]).parent, user, **more)


@pytest.fixture(scope="session")
def postgres():
    cluster = start_postgres()
    yield cluster
    cluster.close()
    shutil.rmtree(cluster.directory)


def _unprivileged() -> str | None:
    """Whom to run it as: None for ourselves, "" where nobody fits."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return ""
