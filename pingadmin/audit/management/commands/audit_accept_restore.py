"""An admin accepts that the audit log of a restored database is the log from now on."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pingadmin.audit.integrity import checkpoints, restore
from pingadmin.audit.record.actors import Actor, ActorKind


class Command(BaseCommand):
    help = "Accept that the audit log went back in time, so that it can be appended to again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--reason", required=True, help="why, for the log: which backup, and what happened"
        )
        parser.add_argument("--by", required=True, metavar="NAME", help="the admin who accepts it")

    def handle(self, *, reason: str, by: str, **options: Any) -> None:
        admin = get_user_model().objects.filter(username=by, is_active=True).first()
        if admin is None or admin.role != "admin":
            raise CommandError(f"{by} is no active admin of this panel.")
        actor = Actor(kind=ActorKind.PERSON, id=str(admin.pk), name=by, role=admin.role)
        try:
            checkpoint = restore.accept(reason=reason, by=actor)
        except restore.NothingToAccept:
            raise CommandError(
                "The log did not go back: it holds the newest checkpoint. Nothing was written."
            ) from None
        except checkpoints.NotSigned as error:
            raise CommandError(f"It is recorded, but the log stays closed: {error}") from error
        self.stdout.write(
            f"Accepted as event #{checkpoint.restored}; checkpoints at or above it are given up."
        )
