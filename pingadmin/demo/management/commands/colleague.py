"""The colleague of the demo: acts by herself until she is told to stop."""

import signal
import threading

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from pingadmin.demo.morning.colleague import Colleague


class Command(BaseCommand):
    help = "Act as a colleague in the demo, and nowhere else."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", type=float, default=30, help="seconds between two acts")

    def handle(self, *args: object, every: float, **options: object) -> None:
        if not settings.DEMO:
            raise CommandError("This works in the demo alone: run `make demo`.")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        colleague = Colleague()
        while not stop.wait(every):
            try:
                colleague.step()
            except DatabaseError:
                # Another process writes for longer than SQLite waits; the next act comes anyway.
                continue
