"""What goes wrong during a soak, one thing after the other, with a calm moment after each."""

import collections
import contextlib
import os
import random
import signal
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

from tests.support.disruptions import other_writer
from tests.support.panel import Panel
from tests.support.processes import Process
from tests.support.simulator import Simulator

CALM_SECONDS = (1, 4)
TROUBLE_SECONDS = (2, 6)
RESUME = "P* */resume"
UPSTREAM_TROUBLE = {
    "upstream flaps": {"fault": "status", "status": 503, "times": 0, "burst": 6},
    "upstream slow": {"fault": "delay", "seconds": 2, "times": 0},
    "upstream closed": {"fault": "close", "times": 0},
    "upstream loses answers": {"fault": "reset", "match": RESUME, "times": 0, "after": True},
    "upstream hangs": {"fault": "hang", "match": RESUME, "seconds": 20, "times": 0},
}


class Disruptor(threading.Thread):
    """Puts the panel into trouble until told to stop, and counts how often. Then all is well."""

    def __init__(self, panel: Panel, simulator: Simulator, disk: Path, stop: threading.Event):
        super().__init__(name="soak-disruptor", daemon=True)
        self._panel, self._simulator, self._disk, self._stop_asked = panel, simulator, disk, stop
        self._random = random.Random(0)
        self.counts: collections.Counter[str] = collections.Counter()
        self.failure: BaseException | None = None
        self.collector: Process = panel.background("collect")
        self._kinds: dict[str, Callable[[], None]] = {
            **{name: self._upstream(fault) for name, fault in UPSTREAM_TROUBLE.items()},
            "event stream dropped": lambda: simulator.stream_fault("drop"),
            "worker killed": self._kill_worker,
            "server killed": self._kill_server,
            "collector killed": self._kill_collector,
            "database locked": self._lock_database,
            "disk full": self._fill_disk,
        }

    def run(self) -> None:
        try:
            while not self._stop_asked.is_set():
                kinds = list(self._kinds)
                self._random.shuffle(kinds)
                for kind in kinds:
                    self._stop_asked.wait(self._random.uniform(*CALM_SECONDS))
                    if self._stop_asked.is_set():
                        break
                    self._kinds[kind]()
                    self.counts[kind] += 1
        except BaseException as failure:
            self.failure = failure
            raise

    def _last(self) -> None:
        self._stop_asked.wait(self._random.uniform(*TROUBLE_SECONDS))

    def _upstream(self, fault: dict) -> Callable[[], None]:
        def disrupt() -> None:
            details = dict(fault)
            self._simulator.fault(details.pop("fault"), **details)
            self._last()
            self._simulator.clear_faults()

        return disrupt

    def _kill_worker(self) -> None:
        workers = self._panel.pids()[1:]
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._random.choice(workers), signal.SIGKILL)

    def _kill_server(self) -> None:
        self._panel.kill()
        self._panel.start()

    def _kill_collector(self) -> None:
        self.collector.kill()
        self.collector = self._panel.background("collect")

    def _lock_database(self) -> None:
        # Somebody of the panel's own may hold it for longer than this waits.
        with contextlib.suppress(sqlite3.OperationalError), other_writer(self._panel):
            self._last()

    def _fill_disk(self) -> None:
        filler = self._disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65536))
        self._last()
        filler.unlink()
