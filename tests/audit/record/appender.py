"""The writers of the concurrency test: processes that append at the same time.

`python -m tests.audit.record.appender WRITERS EVENTS` imports the panel once and forks the writers.
Each opens a connection of its own and waits for all others before it appends. The exit code is the
number of writers that failed.
"""

import multiprocessing
import sys

import django

django.setup()

from django.db import connection  # noqa: E402

from tests.audit.factories import record_event  # noqa: E402

START_SECONDS = 120


def append(count: int, barrier) -> None:
    connection.ensure_connection()
    barrier.wait(START_SECONDS)
    for number in range(count):
        record_event(detail={"number": number})


def main(writers: int, events: int) -> int:
    forks = multiprocessing.get_context("fork")
    barrier = forks.Barrier(writers)
    processes = [forks.Process(target=append, args=(events, barrier)) for _ in range(writers)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    return sum(process.exitcode != 0 for process in processes)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
