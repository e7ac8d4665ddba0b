"""Prepares a database, whatever it is: an empty one, one of an earlier release, one that is ready.

What it does may be done again at any time. `/readyz` names what is missing of it.
"""

import io
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from pingadmin.config import environment


class Command(BaseCommand):
    help = "Prepare the database: tables, roles, and on PostgreSQL the role that the panel runs as."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--role",
            default="",
            help="a PostgreSQL role that may use the panel's tables and not change the audit log;"
            " it is made with the password PINGADMIN_ROLE_PASSWORD where there is none",
        )

    def handle(self, *, role: str, **options: Any) -> None:
        if role and connection.vendor != "postgresql":
            raise CommandError("Only PostgreSQL has roles. Leave --role out.")
        try:
            self._say("tables", _migrate())
            self._say("roles", _run("sync_roles"))
            if role:
                self._say("database role", _create_role(role))
                self._say("database role", _run("audit_restrict_role", role))
        except DatabaseError as error:
            first_line = str(error).partition("\n")[0]
            raise CommandError(
                f"The database refused that: {first_line}. See that DATABASE_URL names a database "
                "that answers, and a role that owns it or its tables; then run setup again."
            ) from error
        self.stdout.write("The database is prepared.")

    def _say(self, what: str, lines: list[str]) -> None:
        for line in lines:
            self.stdout.write(f"{what}: {line}")


def _migrate() -> list[str]:
    if connection.vendor == "sqlite":
        Path(settings.DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    # Where none waits it still puts back what was dropped, such as triggers.
    call_command("migrate", interactive=False, verbosity=0)
    return [f"{len(waiting)} migrations applied" if waiting else "nothing to change"]


def _run(command: str, *arguments: str) -> list[str]:
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue().splitlines()


def _create_role(role: str) -> list[str]:
    """Make the role where there is none and a password is set."""
    password = environment.text("PINGADMIN_ROLE_PASSWORD")
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
        if cursor.fetchone() is not None or not password:
            return []
        # A utility statement takes no parameters, so the database quotes them itself.
        make = "SELECT format('CREATE ROLE %%I LOGIN PASSWORD %%L', %s, %s)"
        cursor.execute(make, [role, password])
        cursor.execute(cursor.fetchone()[0])
    return [f"{role} made"]
