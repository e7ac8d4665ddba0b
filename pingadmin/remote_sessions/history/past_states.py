"""What was known of many sessions at a past moment."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Subquery

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot


def find_snapshots_at(
    session_keys: Iterable[int], at: datetime
) -> dict[int, StatusSnapshot | None]:
    """Returns primary key -> the snapshot that was current at a moment, None before the first.

    It is the newest with a state or a failure that had begun by then. After its last_at it is only
    the last that was known. Two queries for up to 1,000 sessions.
    """
    keys = list(session_keys)
    begun = StatusSnapshot.objects.filter(session=OuterRef("pk")).begun_by(at)
    newest = Subquery(begun.with_state_or_failure().newest_first().values("pk")[:1])
    newest_ids = dict(RemoteSession.objects.filter(pk__in=keys).values_list("pk", newest))
    snapshots = StatusSnapshot.objects.in_bulk([each for each in newest_ids.values() if each])
    return {key: snapshots.get(newest_ids.get(key)) for key in keys}
