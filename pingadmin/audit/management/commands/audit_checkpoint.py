"""Makes a checkpoint of the audit log's head where one is due; also shows the checkpoints and the public key."""

from django.core.management.base import BaseCommand, CommandError

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import checkpoints


class Command(BaseCommand):
    help = "Sign the head of the audit log and keep it outside the database, if that is due."

    def add_arguments(self, parser):
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--now", action="store_true", help="also where none is due")
        what.add_argument(
            "--list",
            action="store_true",
            help="print every checkpoint that can be believed, one a line",
        )
        what.add_argument(
            "--public-key",
            action="store_true",
            help="print the key that reviewers check signatures with",
        )

    def handle(self, *, now, public_key, **options):
        if public_key:
            self.stdout.write(keys.public_key())
        elif options["list"]:
            kept = checkpoints.kept()
            for one in kept.given_up + kept.binding:
                self.stdout.write(one.line)
        else:
            self._make(now)

    def _make(self, now: bool) -> None:
        try:
            made = checkpoints.make() if now else checkpoints.make_if_due()
        except checkpoints.NotSigned as problem:
            raise CommandError(f"No checkpoint was made. {problem}") from problem
        self.stdout.write(made.line if made else "No checkpoint is due.")
