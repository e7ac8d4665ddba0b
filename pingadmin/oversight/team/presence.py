"""Who has a session's page open, as a lease that the page renews while it is open. No audit, and no history."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from pingadmin.oversight.models import Presence
from pingadmin.remote_sessions.models import RemoteSession

LEASE = timedelta(seconds=30)
# A lease that lasts longer than this is not renewed: reading does not have to write.
LONG_ENOUGH = timedelta(seconds=20)
FORGOTTEN_AFTER = timedelta(days=1)


def looking(session_ids: Iterable[int]) -> dict[int, list[str]]:
    """Session pk -> who looks at it now, in the order in which they came; one query. Nobody: no key."""
    found = defaultdict(list)
    for each in _lasting().filter(session_id__in=session_ids):
        found[each.session_id].append(each.person.display_name)
    return dict(found)


def others_at(session: RemoteSession, person) -> list[str]:
    """Who else looks at this session now."""
    return [
        each.person.display_name
        for each in _lasting().filter(session=session)
        if each.person_id != person.pk
    ]


def renew(*, session: RemoteSession, person) -> None:
    """Say that this person has the page open, for a lease from now on."""
    now = timezone.now()
    mine = Presence.objects.filter(session=session, person=person, lease_until__gt=now).first()
    if mine and mine.lease_until - now > LONG_ENOUGH:
        return
    Presence.objects.bulk_create(
        [
            Presence(
                session=session,
                person=person,
                since=mine.since if mine else now,
                lease_until=now + LEASE,
            )
        ],
        update_conflicts=True,
        unique_fields=["session", "person"],
        update_fields=["since", "lease_until"],
    )
    if mine is None:
        Presence.objects.filter(lease_until__lt=now - FORGOTTEN_AFTER).delete()


def _lasting():
    return (
        Presence.objects.filter(lease_until__gt=timezone.now())
        .select_related("person")
        .order_by("since", "pk")
    )
