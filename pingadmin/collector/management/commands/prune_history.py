"""Prunes old history now, over all sessions; `collect` does the same by itself, once a day."""

from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from pingadmin.collector.steps.pruner import PruningPass, new_pass
from pingadmin.remote_sessions.models import RemoteSession

PROGRESS_SECONDS = 2


class Command(BaseCommand):
    help = (
        "Thin out history older than HISTORY_FULL_DAYS, and remove what is older than HISTORY_DAYS."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="remove nothing, say how much it would be"
        )

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        self.stdout.write(
            f"Everything is kept for {settings.HISTORY_FULL_DAYS:g} days; then one snapshot in "
            f"{settings.HISTORY_SAMPLE_SECONDS} s and every change "
            f"until {settings.HISTORY_DAYS:g} days."
        )
        run, report_at = PruningPass(new_pass(), dry_run=dry_run), monotonic() + PROGRESS_SECONDS
        while run.step():
            if monotonic() > report_at:
                report_at = monotonic() + PROGRESS_SECONDS
                total = RemoteSession.objects.count()
                self.stdout.write(
                    f"{run.sessions:,} of {total:,} sessions, {run.pruning.removed:,} snapshots"
                )
        verb = "would be removed" if dry_run else "removed"
        self.stdout.write(
            f"{run.pruning.removed:,} snapshots of {run.sessions:,} sessions, "
            f"{run.spans:,} spans of watching and {run.sign_ins:,} sign-ins that ran out {verb}."
        )
