"""Which accounts refuse our key: the newest answer of any kind from them was that."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession


@dataclass(frozen=True)
class RefusedKey:
    label: str
    since: datetime


def refused_keys() -> list[RefusedKey]:
    """The accounts whose key was refused and from which no session was seen since; one query while there are none."""
    refused = RemoteSession.objects.filter(
        failure="refused_key", alias__in=upstream.aliases()
    ).values("alias")
    return [
        RefusedKey(upstream.api_for(row["alias"]).label, row["since"])
        for row in refused.annotate(since=Min("failing_since"), last=Max("failed_at"))
        if not RemoteSession.objects.filter(
            alias=row["alias"], last_seen_at__gt=row["last"]
        ).exists()
    ]
