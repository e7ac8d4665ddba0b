"""A database for tests that write from several processes: pytest's own cannot be flushed."""

import shutil
import subprocess
import sys
from pathlib import Path

import environ
import pytest
from django.db import connections

from tests.support.processes import CHECKOUT, clean_environment

OWN = "own"


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """A SQLite file with all tables and no rows, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "audit.sqlite3"
    migrate(_environment(f"sqlite:///{file}"))
    return file


@pytest.fixture(scope="session")
def migrated_database(postgres) -> str:
    """The name of a PostgreSQL database with all tables and no rows, to be copied."""
    url = postgres.create_database()
    migrate(_environment(url))
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own_database(request, tmp_path, django_db_blocker):
    """The environment for processes that use a migrated database of either kind, and nothing else.

    In this process the same database is the connection `own`.
    """
    if request.param == "sqlite":
        file = shutil.copy(request.getfixturevalue("migrated_file"), tmp_path)
        url = f"sqlite:///{file}"
    else:
        template = request.getfixturevalue("migrated_database")
        url = request.getfixturevalue("postgres").create_database(like=template)
    environment = _environment(url)
    connections.databases[OWN] = (
        connections.databases["default"] | {"OPTIONS": {}} | environ.Env.db_url_config(url)
    )
    with django_db_blocker.unblock():
        yield environment
        connections[OWN].close()
    del connections[OWN], connections.databases[OWN]


def _environment(url: str) -> dict[str, str]:
    return clean_environment(
        DATABASE_URL=url, DATABASE_WAIT_SECONDS="60", DJANGO_SETTINGS_MODULE="tests.settings"
    )


def migrate(environment: dict[str, str], *target: str) -> None:
    """Migrates that database: all of it, or one app to one migration."""
    command = [
        sys.executable,
        "-m",
        "django",
        "migrate",
        *target,
        "--skip-checks",
        "--verbosity",
        "0",
    ]
    subprocess.run(command, cwd=CHECKOUT, env=environment, check=True)
