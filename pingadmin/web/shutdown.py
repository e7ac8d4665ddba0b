"""Whether this process was told to stop: for work that goes on beside the requests."""

import threading
from typing import Protocol


class Worker(Protocol):
    """The part of gunicorn's worker that is read here: `alive` is False from SIGTERM on."""

    alive: bool


_workers: list[Worker] = []


def watch(worker: Worker) -> None:
    """Remembers the worker of this process. The web server calls it in each of its processes."""
    _workers[:] = [worker]


def is_shutting_down() -> bool:
    """True from SIGTERM on; under another server, once the main thread has ended."""
    main_ended = not threading.main_thread().is_alive()
    return main_ended or any(not worker.alive for worker in _workers)
