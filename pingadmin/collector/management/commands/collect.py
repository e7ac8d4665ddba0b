"""The process in the background: hears and asks the upstreams, writes down what it learns, and looks after resumes."""

import signal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from pingadmin.collector.lease import AnotherRuns
from pingadmin.collector.process import Collector

# Reads beside the polls: the list, and looking after resumes.
READS_BESIDE = 2


class Command(BaseCommand):
    help = "Follow, list and poll the upstreams until SIGTERM; also reconciles, checkpoints, notifies and prunes."

    def add_arguments(self, parser):
        parser.add_argument(
            "--once", action="store_true", help="one list, one round of polls, reconcile, and end"
        )

    def handle(self, *, once, **options):
        # A web process keeps few slots because people wait for it; this one is there to ask.
        settings.UPSTREAM_READ_SLOTS = settings.COLLECT_POLLS_AT_ONCE + READS_BESIDE
        collector = Collector()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: collector.stop.set())
        try:
            collector.run_once() if once else collector.run()
        except AnotherRuns as why:
            raise CommandError(str(why)) from None
