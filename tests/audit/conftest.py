"""A database for tests that write from several processes: pytest's own cannot be flushed."""

import subprocess
import sys

import environ
import pytest
from django.db import connections

from tests.support.processes import CHECKOUT, clean_environment

OWN = "own"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def own_database(request, tmp_path, django_db_blocker):
    """The environment for processes that use a migrated database of either kind, and nothing else.

    In this process the same database is the connection `own`.
    """
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/audit.sqlite3"
    else:
        url = request.getfixturevalue("postgres").create_database()
    environment = clean_environment(
        DATABASE_URL=url, DATABASE_WAIT_SECONDS="60", DJANGO_SETTINGS_MODULE="tests.settings"
    )
    migrate(environment)
    connections.databases[OWN] = (
        connections.databases["default"] | {"OPTIONS": {}} | environ.Env.db_url_config(url)
    )
    with django_db_blocker.unblock():
        yield environment
        connections[OWN].close()
    del connections[OWN], connections.databases[OWN]


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
