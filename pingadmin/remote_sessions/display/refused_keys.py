"""Accounts that refuse our key: their newest answer of any kind was a refusal."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min
from django.http import HttpRequest

from pingadmin import upstream
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.web.notices import Notice


@dataclass(frozen=True)
class RefusedKey:
    """label: of the account. since: when it refused our key for the first time without a break."""

    label: str
    since: datetime


def refused_keys() -> list[RefusedKey]:
    """The accounts that refused our key and have answered about no session since.

    One query where there are none, and one more for each account that refused.
    """
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


def notices(request: HttpRequest) -> list[Notice]:
    """One notice for each account that refuses our key; everybody who is signed in sees them."""
    return [Notice("remote_sessions/display/_refused_key.html", key) for key in refused_keys()]
