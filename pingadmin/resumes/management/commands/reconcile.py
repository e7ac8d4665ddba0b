"""Looks at resumes whose outcome is open: lost, unknown, unrecorded, or accepted and not yet seen."""

import logging
import signal
import threading

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from pingadmin.resumes.reconcile import reconcile_one

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Bring in unrecorded outcomes, close lost resumes, and look again where a resume left a question."

    def add_arguments(self, parser):
        parser.add_argument("--follow", action="store_true", help="Go on until SIGTERM, resting 1 s when all is done.")

    def handle(self, *, follow, **options):
        stop = threading.Event()
        if follow:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            if self._step(quietly=follow):
                continue
            if not follow:
                return
            stop.wait(1)

    def _step(self, *, quietly: bool) -> bool:
        try:
            if quietly:
                close_old_connections()
            return reconcile_one()
        except DatabaseError:
            # A follower outlives a database that is away; a single run says so by its exit code.
            if not quietly:
                raise
            log.exception("reconcile could not use the database")
            return False
