"""What was known at a past moment, of many sessions at once."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Q, Subquery

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot

TELLS = ~Q(state="") | ~Q(failure="")


def find_snapshots_at(
    sessions: Iterable[RemoteSession], at: datetime
) -> dict[int, StatusSnapshot | None]:
    """For each session's primary key the snapshot that held at a moment, None where it was not known yet.

    It is the newest that began by then and tells a state or a failure. It held until its last_at; between that and
    the moment it is only what was known last. Two queries for up to 1,000 sessions.
    """
    keys = [session.pk for session in sessions]
    held = StatusSnapshot.objects.filter(TELLS, session=OuterRef("pk"), first_at__lte=at)
    newest = Subquery(held.order_by("-first_at", "-id").values("pk")[:1])
    found = dict(RemoteSession.objects.filter(pk__in=keys).values_list("pk", newest))
    snapshots = StatusSnapshot.objects.in_bulk([number for number in found.values() if number])
    return {key: snapshots.get(found.get(key)) for key in keys}
