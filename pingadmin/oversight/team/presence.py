"""Who has a session's page open, as a lease that the page renews. Not audited, and no history."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import AbstractUser
from django.utils import timezone

from pingadmin.oversight.models import Presence
from pingadmin.remote_sessions.models import RemoteSession

LEASE = timedelta(seconds=30)
# A lease with more than this left is not renewed, so that most polls write nothing.
RENEW_BELOW = timedelta(seconds=20)
DELETE_AFTER = timedelta(days=1)


def viewers_by_session(session_ids: Iterable[int]) -> dict[int, list[str]]:
    """Session pk -> names of those who view it now, first come first; one query. Nobody: no key."""
    viewers = defaultdict(list)
    active = Presence.objects.active(timezone.now()).select_related("person")
    for presence in active.filter(session_id__in=session_ids):
        viewers[presence.session_id].append(presence.person.display_name)
    return dict(viewers)


def other_viewers(session: RemoteSession, person: AbstractUser) -> list[str]:
    """The names of those who view this session now, other than this person."""
    active = Presence.objects.active(timezone.now()).select_related("person")
    others = active.filter(session=session).exclude(person_id=person.pk)
    return [presence.person.display_name for presence in others]


def renew_presence(*, session: RemoteSession, person: AbstractUser) -> None:
    """Record that this person has the session's page open, for one lease from now on."""
    now = timezone.now()
    current = Presence.objects.active(now).filter(session=session, person_id=person.pk).first()
    if current and current.lease_until - now > RENEW_BELOW:
        return
    since = current.since if current else now
    Presence.objects.bulk_create(
        [Presence(session=session, person_id=person.pk, since=since, lease_until=now + LEASE)],
        update_conflicts=True,
        unique_fields=["session", "person"],
        update_fields=["since", "lease_until"],
    )
    if current is None:
        # Whoever opens a page clears away what is long over; nothing else has to.
        Presence.objects.filter(lease_until__lt=now - DELETE_AFTER).delete()
