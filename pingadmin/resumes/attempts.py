"""The three writes in an attempt's life: it is opened, closed and, where need be, resolved.

Each is one transaction that changes the attempt and appends to the audit log, so neither is ever
true without the other.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.config import lease_clock
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.remote_sessions.recording.observations import (
    ensure_session,
    mark_paused_doubtful,
    mark_session_changed,
    record_failure,
    record_paused_report,
)
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.limits import check_limits, lock_person
from pingadmin.resumes.models import Attempt, ScheduledResume
from pingadmin.resumes.results import PROCESS_LOST, Result
from pingadmin.upstream import can_converse, states_paused
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import ActionOutcome

# 10,000 characters, each of which may take twelve bytes in JSON, and what stands beside them.
MESSAGE_DETAIL_BYTES = 130_000


@dataclass(frozen=True)
class MessageContent:
    """A message to an agent.

    question_id: the id of the question that it answers, None for none. after_id: the id of the
    newest message that was read before it was sent, so that it is looked for among later ones.
    """

    text: str
    question_id: int | None
    after_id: int


@dataclass(frozen=True)
class AttemptRequest:
    """What a person asks for one session, and why.

    batch: the id of the bulk resume that it belongs to, empty for none. asked_at: when the request
    for it reached us, as a time.monotonic() moment. scheduled: the scheduled resume that becomes
    the attempt, None for one that is asked for now. message: what is sent to an agent, None for
    every other action.
    """

    alias: str
    session_id: str
    reason: str
    ticket: str
    form_token: FormToken
    by: Actor
    batch: str = ""
    asked_at: float = field(default_factory=monotonic)
    scheduled: ScheduledResume | None = None
    message: MessageContent | None = None


class AttemptBlocked(Exception):
    """Another attempt blocks the session: it is open, or unknown and not looked up since."""

    def __init__(self, blocking: Attempt):
        super().__init__(str(blocking))
        self.blocking = blocking


class ScheduleEnded(Exception):  # noqa: N818 - an end that somebody meant, and no error
    """The scheduled resume was cancelled, has become an attempt before, or is too late by now."""


def open_attempt(action: Action, request: AttemptRequest) -> tuple[Attempt, bool]:
    """Opens an attempt and writes its intent, durably, before anything is sent.

    Returns the attempt and whether it is new: a form token that was used before gives its first
    attempt.

    Raises AttemptBlocked, LimitReached, ScheduleEnded, or DatabaseError when the intent could not
    be written.
    """
    # In a transaction of its own: what becomes known here stays, even if the request is refused.
    close_lost_attempt(session__alias=request.alias, session__session_id=request.session_id)
    now = timezone.now()
    try:
        # Durable: an outer transaction could still take the intent back after the call was made.
        with transaction.atomic(durable=True):
            lock_person(request.by)
            repeated = Attempt.objects.filter(token=request.form_token.token).first()
            if repeated:
                return repeated, False
            session = ensure_session(request.alias, request.session_id)
            _refuse_if_blocked(session)
            check_limits(action, session=session, by=request.by, now=now)
            return _create_with_intent(action, session, request, now), True
    except IntegrityError:
        # A colleague, or this very form sent twice, was faster by less than a transaction.
        winner = _find_winner(request)
        if winner is None:
            raise
        raise AttemptBlocked(winner) from None


def close_attempt(
    attempt: Attempt, answer: ActionOutcome, *, by: Actor, detail: dict[str, Any] | None = None
) -> Attempt:
    """Writes the outcome: appends the event, closes the attempt, keeps what the answer says.

    The answer to an attempt that was counted as lost meanwhile is added as evidence, and is then
    its result. detail: added to the event's detail. Raises DatabaseError when the outcome could not
    be written.
    """
    with transaction.atomic():
        locked = _lock(attempt)
        snapshot_id = _keep_answer(locked, answer)
        trail.append(
            action=locked.action,
            # An entry has one outcome, and a lost attempt has it already.
            phase="outcome" if locked.is_open else "evidence",
            by=by,
            story=locked.intent_seq,
            result=answer.result,
            upstream_status=answer.status,
            upstream_code=answer.code,
            detail=_describe_answer(answer) | (detail or {}),
            snapshot_after=snapshot_id,
            **_event_fields(locked),
        )
        if locked.is_open or locked.failure == PROCESS_LOST:
            _close(locked, answer)
        mark_session_changed(locked.session)
    return locked


def close_lost_attempt(**conditions: Any) -> bool:
    """Closes one attempt that outlived its lease: its process is gone, and what it did is unknown.

    conditions: further field look-ups on the attempt. Returns whether there was one.
    """
    now = timezone.now()
    attempt = Attempt.objects.lost(lease_clock.now()).filter(**conditions).first()
    if attempt is None:
        return False
    # A clock that was set back meanwhile must not keep it open for ever.
    elapsed_ms = max(0, int((now - attempt.opened_at).total_seconds() * 1000))
    answer = ActionOutcome(
        result="unknown", answered_at=now, elapsed_ms=elapsed_ms, failure=PROCESS_LOST
    )
    close_attempt(attempt, answer, by=Actor.system("reconcile"))
    return True


def resolve_unknown(attempt: Attempt, *, note: str, by: Actor) -> None:
    """A person resolves an unknown outcome with a reason. The result stays unknown."""
    with transaction.atomic():
        locked = _lock(attempt)
        # A colleague or a check may have resolved it since the page was drawn.
        if not locked.is_unresolved:
            return
        trail.append(
            action="close_unknown",
            phase="closure",
            by=by,
            story=locked.intent_seq,
            reason=note,
            **_event_fields(locked),
        )
        resolve(locked, Attempt.Resolution.BY_PERSON, note)


def resolve(attempt: Attempt, how: Attempt.Resolution, note: str) -> None:
    """Ends an unknown outcome. Call it in the transaction that appends the event which says why."""
    attempt.resolved_at = timezone.now()
    attempt.resolved_by = how
    attempt.resolution_note = note
    attempt.next_check_at = None
    attempt.save()
    mark_session_changed(attempt.session)


def open_or_unresolved_attempts(session: RemoteSession) -> list[Attempt]:
    """A session's attempts of which nobody knows yet what they did, newest first."""
    attempts = Attempt.objects.filter(session=session).open_or_unresolved()
    return list(attempts.select_related("session").newest_first())


