"""Since when a session's state has been the same in every answer."""

from datetime import datetime

from django.db.models import F, Subquery, Value
from django.db.models.functions import Coalesce

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot


def find_state_start(session: RemoteSession) -> datetime | None:
    """When the present state was first seen, without another state in between. One query.

    The state itself may be older: it changed at some time since the answer before, or before the
    first answer of all. None where no answer is kept.
    """
    if session.pk is None:
        return None
    answers = StatusSnapshot.objects.filter(session=session).with_state()
    others = answers.exclude(state=session.state).newest_first().values("first_at")[:1]
    before_all = Value(0, output_field=StatusSnapshot._meta.get_field("first_at"))
    run = answers.alias(other_at=Coalesce(Subquery(others), before_all))
    run = run.filter(first_at__gt=F("other_at")).oldest_first()
    return run.values_list("first_at", flat=True).first()
