"""A database of a test's own, for tests that write from several processes: pytest's cannot be flushed."""

import os
import subprocess
import sys
import uuid
from urllib.parse import urlsplit

import environ
import pytest
from django.db import connection, connections

OWN = "own"


@pytest.fixture
def own_database(tmp_path, django_db_blocker):
    """The environment for processes that use a migrated database of the kind under test, and nothing else.

    In this process the same database is the connection `own`.
    """
    if connection.vendor == "sqlite":
        yield from _connected(f"sqlite:///{tmp_path}/audit.sqlite3", django_db_blocker)
        return
    psycopg = pytest.importorskip("psycopg")
    here = os.environ["DATABASE_URL"]
    name = f"audit_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(here, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield from _connected(urlsplit(here)._replace(path=f"/{name}").geturl(), django_db_blocker)
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def migrate(environment: dict[str, str], *target: str) -> None:
    """Migrates that database: all of it, or one app to one migration."""
    command = [sys.executable, "-m", "django", "migrate", *target, "--skip-checks", "--verbosity", "0"]
    subprocess.run(command, env=environment, check=True)


def _connected(url: str, django_db_blocker):
    environment = os.environ | {"DATABASE_URL": url, "DATABASE_WAIT_SECONDS": "60"}
    migrate(environment)
    connections.databases[OWN] = connections.databases["default"] | environ.Env.db_url_config(url)
    with django_db_blocker.unblock():
        yield environment
        connections[OWN].close()
    del connections[OWN], connections.databases[OWN]
