"""The background process: receives and asks the upstreams, and looks after what resumes left."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pingadmin.collector.lease import AnotherCollectorRuns
from pingadmin.collector.process import Collector
from pingadmin.collector.steps.scheduled_sender import SENDS_AT_ONCE
from pingadmin.telemetry import counters, start

# Reads beside the polls: the list, an agent's messages, the checks after resumes, the looks before
# scheduled ones.
READS_KEPT_FREE = 3 + SENDS_AT_ONCE


class Command(BaseCommand):
    help = (
        "Follow, list and poll the upstreams until SIGTERM; "
        "also sends scheduled resumes, reconciles, checkpoints, notifies and prunes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--once", action="store_true", help="one list, one round of polls, reconcile, and end"
        )

    def handle(self, *, once: bool, **options: Any) -> None:
        # A web process keeps few slots, since people wait for it; this one is there to ask.
        settings.UPSTREAM_READ_SLOTS = settings.COLLECT_POLLS_AT_ONCE + READS_KEPT_FREE
        settings.UPSTREAM_WRITE_SLOTS = max(settings.UPSTREAM_WRITE_SLOTS, SENDS_AT_ONCE)
        collector = Collector()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: collector.stop.set())
        counters.forget("collector")
        start.begin("collector")
        try:
            if once:
                collector.run_once()
            else:
                collector.run()
        except AnotherCollectorRuns as why:
            raise CommandError(str(why)) from None
