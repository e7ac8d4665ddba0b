"""Runs a step again and again in a thread: at once while it says there is more, else rested."""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.urls import set_script_prefix

log = logging.getLogger(__name__)

REST_AFTER_FAILURE_SECONDS = 1.0


class Loop(threading.Thread):
    """Ends after the step under way once `stop` is set. A step that failed is repeated, rested.

    step: returns whether there is more to do at once. rest_seconds: how long to rest otherwise.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], bool],
        rest_seconds: Callable[[], float],
        stop: threading.Event,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self._step, self._rest_seconds, self._stop_event = step, rest_seconds, stop

    def run(self) -> None:
        # Each thread has its own, and messages hold addresses.
        set_script_prefix(f"{settings.URL_PREFIX}/")
        while not self._stop_event.is_set():
            if rest := self._run_step():
                self._stop_event.wait(rest)
        connections.close_all()

    def _run_step(self) -> float:
        """One step; how long to rest after it."""
        try:
            # The database may have restarted, or failed in the step before.
            close_old_connections()
            return 0.0 if self._step() else self._rest_seconds()
        except DatabaseError as error:
            log.warning("%s could not use the database: %s", self.name, type(error).__name__)
        except Exception:  # whatever is wrong with one step, the others go on
            log.exception("%s failed", self.name)
        return REST_AFTER_FAILURE_SECONDS