def highest_intent_seq() -> int | None:
    """The highest number of an audit event that an attempt names; None where there is none."""
    found: int | None = Attempt.objects.aggregate(highest=Max("intent_seq"))["highest"]
    return found


def highest_schedule_seq() -> int | None:
    """The highest number of an audit event that a scheduled resume names; None for none."""
    highest: int | None = ScheduledResume.objects.aggregate(highest=Max("event_seq"))["highest"]
    return highest


def is_blocking(attempt: Attempt, session: RemoteSession) -> bool:
    """Whether an attempt forbids the next one on its session.

    It does while it is open; and while its outcome is unknown, until the upstream could be asked
    once about the session.
    """
    return attempt.is_open or (attempt.is_unresolved and not is_observed_since(attempt, session))


def is_checkable(attempt: Attempt) -> bool:
    """Whether its account can be asked for what the action did."""
    alias = attempt.session.alias
    return can_converse(alias) if attempt.kind.pauses is None else states_paused(alias)


def is_observed_since(attempt: Attempt, session: RemoteSession) -> bool:
    """Whether the upstream told something of the session after an attempt was closed."""
    if session.last_seen_at is None or attempt.closed_at is None:
        return False
    return session.last_seen_at > attempt.closed_at


def plan_next_check(closed_at: datetime, check_count: int) -> datetime | None:
    """When the next check is due after so many checks; None when the plan has no more."""
    if check_count >= len(settings.RECONCILE_AFTER_SECONDS):
        return None
    return closed_at + timedelta(seconds=settings.RECONCILE_AFTER_SECONDS[check_count])


def apply_answer(attempt: Attempt, answer: ActionOutcome) -> None:
    """Sets on an attempt what its answer says, without saving it."""
    attempt.is_open = False
    attempt.result = answer.result
    attempt.failure = answer.failure
    attempt.status = answer.status
    attempt.code = answer.code
    attempt.message = answer.message
    attempt.retry_after = answer.retry_after
    attempt.elapsed_ms = answer.elapsed_ms
    attempt.closed_at = answer.answered_at
    # Only an `ok` has an effect that a check can show.
    attempt.verified = False if answer.result == Result.OK else None


def _refuse_if_blocked(session: RemoteSession) -> None:
    for attempt in open_or_unresolved_attempts(session):
        if is_blocking(attempt, session):
            raise AttemptBlocked(attempt)


def _find_winner(request: AttemptRequest) -> Attempt | None:
    """The attempt whose transaction was faster: of the same form, or open on the same session."""
    same_form = Attempt.objects.filter(token=request.form_token.token).first()
    same_session = Attempt.objects.open().filter(
        session__alias=request.alias, session__session_id=request.session_id
    )
    return same_form or same_session.first()


