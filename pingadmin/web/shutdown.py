"""Whether this process was told to end: for work that goes on beside the requests."""

import threading

_workers = []


def watch(worker) -> None:
    """Called by the web server in each of its processes, with gunicorn's worker."""
    _workers[:] = [worker]


def is_ending() -> bool:
    """True from SIGTERM on; under another server, once the main thread has ended."""
    return not threading.main_thread().is_alive() or any(not worker.alive for worker in _workers)
