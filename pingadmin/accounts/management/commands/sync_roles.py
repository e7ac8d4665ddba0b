from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pingadmin.accounts.syncing import sync_roles


class Command(BaseCommand):
    help = (
        "Make the roles in the database equal to pingadmin/accounts/roles.py, and say what changed."
    )

    def handle(self, **options: Any) -> None:
        changes, undeclared = sync_roles()
        for line in changes or ["nothing to change"]:
            self.stdout.write(line)
        if undeclared:
            names = ", ".join(undeclared)
            raise CommandError(f"No model declares {names}. Correct pingadmin/accounts/roles.py.")
