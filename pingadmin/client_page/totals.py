"""A client's sessions in numbers: how many there are, and the traffic of all together."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum

from pingadmin.remote_sessions.models import OPEN_STATES, RemoteSessionQuerySet
from pingadmin.resumes.models import Attempt

# What an upstream reports may be as large as the column allows, and a sum of such numbers larger
# than the database can add. Their halves are added instead.
_HALF = 2**32
_COUNTERS = (
    "uploaded_bytes",
    "uploaded_before_reset",
    "downloaded_bytes",
    "downloaded_before_reset",
)
_REPORTS_TRAFFIC = Q(uploaded_bytes__isnull=False) | Q(downloaded_bytes__isnull=False)


@dataclass(frozen=True)
class ClientTotals:
    """What all sessions of a client amount to, by their newest observations.

    uploaded_bytes, downloaded_bytes: including what was counted before counters were reset; None
    where no session reports it. traffic_sessions: how many report traffic; oldest_at, newest_at:
    the oldest and the newest of the observations behind it.
    """

    sessions: int
    open_sessions: int
    unknown_outcomes: int
    uploaded_bytes: int | None
    downloaded_bytes: int | None
    traffic_sessions: int
    oldest_at: datetime | None
    newest_at: datetime | None


def load_totals(sessions: RemoteSessionQuerySet) -> ClientTotals:
    """One query."""
    unresolved = Attempt.objects.unresolved().values("session")
    sums = sessions.aggregate(
        sessions=Count("pk"),
        open_sessions=Count("pk", filter=Q(state__in=OPEN_STATES)),
        unknown_outcomes=Count("pk", filter=Q(pk__in=unresolved)),
        traffic_sessions=Count("pk", filter=_REPORTS_TRAFFIC),
        oldest_at=Min("last_seen_at", filter=_REPORTS_TRAFFIC),
        newest_at=Max("last_seen_at", filter=_REPORTS_TRAFFIC),
        **{f"{name}_high": Sum(F(name) / _HALF) for name in _COUNTERS},
        **{f"{name}_low": Sum(F(name) % _HALF) for name in _COUNTERS},
    )
    return ClientTotals(
        sessions=sums["sessions"],
        open_sessions=sums["open_sessions"],
        unknown_outcomes=sums["unknown_outcomes"],
        uploaded_bytes=_add_reset(sums, "uploaded"),
        downloaded_bytes=_add_reset(sums, "downloaded"),
        traffic_sessions=sums["traffic_sessions"],
        oldest_at=sums["oldest_at"],
        newest_at=sums["newest_at"],
    )


def _add_reset(sums: dict[str, Any], direction: str) -> int | None:
    if sums[f"{direction}_bytes_high"] is None:
        return None
    return sum(
        int(sums[f"{direction}_{part}_high"]) * _HALF + int(sums[f"{direction}_{part}_low"])
        for part in ("bytes", "before_reset")
    )
