"""The start and the end of a scheduled resume, each in one transaction with its audit event.

sending.py has what happens at its time. Whoever ends one locks its session first, as an attempt
does when it is opened, so that the two never wait for each other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observations import mark_session_changed
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.models import ScheduledResume

State = ScheduledResume.State

SENDER = Actor.system("scheduled resumes")
# The audit action of each end that is not an attempt. They are stored, and notifications read them.
_END_ACTIONS = {
    State.CANCELLED: "resume_schedule_cancel",
    State.MISSED: "resume_missed",
    State.NOT_NEEDED: "resume_not_needed",
    State.REFUSED: "resume_refused",
}


@dataclass(frozen=True)
class ScheduleRequest:
    """What a person asks for one session: when, and why."""

    session: RemoteSession
    due_at: datetime
    reason: str
    ticket: str
    form_token: FormToken
    by: Actor


class AlreadyScheduled(Exception):  # noqa: N818 - an answer, and no error
    """The session has a scheduled resume already."""

    def __init__(self, pending: ScheduledResume):
        super().__init__(str(pending))
        self.pending = pending


def schedule_resume(request: ScheduleRequest) -> ScheduledResume:
    """Writes the intent to resume a session at a time. Sends nothing.

    A form token that was used before gives its first scheduled resume. Raises AlreadyScheduled, or
    DatabaseError when it could not be written.
    """
    try:
        with transaction.atomic():
            return _find_repeated(request) or _create_with_event(request)
    except IntegrityError:
        # A colleague, or this very form sent twice, was faster by less than a transaction.
        pending = find_pending(request.session)
        if repeated := _find_repeated(request):
            return repeated
        if pending is None:
            raise
        raise AlreadyScheduled(pending) from None


def cancel(scheduled: ScheduledResume, *, by: Actor) -> bool:
    """A person cancels it. Returns whether it was still pending, so that nothing is sent."""
    return end(scheduled, State.CANCELLED, f"{by.name} cancelled it", by=by)


def end(
    scheduled: ScheduledResume, state: ScheduledResume.State, why: str, *, by: Actor = SENDER
) -> bool:
    """Ends a pending one without an attempt. why: half a sentence. Returns whether it was pending.

    Raises DatabaseError when that could not be written.
    """
    with transaction.atomic():
        mark_session_changed(scheduled.session)
        row = ScheduledResume.objects.filter(pk=scheduled.pk)
        if not row.end(state, why, timezone.now()):
            return False
        detail = {"scheduled_event": scheduled.event_seq, "scheduled_by": scheduled.actor_name}
        _append_event(_END_ACTIONS[state], scheduled, by, detail=detail | {"why": why})
    return True


def find_pending(session: RemoteSession) -> ScheduledResume | None:
    """The session's scheduled resume of which nothing became yet, None where there is none."""
    return ScheduledResume.objects.pending().filter(session=session).first()


def _find_repeated(request: ScheduleRequest) -> ScheduledResume | None:
    return ScheduledResume.objects.filter(token=request.form_token.token).first()


def _create_with_event(request: ScheduleRequest) -> ScheduledResume:
    mark_session_changed(request.session)
    if pending := find_pending(request.session):
        raise AlreadyScheduled(pending)
    scheduled = ScheduledResume(
        token=request.form_token.token,
        session=request.session,
        actor_id=request.by.id,
        actor_name=request.by.name,
        reason=request.reason,
        ticket=request.ticket,
        scheduled_at=timezone.now(),
        due_at=request.due_at,
    )
    scheduled.event_seq = _append_event(
        "resume_schedule", scheduled, request.by, shown=request.form_token.shown
    )
    scheduled.save(force_insert=True)
    return scheduled


def _append_event(
    action: str,
    scheduled: ScheduledResume,
    by: Actor,
    *,
    shown: dict[str, Any] | None = None,
    detail: dict[str, Any] | None = None,
) -> int:
    """Appends an event about it. Returns the event's number."""
    session = scheduled.session
    event = trail.append(
        action=action,
        phase="event",
        by=by,
        reason=scheduled.reason,
        ticket=scheduled.ticket,
        alias=session.alias,
        session_id=session.session_id,
        client=session.client_name,
        shown=shown,
        detail={"due_at": scheduled.due_at.isoformat(timespec="seconds"), **(detail or {})},
    )
    return event.seq
