"""Creates tables, roles and the five people; run as a module with a panel's environment."""

import django
from django.core.management import call_command

from tests.support.people import PEOPLE

if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    call_command("sync_roles")
    for name, role in PEOPLE.items():
        call_command("add_user", name, role=role)
