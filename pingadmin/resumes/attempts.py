"""The three writes of an attempt's life: opened with its intent, closed with its outcome, settled afterwards.

Each is one transaction that changes the attempt and appends to the audit log; neither is ever true without the other.
"""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observations import (
    ensure_session,
    mark_paused_doubtful,
    mark_session_changed,
    record_failure,
    record_paused_report,
)
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import Press
from pingadmin.resumes.limits import check_limits
from pingadmin.resumes.models import Attempt
from pingadmin.upstream import states_paused
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import ActionOutcome


class SessionHeld(Exception):
    """Another attempt stands in the way: it is still open, or its outcome is unknown and nobody has looked since."""

    def __init__(self, attempt: Attempt):
        super().__init__(str(attempt))
        self.attempt = attempt


def open_attempt(
    *,
    action: Action,
    alias: str,
    session_id: str,
    reason: str,
    ticket: str,
    press: Press,
    by: Actor,
    batch: str = "",
) -> tuple[Attempt, bool]:
    """Hold the session and write the intent, durably. Returns the attempt and whether it is new: a press
    that was seen before gives its first attempt.

    Raises SessionHeld, LimitReached, or DatabaseError when the intent could not be written.
    """
    close_one_lost(session__alias=alias, session__session_id=session_id)
    now = timezone.now()
    try:
        with transaction.atomic(durable=True):
            repeated = Attempt.objects.filter(token=press.token).first()
            if repeated:
                return repeated, False
            session = ensure_session(alias, session_id)
            _refuse_if_held(session)
            check_limits(action, session=session, by=by, now=now)
            return _open(action, session, reason, ticket, press, by, now, batch), True
    except IntegrityError:
        # A colleague, or this very form sent twice, was faster by less than a transaction.
        winner = (
            Attempt.objects.filter(token=press.token).first()
            or Attempt.objects.filter(
                session__alias=alias, session__session_id=session_id, is_open=True
            ).first()
        )
        if winner is None:
            raise
        raise SessionHeld(winner) from None


def close_attempt(
    attempt: Attempt, answer: ActionOutcome, *, by: Actor, detail: dict | None = None
) -> Attempt:
    """Write the outcome: append the event, close the attempt, keep what the answer said about the session.

    The answer to an attempt that was counted as lost meanwhile is added as evidence, and is then its result.
    Raises DatabaseError when it could not be written.
    """
    with transaction.atomic():
        held = Attempt.objects.select_for_update().select_related("session").get(pk=attempt.pk)
        phase = "outcome" if held.is_open else "evidence"
        snapshot = None
        if answer.paused is not None:
            snapshot = record_paused_report(
                session=held.session,
                paused=answer.paused,
                at=answer.answered_at,
                source=held.action,
            )
        if answer.failure == "refused_key":
            refusal = UpstreamError(
                "refused_key", sent=True, status=answer.status, message=answer.message
            )
            record_failure(session=held.session, error=refusal, source=held.action)
        if answer.result == "unknown":
            mark_paused_doubtful(session=held.session, at=answer.answered_at)
        trail.append(
            action=held.action,
            phase=phase,
            by=by,
            story=held.intent_seq,
            result=answer.result,
            upstream_status=answer.status,
            upstream_code=answer.code,
            detail={
                "word": answer.failure,
                "message": answer.message,
                "elapsed_ms": answer.elapsed_ms,
            }
            | (detail or {}),
            snapshot_after=snapshot.pk if snapshot else None,
            **_target(held),
        )
        if held.is_open or held.failure == "process_lost":
            _close(held, answer)
        mark_session_changed(held.session)
    return held


def close_one_lost(**which) -> bool:
    """Close an attempt that outlived its lease: its process is gone, and what it did is unknown.

    which: further conditions on the attempt. Returns whether there was one.
    """
    now = timezone.now()
    attempt = (
        Attempt.objects.filter(is_open=True, lease_until__lt=now, **which)
        .order_by("lease_until")
        .first()
    )
    if attempt is None:
        return False
    elapsed_ms = int((now - attempt.opened_at).total_seconds() * 1000)
    answer = ActionOutcome(
        result="unknown", answered_at=now, elapsed_ms=elapsed_ms, failure="process_lost"
    )
    close_attempt(attempt, answer, by=Actor.system("reconcile"))
    return True


