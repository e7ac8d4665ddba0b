"""Sends scheduled resumes when they are due, a few at once, each in a thread of a pool.

Two senders never make two attempts of one: that is decided where the attempt is opened.
"""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from uuid import UUID

from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from pingadmin.resumes.models import ScheduledResume
from pingadmin.resumes.scheduled.sending import send

# As many as one account's slots for resumes: see the command `collect`.
SENDS_AT_ONCE = 4
LOOK_SECONDS = 1.0
# An account that couldn't be asked is given a moment.
RETRY_SECONDS = 5.0

log = logging.getLogger(__name__)


class ScheduledSender:
    """The step that looks for what is due. stop: once it is set, no attempt begins any more."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._threads = ThreadPoolExecutor(SENDS_AT_ONCE, thread_name_prefix="scheduled")
        self._lock = threading.Lock()
        # What is in the pool, and until when (monotonic) one that was tried in vain rests.
        self._under_way: set[UUID] = set()
        self._rests_until: dict[UUID, float] = {}

    def step(self) -> bool:
        """Hands everything that is due to the pool. Returns False: it looks again after a rest."""
        due = list(ScheduledResume.objects.due(timezone.now()).select_related("session"))
        with self._lock:
            keys = {scheduled.pk for scheduled in due}
            self._rests_until = {
                key: until for key, until in self._rests_until.items() if key in keys
            }
            startable = [scheduled for scheduled in due if self._may_start(scheduled.pk)]
            self._under_way |= {scheduled.pk for scheduled in startable}
        for scheduled in startable:
            self._threads.submit(self._send, scheduled)
        return False

    def run_once(self) -> None:
        """Sends everything that is due now, once each, in this thread."""
        for scheduled in ScheduledResume.objects.due(timezone.now()).select_related("session"):
            send(scheduled, stop=self._stop)

    def close(self) -> None:
        """Starts nothing more. What is under way has its attempt, or stays pending."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _may_start(self, key: UUID) -> bool:
        return key not in self._under_way and self._rests_until.get(key, 0.0) <= monotonic()

    def _send(self, scheduled: ScheduledResume) -> None:
        is_done = False
        try:
            close_old_connections()
            is_done = send(scheduled, stop=self._stop)
        except DatabaseError as error:
            log.warning("a scheduled resume waits for the database: %s", type(error).__name__)
        except Exception:  # whatever is wrong with one, the others are sent
            log.exception("a scheduled resume failed: %s", scheduled.pk)
        finally:
            with self._lock:
                self._under_way.discard(scheduled.pk)
                if not is_done:
                    self._rests_until[scheduled.pk] = monotonic() + RETRY_SECONDS
            # Django closes connections at the end of a request, and none ends in this thread.
            connections.close_all()
