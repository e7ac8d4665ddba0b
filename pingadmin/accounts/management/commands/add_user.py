import getpass
import os
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pingadmin.accounts.people import NameTakenError, RoleNotSyncedError, add_user
from pingadmin.accounts.roles import ROLES
from pingadmin.audit.record.actors import Actor


class Command(BaseCommand):
    help = (
        "Add a person with one role. The password comes from PINGADMIN_NEW_PASSWORD, or a prompt."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", required=True, choices=list(ROLES))

    def handle(self, *, name: str, role: str, **options: Any) -> None:
        try:
            add_user(username=name, password=_password(), role=role, by=Actor.system("add_user"))
        except (NameTakenError, RoleNotSyncedError) as error:
            raise CommandError(str(error)) from error
        except ValidationError as error:
            raise CommandError("\n".join(error.messages)) from error
        self.stdout.write(f"added {name} as {role}")


def _password() -> str:
    given = os.environ.get("PINGADMIN_NEW_PASSWORD")
    if given is not None:
        return given
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise CommandError("The two passwords differ. Nobody was added.")
    return first
