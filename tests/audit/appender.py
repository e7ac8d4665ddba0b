"""One writer of the concurrency test: prints `ready`, waits for a line, then appends N events."""

import sys

import django

django.setup()

from django.db import connection  # noqa: E402

from tests.audit.factories import event  # noqa: E402


def main(times: int) -> None:
    connection.ensure_connection()
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(times):
        event(detail={"number": number})


if __name__ == "__main__":
    main(int(sys.argv[1]))
