"""One collector for a database: the one that holds and renews the heartbeat's row."""

import contextlib
import os
import secrets
import socket
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.db.models import QuerySet

from pingadmin.collector.models import Heartbeat
from pingadmin.config import lease_clock

HEARTBEAT_SECONDS = 2
# A collector that has been silent for this long is taken for dead.
LEASE_DURATION = timedelta(seconds=20)
TAKEN_OVER = (
    "Another collector took over this database while this one was silent, so this one stops."
)


class AnotherCollectorRuns(Exception):
    """Another collector holds the database; the text says which, and what to do."""


class Lease:
    """The right to collect, from take() on."""

    def __init__(self) -> None:
        self._host, self._process = socket.gethostname()[:255], os.getpid()
        self._place = _process_space()
        # Names and process numbers repeat, in containers above all.
        self._token = secrets.token_hex(16)

    def take(self) -> None:
        """Becomes the collector of this database. Raises AnotherCollectorRuns."""
        with transaction.atomic():
            # Waits for a write of the holder that is under way: see fence().
            holder = Heartbeat.objects.select_for_update().filter(pk=1).first()
            now = lease_clock.now()
            if holder and self._is_alive(holder, now):
                raise AnotherCollectorRuns(
                    f"Another collector runs on this database: {holder.host}, "
                    f"process {holder.process}, "
                    f"last heartbeat at {holder.beat_at:%H:%M:%S} UTC. Stop it first."
                )
            facts = {"started_at": now, "beat_at": now, "stopped_at": None}
            identity = {
                "host": self._host,
                "process": self._process,
                "place": self._place,
                "token": self._token,
            }
            Heartbeat.objects.update_or_create(pk=1, defaults=facts | identity)

    def renew(self) -> None:
        """Sends a heartbeat. Raises AnotherCollectorRuns once this one was replaced."""
        if not self._own_heartbeat().update(beat_at=lease_clock.now()):
            raise AnotherCollectorRuns(TAKEN_OVER)

    @contextlib.contextmanager
    def fence(self) -> Iterator[None]:
        """A transaction during which nobody else becomes the collector.

        Raises AnotherCollectorRuns once this one was replaced: then nothing more may be written.
        """
        with transaction.atomic():
            if not self._is_held():
                raise AnotherCollectorRuns(TAKEN_OVER)
            yield

    def release(self) -> None:
        """Says that this collector stopped on purpose."""
        now = lease_clock.now()
        self._own_heartbeat().update(beat_at=now, stopped_at=now)

    def _own_heartbeat(self) -> QuerySet[Heartbeat]:
        # A release that knows no token leaves the one that it finds.
        return Heartbeat.objects.filter(token=self._token, host=self._host, process=self._process)

    def _is_held(self) -> bool:
        own = self._own_heartbeat()
        if connection.vendor == "sqlite":
            return own.exists()
        sql, values = own.order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            # Keeps take() waiting, but neither renew() nor another account's writer; Django knows
            # only locks that do.
            cursor.execute(f"{sql} FOR KEY SHARE", values)
            return cursor.fetchone() is not None

    def _is_alive(self, holder: Heartbeat, now: datetime) -> bool:
        if holder.stopped_at is not None or holder.beat_at <= now - LEASE_DURATION:
            return False
        return not self._has_died_here(holder)

    def _has_died_here(self, holder: Heartbeat) -> bool:
        """Whether the holder ran on this machine and has ended: then nobody waits after a crash."""
        if not self._place or holder.place != self._place:
            return False
        try:
            # Signal 0 is never delivered: the call only tells whether there is such a process.
            os.kill(holder.process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            # It exists, and somebody else owns it.
            return False
        return False


def _process_space() -> str:
    """Names the space in which process numbers are unique: this start of this machine or container.

    Empty where the system does not tell, and then a crashed collector is replaced when its lease
    has run out.
    """
    try:
        machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{machine} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""
