"""Makes a checkpoint of the audit log's head if one is due; also lists checkpoints and the key."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import checkpoints, sinks
from pingadmin.audit.models import KeptCheckpoint


class Command(BaseCommand):
    help = "Sign the head of the audit log and store it outside the database, if that is due."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--now", action="store_true", help="even if none is due")
        what.add_argument(
            "--list", action="store_true", help="print every valid checkpoint, one a line"
        )
        what.add_argument(
            "--public-key",
            action="store_true",
            help="print the key that reviewers check signatures with",
        )

    def handle(self, *, now: bool, public_key: bool, **options: Any) -> None:
        if public_key:
            self.stdout.write(keys.public_key())
        elif options["list"]:
            loaded = checkpoints.load_all()
            for checkpoint in loaded.given_up + loaded.binding:
                self.stdout.write(checkpoint.line)
        else:
            self._make(now)

    def _make(self, now: bool) -> None:
        try:
            checkpoint = checkpoints.make() if now else checkpoints.make_if_due()
        except checkpoints.NotSigned as error:
            raise CommandError(f"No checkpoint was made. {error}") from error
        self.stdout.write(checkpoint.line if checkpoint else "No checkpoint is due.")
        sinks.send_all_due()
        newest = KeptCheckpoint.objects.newest_first().first()
        if newest and newest.failed_sinks:
            self.stderr.write(f"Not sent to {newest.failed_sinks}.")
