"""One collector for a database: the one that holds and renews the heartbeat's row."""

import os
import socket
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pingadmin.collector.models import Heartbeat

HEARTBEAT_SECONDS = 2
# A collector that has been silent for this long is taken for dead.
LEASE_DURATION = timedelta(seconds=20)


class AnotherCollectorRuns(Exception):
    """Another collector holds the database; the text says which, and what to do."""


class Lease:
    """The right to collect, from take() on."""

    def __init__(self) -> None:
        self._host, self._process = socket.gethostname()[:255], os.getpid()
        # Before take() no heartbeat is ours, and none began at this moment.
        self._started_at = datetime.min.replace(tzinfo=UTC)

    def take(self) -> None:
        """Becomes the collector of this database. Raises AnotherCollectorRuns."""
        now = timezone.now()
        with transaction.atomic():
            holder = Heartbeat.objects.select_for_update().filter(pk=1).first()
            if holder and self._is_alive(holder, now):
                raise AnotherCollectorRuns(
                    f"Another collector runs on this database: {holder.host}, "
                    f"process {holder.process}, "
                    f"last heartbeat at {holder.beat_at:%H:%M:%S} UTC. Stop it first."
                )
            self._started_at = now
            facts = {"started_at": now, "beat_at": now, "stopped_at": None}
            identity = {"host": self._host, "process": self._process}
            Heartbeat.objects.update_or_create(pk=1, defaults=facts | identity)

    def renew(self) -> None:
        """Sends a heartbeat. Raises AnotherCollectorRuns once this one was replaced."""
        if not self._own_heartbeat().update(beat_at=timezone.now()):
            raise AnotherCollectorRuns(
                "Another collector took over this database while this one was silent, "
                "so this one stops."
            )

    def release(self) -> None:
        """Says that this collector stopped on purpose."""
        now = timezone.now()
        self._own_heartbeat().update(beat_at=now, stopped_at=now)

    def _own_heartbeat(self) -> QuerySet[Heartbeat]:
        return Heartbeat.objects.filter(
            pk=1, started_at=self._started_at, host=self._host, process=self._process
        )

    def _is_alive(self, holder: Heartbeat, now: datetime) -> bool:
        if holder.stopped_at is not None or holder.beat_at <= now - LEASE_DURATION:
            return False
        return not self._has_died_here(holder)

    def _has_died_here(self, holder: Heartbeat) -> bool:
        """Whether the holder ran on this machine and has ended: then nobody waits after a crash."""
        if holder.host != self._host:
            return False
        # The same number is our own: whoever had it before is gone.
        if holder.process == self._process:
            return True
        try:
            # Signal 0 is never delivered: the call only tells whether there is such a process.
            os.kill(holder.process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            # It exists, and somebody else owns it.
            return False
        return False
