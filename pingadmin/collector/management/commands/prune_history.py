"""Makes old history smaller at once, over all sessions; `collect` does the same by itself, once a day."""

from time import monotonic

from django.conf import settings
from django.core.management.base import BaseCommand

from pingadmin.collector.steps.pruner import Walk, new_pass
from pingadmin.remote_sessions.models import RemoteSession

TELL_EVERY_SECONDS = 2


class Command(BaseCommand):
    help = "Thin out history that is older than HISTORY_FULL_DAYS, and remove what is older than HISTORY_DAYS."

    def add_arguments(self, parser):
        parser.add_argument(
            "--dry-run", action="store_true", help="remove nothing, say how much it would be"
        )

    def handle(self, *, dry_run, **options):
        self.stdout.write(
            f"Everything stays for {settings.HISTORY_FULL_DAYS:g} days; then one snapshot in "
            f"{settings.HISTORY_SAMPLE_SECONDS} s and every change stays until {settings.HISTORY_DAYS:g} days."
        )
        walk, tell_at = Walk(new_pass(), dry=dry_run), monotonic() + TELL_EVERY_SECONDS
        while walk.step():
            if monotonic() > tell_at:
                tell_at = monotonic() + TELL_EVERY_SECONDS
                of = RemoteSession.objects.count()
                self.stdout.write(
                    f"{walk.sessions:,} of {of:,} sessions, {walk.pruning.removed:,} snapshots"
                )
        what = f"{walk.pruning.removed:,} snapshots of {walk.sessions:,} sessions and {walk.spans:,} spans of watching"
        self.stdout.write(f"{what} {'would be removed' if dry_run else 'removed'}.")
