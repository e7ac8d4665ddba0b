"""A bulk resume from its start to its end: an explicit list, written down whole before anything is sent.

Whoever works on it holds a lease. Once the lease has run out it never comes back, so what was not sent by then is
not sent late. bulk_run.py does the work.
"""

from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.resumes.bulk.selection import Named
from pingadmin.resumes.form_token import Press, StalePress
from pingadmin.resumes.models import BulkItem, BulkResume


class StillRunning(Exception):
    """The person has a bulk resume that is not at its end."""

    def __init__(self, bulk: BulkResume):
        super().__init__(str(bulk))
        self.bulk = bulk


def start(
    *,
    items: list[tuple[Named, Press]],
    reason: str,
    ticket: str,
    token,
    retry_of: BulkResume | None = None,
    by: Actor,
) -> tuple[BulkResume, bool]:
    """Write a bulk resume with its items, durably. Returns it and whether it is new: a token that was seen
    before gives its first one.

    Raises StillRunning, StalePress when a press was used elsewhere, or DatabaseError when it could not be written.
    """
    try:
        with transaction.atomic(durable=True):
            repeated = _of_token(token, by)
            if repeated:
                return repeated, False
            _refuse_if_running(by)
            return _write(items, reason, ticket, token, retry_of, by), True
    except IntegrityError:
        # The same form, sent twice within a transaction; else one of its presses belongs to another one.
        repeated = _of_token(token, by)
        if repeated is None:
            raise StalePress from None
        return repeated, False


def hold(bulk: BulkResume) -> bool:
    """Move the lease on. False when it has run out, or the end was reached: then nothing may be sent any more."""
    now = timezone.now()
    held = BulkResume.objects.filter(pk=bulk.pk, ended_at=None, lease_until__gt=now).update(
        lease_until=_lease(now)
    )
    if held:
        bulk.refresh_from_db()
    return bool(held)


def stop(bulk: BulkResume, *, by: Actor) -> None:
    """A person asks that nothing further is sent. Without effect at its end."""
    with transaction.atomic():
        asked = BulkResume.objects.filter(
            pk=bulk.pk, ended_at=None, lease_until__gt=timezone.now(), stop_asked_at=None
        )
        if asked.update(stop_asked_at=timezone.now(), why_ended=f"{by.name} stopped it"):
            trail.append(
                action="bulk_stop", phase="event", by=by, ticket=bulk.ticket, batch=str(bulk.pk)
            )


def end(bulk: BulkResume, why: str = "") -> None:
    """The end, in time. why: what kept the rest from being sent, as half a sentence; empty when none is left."""
    BulkResume.objects.filter(pk=bulk.pk, ended_at=None).update(
        ended_at=timezone.now(), why_ended=why
    )


def is_running(bulk: BulkResume) -> bool:
    """Whether something works on it still."""
    return bulk.ended_at is None and bulk.lease_until > timezone.now()


def _of_token(token, by: Actor) -> BulkResume | None:
    return BulkResume.objects.filter(token=token, actor_id=by.id).first()


def _refuse_if_running(by: Actor) -> None:
    mine = BulkResume.objects.filter(
        actor_id=by.id, ended_at=None, lease_until__gt=timezone.now()
    ).first()
    if mine:
        raise StillRunning(mine)


def _write(items, reason, ticket, token, retry_of, by) -> BulkResume:
    now = timezone.now()
    bulk = BulkResume.objects.create(
        token=token,
        retry_of=retry_of,
        actor_id=by.id,
        actor_name=by.name,
        reason=reason,
        ticket=ticket,
        begun_at=now,
        lease_until=_lease(now),
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            bulk=bulk,
            position=position,
            alias=named.alias,
            session_id=named.session_id,
            token=press.token,
            shown=press.shown,
        )
        for position, (named, press) in enumerate(items, start=1)
    )
    trail.append(
        action="bulk_resume",
        phase="event",
        by=by,
        reason=reason,
        ticket=ticket,
        batch=str(bulk.pk),
        detail={"sessions": [named.name for named, _ in items]}
        | ({"retry_of": str(retry_of.pk)} if retry_of else {}),
    )
    return bulk


def _lease(now):
    return now + timedelta(seconds=settings.BULK_LEASE_SECONDS)
