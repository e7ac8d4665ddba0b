"""Looks a session up again where an action left something open, and writes down what it shows.

What a session does now may be somebody else's doing. So the result of an attempt never changes
here: evidence is appended, and an unknown outcome is resolved only where the upstream can tell.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.look_up import LookUpResult, look_up
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes import unrecorded_outcomes
from pingadmin.resumes.actions import Action
from pingadmin.resumes.attempts import (
    close_lost_attempt,
    newest_snapshot_id,
    plan_next_check,
    resolve,
)
from pingadmin.resumes.evidence import find_effect_in_conversation, find_effect_in_session
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.results import Result

RECONCILER = Actor.system("reconcile")
# Stored in the audit log.
_PAUSED_TEXTS = {True: "yes", False: "no", None: "not said"}
# What a check found with the effect, and without it.
_FOUND = {
    Action.RESUME: {True: "the session was not paused", False: "the session was still paused"},
    Action.PAUSE: {True: "the session was paused", False: "the session was still not paused"},
    Action.MESSAGE: {
        True: "a message with this text was in the conversation",
        False: "no message with this text was in the conversation",
    },
    Action.CANCEL: {True: "the task was finished", False: "the task was still not finished"},
}


def reconcile_one() -> bool:
    """Does one unit of work. Returns whether there was any, so that the caller calls again."""
    # The kept outcomes first: else their attempts, whose leases run out, would count as lost.
    return bool(unrecorded_outcomes.record_all()) or close_lost_attempt() or _check_next_due()


def check_attempt(attempt: Attempt) -> None:
    """Looks the session up once, now, appends what it shows, and refreshes the attempt."""
    if not _claim_check(attempt):
        return
    session = attempt.session
    try:
        answer = look_up(session.alias, session.session_id, by=RECONCILER, source="reconcile")
    except upstream.UnknownAlias:
        answer = None
    effect = None
    if attempt.kind.pauses is None and answer is not None:
        effect = find_effect_in_conversation(attempt)
    _append_evidence(attempt, answer, effect)
    attempt.refresh_from_db()


def _check_next_due() -> bool:
    attempt = Attempt.objects.due_for_check(timezone.now()).select_related("session").first()
    if attempt is None:
        return False
    check_attempt(attempt)
    return True


def _claim_check(attempt: Attempt) -> bool:
    """Takes the check that is due, so that two reconcilers don't both make it."""
    assert attempt.closed_at is not None, "only a closed attempt has a check that is due"
    check_count = attempt.check_count + 1
    following = plan_next_check(attempt.closed_at, check_count)
    # After a long silence the checks that were missed are one check.
    while following and following <= timezone.now():
        check_count += 1
        following = plan_next_check(attempt.closed_at, check_count)
    if attempt.result == Result.ALREADY:
        # One look is enough to bring the page up to date; there is no effect to wait for.
        following = None
    still_due = Attempt.objects.filter(
        pk=attempt.pk, check_count=attempt.check_count, next_check_at__isnull=False
    )
    return bool(still_due.update(check_count=check_count, next_check_at=following))


def _append_evidence(attempt: Attempt, answer: LookUpResult | None, effect: bool | None) -> None:
    """answer: None where the account is no longer configured. effect: what a conversation shows."""
    with transaction.atomic():
        # Read again: the look-up took seconds, in which a person may have resolved it.
        locked = Attempt.objects.select_for_update().select_related("session").get(pk=attempt.pk)
        session = locked.session
        is_observed = answer is not None and answer.error is None
        can_tell_paused = is_observed and upstream.states_paused(session.alias)
        paused = session.paused_reported if can_tell_paused else None
        if can_tell_paused and effect is None:
            effect = find_effect_in_session(locked, session)
        is_ok = locked.result == Result.OK
        trail.append(
            action="look",
            phase="evidence",
            by=RECONCILER,
            story=locked.intent_seq,
            verified=effect is True if is_ok else None,
            alias=session.alias,
            session_id=session.session_id,
            client=session.client_name,
            ticket=locked.ticket,
            attempt=str(locked.pk),
            batch=locked.batch,
            detail=_describe_look_up(session, answer, paused) | _describe_effect(locked, effect),
            snapshot_after=newest_snapshot_id(session) if is_observed else None,
        )
        _apply_evidence(locked, effect)


def _apply_evidence(locked: Attempt, has_effect: bool | None) -> None:
    """Confirms an `ok`, or resolves an unknown outcome, where the effect can be told."""
    if has_effect is None:
        return
    if locked.result == Result.OK and has_effect:
        locked.verified = True
        locked.next_check_at = None
        locked.save()
    # The effect is conclusive at once; its absence only at the last check, for an action may take
    # its time.
    elif locked.is_unresolved and (has_effect or locked.next_check_at is None):
        note = _resolution_note(has_effect, locked, timezone.now())
        resolve(locked, Attempt.Resolution.BY_EVIDENCE, note)


def _describe_look_up(
    session: RemoteSession, answer: LookUpResult | None, paused: bool | None
) -> dict[str, str]:
    if answer is None:
        return {"error": "not_configured"}
    if answer.error:
        return {"error": answer.error.kind}
    return {"state": session.state, "paused": _PAUSED_TEXTS[paused]}


def _describe_effect(attempt: Attempt, effect: bool | None) -> dict[str, str]:
    # The key is stored in the audit log and so stays.
    return {"effect": _PAUSED_TEXTS[effect]} if attempt.kind.pauses is None else {}


def _resolution_note(has_effect: bool, attempt: Attempt, now: datetime) -> str:
    return (
        f"At {now:%H:%M:%S} UTC {_FOUND[attempt.kind][has_effect]}. "
        f"We can’t tell whether this {attempt.kind.noun} did anything."
    )