def close_unknown(attempt: Attempt, *, note: str, by: Actor) -> None:
    """A person ends an unknown outcome with a reason. The result stays unknown; the question is closed."""
    with transaction.atomic():
        held = Attempt.objects.select_for_update().select_related("session").get(pk=attempt.pk)
        if not held.is_unresolved:
            return
        trail.append(
            action="close_unknown",
            phase="closure",
            by=by,
            story=held.intent_seq,
            reason=note,
            **_target(held),
        )
        resolve(held, Attempt.Resolution.BY_PERSON, note)


def resolve(attempt: Attempt, how: Attempt.Resolution, note: str) -> None:
    """End the question. Inside the caller's transaction, beside the event that says why."""
    attempt.resolved_at = timezone.now()
    attempt.resolved_by = how
    attempt.resolution_note = note
    attempt.next_check_at = None
    attempt.save()
    mark_session_changed(attempt.session)


def unresolved(session: RemoteSession) -> list[Attempt]:
    """The attempts of which nobody knows yet what they did, newest first; an open one is among them."""
    asked = Q(is_open=True) | Q(result="unknown", resolved_at=None)
    return list(session.attempts.filter(asked).select_related("session").order_by("-opened_at"))


def holds(attempt: Attempt, session: RemoteSession) -> bool:
    """Whether an attempt forbids the next one: it is open, or its outcome is unknown and the upstream was not
    successfully asked about the session since."""
    if attempt.is_open:
        return True
    is_observed = session.last_seen_at is not None and session.last_seen_at > attempt.closed_at
    return attempt.is_unresolved and not is_observed


def next_check_at(closed_at: datetime, looks: int) -> datetime | None:
    """When the next look is due after so many looks, None when they are used up."""
    if looks >= len(settings.RECONCILE_AFTER_SECONDS):
        return None
    return closed_at + timedelta(seconds=settings.RECONCILE_AFTER_SECONDS[looks])


def _refuse_if_held(session: RemoteSession) -> None:
    for attempt in unresolved(session):
        if holds(attempt, session):
            raise SessionHeld(attempt)


def _open(action, session, reason, ticket, press, by, now, batch) -> Attempt:
    # Before the audit log is locked, for whoever closes an attempt locks the session before it too.
    mark_session_changed(session)
    attempt_id = uuid.uuid4()
    before = session.snapshots.order_by("-first_at", "-id").values_list("id", flat=True).first()
    intent = trail.append(
        action=action.name,
        phase="intent",
        by=by,
        alias=session.alias,
        session_id=session.session_id,
        client=session.client_name,
        reason=reason,
        ticket=ticket,
        shown=press.shown,
        attempt=str(attempt_id),
        batch=batch,
        snapshot_before=before,
    )
    return Attempt.objects.create(
        id=attempt_id,
        token=press.token,
        session=session,
        action=action.name,
        batch=batch,
        actor_id=by.id,
        actor_name=by.name,
        reason=reason,
        ticket=ticket,
        opened_at=now,
        lease_until=now + timedelta(seconds=settings.RESUME_LEASE_SECONDS),
        intent_seq=intent.seq,
    )


def _close(attempt: Attempt, answer: ActionOutcome) -> None:
    state_answer(attempt, answer)
    can_tell = states_paused(attempt.session.alias)
    if answer.result == "unknown" or (can_tell and answer.result in ("ok", "already")):
        attempt.next_check_at = next_check_at(answer.answered_at, 0)
    attempt.save()


def state_answer(attempt: Attempt, answer: ActionOutcome) -> None:
    """Set on an attempt what its answer says, without saving it."""
    attempt.is_open = False
    attempt.result = answer.result
    attempt.failure = answer.failure
    attempt.status = answer.status
    attempt.code = answer.code
    attempt.message = answer.message
    attempt.retry_after = answer.retry_after
    attempt.elapsed_ms = answer.elapsed_ms
    attempt.closed_at = answer.answered_at
    attempt.verified = False if answer.result == "ok" else None


def _target(attempt: Attempt) -> dict:
    session = attempt.session
    return {
        "alias": session.alias,
        "session_id": session.session_id,
        "client": session.client_name,
        "ticket": attempt.ticket,
        "attempt": str(attempt.pk),
        "batch": attempt.batch,
    }
