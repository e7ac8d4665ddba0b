"""Takes a lost second factor away, so that the person can sign in and set up another."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pingadmin.accounts import people
from pingadmin.accounts.models import User
from pingadmin.audit.record.actors import Actor


class Command(BaseCommand):
    help = "Take a lost second factor away. It is written to the audit log."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="their user name")
        parser.add_argument("--reason", required=True, help="why, for the audit log")

    def handle(self, *, name: str, reason: str, **options: Any) -> None:
        person = User.objects.filter(username=name).first()
        if person is None:
            raise CommandError(f"There is no user {name}. Names are as they were added.")
        by = Actor.system("reset_second_factor")
        count = people.reset_second_factor(user=person, reason=reason, by=by)
        self.stdout.write(f"Took {count} of {name} away. They sign in with their password now.")
