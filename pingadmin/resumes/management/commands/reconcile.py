"""Looks at resumes whose outcome is open: lost, unknown, unrecorded, or accepted and not yet seen.

The one that follows also signs the head of the audit log where that is due, being the process that is always there.
"""

import logging
import signal
import threading
from time import monotonic

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections

from pingadmin.audit.integrity import checkpoints
from pingadmin.resumes.reconcile import reconcile_one

log = logging.getLogger(__name__)

CHECKPOINT_EVERY_SECONDS = 5
CHECKPOINT_AGAIN_SECONDS = 60


class Command(BaseCommand):
    help = "Bring in unrecorded outcomes, close lost resumes, and look again where a resume left a question."

    def add_arguments(self, parser):
        parser.add_argument(
            "--follow",
            action="store_true",
            help="Go on until SIGTERM, resting 1 s when all is done.",
        )

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
            self._sign_if_due()
            stop.wait(1)

    _sign_after = 0.0

    def _sign_if_due(self) -> None:
        if monotonic() < self._sign_after:
            return
        self._sign_after = monotonic() + CHECKPOINT_EVERY_SECONDS
        try:
            checkpoints.make_if_due()
        except (checkpoints.NotSigned, OSError, DatabaseError):
            self._sign_after = monotonic() + CHECKPOINT_AGAIN_SECONDS
            log.exception("no checkpoint could be made")

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
