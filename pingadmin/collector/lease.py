"""One collector for a database: who holds the row of Beat, renewed every few seconds, is the collector."""

import os
import socket
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from pingadmin.collector.models import Beat

BEAT_SECONDS = 2
# A collector that has been silent for so long is taken for dead.
LASTS = timedelta(seconds=20)


class AnotherRuns(Exception):
    """Another collector holds the database; the text says which, and what to do."""


class Lease:
    """Ours, from take() on."""

    def __init__(self):
        self._host, self._process = socket.gethostname()[:255], os.getpid()
        self._started_at = None

    def take(self) -> None:
        """Raises AnotherRuns."""
        now = timezone.now()
        with transaction.atomic():
            held = Beat.objects.select_for_update().filter(pk=1).first()
            if (
                held
                and held.stopped_at is None
                and held.beat_at > now - LASTS
                and not self._is_dead(held)
            ):
                raise AnotherRuns(
                    f"Another collector runs on this database: {held.host}, process {held.process}, "
                    f"last sign of life at {held.beat_at:%H:%M:%S} UTC. End it first."
                )
            self._started_at = now
            facts = {"started_at": now, "beat_at": now, "stopped_at": None}
            Beat.objects.update_or_create(
                pk=1, defaults=facts | {"host": self._host, "process": self._process}
            )

    def renew(self) -> None:
        """A sign of life. Raises AnotherRuns when we were taken for dead and replaced."""
        if not self._mine().update(beat_at=timezone.now()):
            raise AnotherRuns(
                "Another collector took over this database while this one was silent, so this one ends."
            )

    def end(self) -> None:
        now = timezone.now()
        self._mine().update(beat_at=now, stopped_at=now)

    def _mine(self):
        return Beat.objects.filter(
            pk=1, started_at=self._started_at, host=self._host, process=self._process
        )

    def _is_dead(self, held: Beat) -> bool:
        """Whether it ran on this machine and does no more, so that nobody has to wait after a crash."""
        if held.host != self._host or held.process == self._process:
            return held.host == self._host
        try:
            os.kill(held.process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
