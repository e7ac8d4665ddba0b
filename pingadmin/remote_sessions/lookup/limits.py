"""How often a person may look sessions up. Counted in the database, across all processes."""

import time

from django.conf import settings
from django.db import connection

from pingadmin.remote_sessions.models import LookUpCount

# One statement, so that no two processes read before either writes. A new window starts at zero.
_ADD_AND_RETURN_COUNT = f"""
    INSERT INTO {LookUpCount._meta.db_table} AS held (person_id, seconds, "window", count)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (person_id, seconds) DO UPDATE SET
        count = excluded.count
            + CASE WHEN held."window" = excluded."window" THEN held.count ELSE 0 END,
        "window" = excluded."window"
    RETURNING count
"""  # noqa: S608 - the table's name is our own


class LimitReached(Exception):
    """A person did something too often. retry_after: seconds until it is allowed again."""

    def __init__(self, *, limit: str, retry_after: int) -> None:
        super().__init__(limit)
        self.limit = limit
        self.retry_after = retry_after


def count_look_ups(person_id: str, number: int = 1) -> None:
    """Counts look-ups that are about to be made. Raises LimitReached."""
    now = time.time()
    for allowed, seconds in settings.LOOKUP_LIMITS:
        window = int(now // seconds)
        with connection.cursor() as cursor:
            cursor.execute(_ADD_AND_RETURN_COUNT, [person_id, seconds, window, number])
            count = cursor.fetchone()[0]
        if count > allowed:
            raise LimitReached(
                limit=f"{allowed} look-ups in {seconds} s",
                retry_after=int((window + 1) * seconds - now) + 1,
            )
