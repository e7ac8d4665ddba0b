"""The start and end of a bulk resume: a list that is written down before anything is sent.

Whoever works on it holds a lease. A lease that has run out never comes back, so what was not sent
by then is not sent late. worker.py does the work.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.config import lease_clock
from pingadmin.resumes.bulk.selection import SelectedSession
from pingadmin.resumes.form_token import FormToken, StaleFormToken
from pingadmin.resumes.limits import lock_person
from pingadmin.resumes.models import BulkItem, BulkResume


@dataclass(frozen=True)
class BulkRequest:
    """What a person asks for: the sessions, each with the token of its row, and why.

    token: of the form, so that it starts one bulk resume. retry_of: the one whose unsent sessions
    these are.
    """

    items: Sequence[tuple[SelectedSession, FormToken]]
    reason: str
    ticket: str
    token: uuid.UUID
    retry_of: BulkResume | None = None


class BulkResumeRunning(Exception):
    """The person has a bulk resume that has not ended."""

    def __init__(self, bulk: BulkResume):
        super().__init__(str(bulk))
        self.bulk = bulk


def start_bulk_resume(request: BulkRequest, *, by: Actor) -> tuple[BulkResume, bool]:
    """Writes a bulk resume with its items, durably, and sends nothing.

    Returns it and whether it is new: a token that was used before gives its first one.

    Raises BulkResumeRunning, StaleFormToken when a form token was used elsewhere, or DatabaseError
    when it could not be written.
    """
    try:
        with transaction.atomic(durable=True):
            lock_person(by)
            repeated = _find_by_token(request.token, by)
            if repeated:
                return repeated, False
            _refuse_if_running(by)
            return _create_with_event(request, by), True
    except IntegrityError:
        # The same form, sent twice within a transaction; or a form token that was used elsewhere.
        repeated = _find_by_token(request.token, by)
        if repeated is None:
            raise StaleFormToken from None
        return repeated, False


def extend_lease(bulk: BulkResume) -> bool:
    """Moves the lease on, and refreshes the bulk resume.

    Returns False when the lease has run out or the end was reached: then nothing more may be sent.
    """
    now = lease_clock.now()
    # One statement that checks and moves: a lease that ran out in between is not brought back.
    running = BulkResume.objects.running(now).filter(pk=bulk.pk)
    if not running.update(lease_until=_lease_end(now)):
        return False
    bulk.refresh_from_db()
    return True


def request_stop(bulk: BulkResume, *, by: Actor) -> None:
    """A person asks that nothing more is sent. Does nothing where it has ended already."""
    with transaction.atomic():
        running = BulkResume.objects.running(lease_clock.now())
        stoppable = running.filter(pk=bulk.pk, stop_requested_at=None)
        if stoppable.update(stop_requested_at=timezone.now(), end_reason=f"{by.name} stopped it"):
            trail.append(
                action="bulk_stop", phase="event", by=by, ticket=bulk.ticket, batch=str(bulk.pk)
            )


def end_bulk_resume(bulk: BulkResume, why: str = "") -> None:
    """Ends it. why: half a sentence, what kept the rest from being sent; empty for none."""
    BulkResume.objects.filter(pk=bulk.pk, ended_at=None).update(
        ended_at=timezone.now(), end_reason=why
    )


def is_running(bulk: BulkResume) -> bool:
    """Whether a process still works on it."""
    return bulk.ended_at is None and bulk.lease_until > lease_clock.now()


def _find_by_token(token: uuid.UUID, by: Actor) -> BulkResume | None:
    return BulkResume.objects.of_person(by.id).filter(token=token).first()


def _refuse_if_running(by: Actor) -> None:
    running = BulkResume.objects.of_person(by.id).running(lease_clock.now()).first()
    if running:
        raise BulkResumeRunning(running)


def _create_with_event(request: BulkRequest, by: Actor) -> BulkResume:
    bulk = BulkResume.objects.create(
        token=request.token,
        retry_of=request.retry_of,
        actor_id=by.id,
        actor_name=by.name,
        reason=request.reason,
        ticket=request.ticket,
        begun_at=timezone.now(),
        lease_until=_lease_end(lease_clock.now()),
    )
    BulkItem.objects.bulk_create(
        BulkItem(
            bulk=bulk,
            position=position,
            alias=selected.alias,
            session_id=selected.session_id,
            token=form_token.token,
            shown=form_token.shown,
        )
        for position, (selected, form_token) in enumerate(request.items, start=1)
    )
    _append_event(bulk, request.items, by)
    return bulk


def _append_event(
    bulk: BulkResume, items: Sequence[tuple[SelectedSession, FormToken]], by: Actor
) -> None:
    """The whole list is in the audit log before anything is sent."""
    detail: dict[str, object] = {"sessions": [selected.name for selected, _ in items]}
    if bulk.retry_of:
        detail["retry_of"] = str(bulk.retry_of.pk)
    trail.append(
        action="bulk_resume",
        phase="event",
        by=by,
        reason=bulk.reason,
        ticket=bulk.ticket,
        batch=str(bulk.pk),
        detail=detail,
    )


def _lease_end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.BULK_LEASE_SECONDS)
