"""Runs a step again and again in a thread: at once while it says that there is more, else after a rest."""

import logging
import threading
from collections.abc import Callable

from django.db import DatabaseError, close_old_connections, connections

log = logging.getLogger(__name__)

AFTER_FAILURE_SECONDS = 1.0


class Loop(threading.Thread):
    """Ends after the step that is under way when `stop` is set. A step that fails is done again, after a rest."""

    def __init__(
        self, name: str, step: Callable[[], bool], rest: Callable[[], float], stop: threading.Event
    ):
        super().__init__(name=name, daemon=True)
        self._step, self._rest, self._stop_asked = step, rest, stop

    def run(self) -> None:
        while not self._stop_asked.is_set():
            try:
                close_old_connections()
                rest = 0 if self._step() else self._rest()
            except DatabaseError as error:
                log.warning("%s could not use the database: %s", self.name, type(error).__name__)
                rest = AFTER_FAILURE_SECONDS
            except Exception:  # whatever is wrong with one step, the others go on
                log.exception("%s failed", self.name)
                rest = AFTER_FAILURE_SECONDS
            if rest:
                self._stop_asked.wait(rest)
        connections.close_all()
