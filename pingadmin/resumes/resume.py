"""Resumes and pauses a session: writes the intent, calls the upstream once, writes the outcome.

Nothing is sent that is not written first. The call holds no transaction and no lock, and we never
repeat it, whatever happens.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.resumes import unrecorded_outcomes
from pingadmin.resumes.actions import Action
from pingadmin.resumes.attempts import apply_answer, close_attempt, open_attempt
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.reconcile import check_attempt
from pingadmin.resumes.results import Result
from pingadmin.upstream.records import ActionOutcome


class AuditLogUnavailable(Exception):
    """The intent can't be written, so nothing was sent. The text is half a sentence on why."""


@dataclass(frozen=True)
class AttemptOutcome:
    """is_recorded: False when only the file of unrecorded outcomes has the result."""

    attempt: Attempt
    is_recorded: bool = True


def resume(
    *,
    alias: str,
    session_id: str,
    reason: str,
    ticket: str,
    form_token: FormToken,
    by: Actor,
    batch: str = "",
) -> AttemptOutcome:
    """Resumes one session. batch: the id of the bulk resume that it belongs to.

    Raises AttemptBlocked, LimitReached, UnknownAlias, or AuditLogUnavailable.
    """
    api = upstream.api_for(alias)
    return _call_once(
        Action.RESUME,
        api.resume,
        alias=alias,
        session_id=api.canonical_id(session_id),
        reason=reason,
        ticket=ticket,
        form_token=form_token,
        by=by,
        batch=batch,
    )


def pause(
    *, alias: str, session_id: str, reason: str, ticket: str, form_token: FormToken, by: Actor
) -> AttemptOutcome:
    """Pauses one session, which disconnects people. Arguments and errors are those of resume."""
    api = upstream.api_for(alias)
    return _call_once(
        Action.PAUSE,
        api.pause,
        alias=alias,
        session_id=api.canonical_id(session_id),
        reason=reason,
        ticket=ticket,
        form_token=form_token,
        by=by,
    )


def _call_once(
    action: Action,
    call: Callable[[str], ActionOutcome],
    *,
    alias: str,
    session_id: str,
    reason: str,
    ticket: str,
    form_token: FormToken,
    by: Actor,
    batch: str = "",
) -> AttemptOutcome:
    if unrecorded_outcomes.are_waiting():
        raise AuditLogUnavailable("an earlier outcome waits to be recorded")
    try:
        attempt, is_new = open_attempt(
            action=action,
            alias=alias,
            session_id=session_id,
            reason=reason,
            ticket=ticket,
            form_token=form_token,
            by=by,
            batch=batch,
        )
    except DatabaseError as error:
        raise AuditLogUnavailable("the intent could not be written") from error
    if not is_new:
        return AttemptOutcome(attempt)
    answer = call(session_id)
    try:
        attempt = close_attempt(attempt, answer, by=by)
    except DatabaseError:
        unrecorded_outcomes.keep(attempt, answer, by=by)
        apply_answer(attempt, answer)
        return AttemptOutcome(attempt, is_recorded=False)
    if attempt.result in (Result.OK, Result.ALREADY) and attempt.next_check_at:
        check_attempt(attempt)
    return AttemptOutcome(attempt)
