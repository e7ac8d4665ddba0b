"""How fast a client's sessions are now, from the newest two minutes of their counters."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from pingadmin.remote_sessions.models import (
    OPEN_STATES,
    RemoteSessionQuerySet,
    StatusSnapshot,
)

WINDOW = timedelta(minutes=2)
# With more open sessions than this the sum would take long to find.
MAX_SESSIONS = 200
DIRECTIONS = ("downloaded", "uploaded")


@dataclass(frozen=True)
class Speed:
    """Bytes a second in one direction. total: of all open sessions; fastest: of one of them."""

    total: float
    fastest: float


def load_speeds(sessions: RemoteSessionQuerySet, now: datetime) -> dict[str, Speed]:
    """The speeds by direction; none where no counter was seen twice lately. Two queries."""
    keys = list(sessions.filter(state__in=OPEN_STATES).values_list("pk", flat=True)[:MAX_SESSIONS])
    if len(keys) == MAX_SESSIONS:
        return {}
    snapshots = StatusSnapshot.objects.filter(session__in=keys, first_at__gt=now - WINDOW)
    counted: dict[int, list[StatusSnapshot]] = {}
    for snapshot in snapshots.with_counters().oldest_first():
        counted.setdefault(snapshot.session_id, []).append(snapshot)
    speeds = {}
    for direction in DIRECTIONS:
        speeds_of_sessions = [
            speed
            for snapshots_of_one in counted.values()
            if (speed := _speed(snapshots_of_one[0], snapshots_of_one[-1], direction)) is not None
        ]
        if speeds_of_sessions:
            speeds[direction] = Speed(sum(speeds_of_sessions), max(speeds_of_sessions))
    return speeds


def _speed(first: StatusSnapshot, last: StatusSnapshot, direction: str) -> float | None:
    # From where each count was first seen to where it was still the same, or grew.
    seconds = (last.last_at - first.first_at).total_seconds()
    before, after = _count(first, direction), _count(last, direction)
    if seconds < 1 or before is None or after is None:
        return None
    return (after - before) / seconds


def _count(snapshot: StatusSnapshot, direction: str) -> int | None:
    counter: int | None = getattr(snapshot, f"{direction}_bytes")
    before: int = getattr(snapshot, f"{direction}_before_reset")
    return None if counter is None else counter + before
