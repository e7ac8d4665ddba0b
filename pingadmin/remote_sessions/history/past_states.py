"""What was known of many sessions at a past moment."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import OuterRef, Subquery

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, StatusSnapshotQuerySet

REPORTS_LOOKED_FOR = timedelta(days=1)


def find_snapshots_at(
    session_keys: Iterable[int], at: datetime
) -> dict[int, StatusSnapshot | None]:
    """Returns primary key -> the snapshot that was current at a moment, None before the first.

    It is the newest with a state or a failure that had begun by then. After its last_at it is only
    the last that was known. Two queries for up to 1,000 sessions.
    """
    begun = StatusSnapshot.objects.begun_by(at).with_state_or_failure()
    return _newest_of_each(session_keys, begun)


def find_paused_reports_at(
    session_keys: Iterable[int], at: datetime
) -> dict[int, StatusSnapshot | None]:
    """Returns primary key -> the newest snapshot that had said by then whether it is paused.

    None where none did within a day before: it would have been too old to rely on. Two queries.
    """
    begun = StatusSnapshot.objects.begun_by(at).filter(first_at__gte=at - REPORTS_LOOKED_FOR)
    return _newest_of_each(session_keys, begun.with_report_of_paused())


def _newest_of_each(
    session_keys: Iterable[int], snapshots: StatusSnapshotQuerySet
) -> dict[int, StatusSnapshot | None]:
    keys = list(session_keys)
    own = snapshots.filter(session=OuterRef("pk")).newest_first()
    newest = Subquery(own.values("pk")[:1])
    newest_ids = dict(RemoteSession.objects.filter(pk__in=keys).values_list("pk", newest))
    found = StatusSnapshot.objects.in_bulk([each for each in newest_ids.values() if each])
    return {key: found.get(newest_ids.get(key)) for key in keys}