def _create_with_intent(
    action: Action, session: RemoteSession, request: AttemptRequest, now: datetime
) -> Attempt:
    attempt = Attempt(
        id=uuid.uuid4(),
        token=request.form_token.token,
        session=session,
        action=action.value,
        batch=request.batch,
        actor_id=request.by.id,
        actor_name=request.by.name,
        reason=request.reason,
        ticket=request.ticket,
        opened_at=now,
        lease_until=lease_clock.now() + timedelta(seconds=settings.RESUME_LEASE_SECONDS),
    )
    # Locks the session before the audit log, in the same order as whoever closes an attempt.
    mark_session_changed(session)
    intent = trail.append(
        action=attempt.action,
        phase="intent",
        by=request.by,
        reason=attempt.reason,
        shown=request.form_token.shown,
        snapshot_before=newest_snapshot_id(session),
        detail=_describe_message(request.message) or _describe_schedule(request.scheduled),
        detail_bytes=MESSAGE_DETAIL_BYTES,
        **_event_fields(attempt),
    )
    attempt.intent_seq = intent.seq
    attempt.save(force_insert=True)
    if request.scheduled:
        # In this transaction: whoever cancels it, or sends it too, is before or after all of this.
        rows = ScheduledResume.objects.filter(pk=request.scheduled.pk)
        if not rows.claim(attempt, timezone.now()):
            raise ScheduleEnded
    return attempt


def _describe_message(message: MessageContent | None) -> dict[str, Any] | None:
    # The keys are stored in the audit log and so stay. By lines: a stored text has none.
    if message is None:
        return None
    return {
        "sent_lines": message.text.split("\n"),
        "question": message.question_id,
        "after_id": message.after_id,
    }


def _describe_schedule(scheduled: ScheduledResume | None) -> dict[str, Any] | None:
    # The keys are stored in the audit log and so stay.
    if scheduled is None:
        return None
    return {
        "scheduled_event": scheduled.event_seq,
        "scheduled_at": scheduled.scheduled_at.isoformat(timespec="seconds"),
        "due_at": scheduled.due_at.isoformat(timespec="seconds"),
    }


def newest_snapshot_id(session: RemoteSession) -> int | None:
    """The id of the newest snapshot of a session, which audit events refer to."""
    return session.snapshots.newest_first().values_list("id", flat=True).first()


def _lock(attempt: Attempt) -> Attempt:
    """The attempt as it is now, locked until the end of the transaction."""
    return Attempt.objects.select_for_update().select_related("session").get(pk=attempt.pk)


def _describe_answer(answer: ActionOutcome) -> dict[str, Any]:
    # The keys are stored in the audit log and so stay.
    return {
        "word": answer.failure,
        "message": answer.message,
        "elapsed_ms": answer.elapsed_ms,
    }


def _keep_answer(attempt: Attempt, answer: ActionOutcome) -> int | None:
    """Keeps what an answer says about the session. Returns the id of the snapshot that it made."""
    snapshot_id = None
    if answer.paused is not None:
        snapshot_id = record_paused_report(
            session=attempt.session,
            paused=answer.paused,
            at=answer.answered_at,
            source=attempt.action,
        ).pk
    changes_paused = attempt.kind.pauses is not None
    if answer.failure == "refused_key" and changes_paused:
        # Look-ups use the same key, so the session's card says at once why they will fail.
        refusal = UpstreamError(
            "refused_key", sent=True, status=answer.status, message=answer.message
        )
        record_failure(session=attempt.session, error=refusal, source=attempt.action)
    if answer.result == Result.UNKNOWN and changes_paused:
        mark_paused_doubtful(session=attempt.session, at=answer.answered_at)
    return snapshot_id


def _close(attempt: Attempt, answer: ActionOutcome) -> None:
    apply_answer(attempt, answer)
    # Where the effect can be read back, a check shows that of `ok`; after `already` it brings a
    # stale page up to date.
    if answer.result == Result.UNKNOWN or (
        is_checkable(attempt) and answer.result in (Result.OK, Result.ALREADY)
    ):
        attempt.next_check_at = plan_next_check(answer.answered_at, 0)
    attempt.save()


def _event_fields(attempt: Attempt) -> dict[str, Any]:
    """What every event of an attempt carries."""
    session = attempt.session
    return {
        "alias": session.alias,
        "session_id": session.session_id,
        "client": session.client_name,
        "ticket": attempt.ticket,
        "attempt": str(attempt.pk),
        "batch": attempt.batch,
    }
