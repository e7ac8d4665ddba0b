"""The acts, resume and pause: write the intent, call once, write what became of it.

Nothing is sent that is not written first. The call holds no transaction and no lock, and is never repeated by us,
whatever happens.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.resumes import unrecorded
from pingadmin.resumes.actions import PAUSE, RESUME, Action
from pingadmin.resumes.attempts import close_attempt, open_attempt, state_answer
from pingadmin.resumes.form_token import Press
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.reconcile import look_after
from pingadmin.upstream.records import ActionOutcome


class NothingSent(Exception):
    """The intent could not be written, so nothing was sent."""


@dataclass(frozen=True)
class Outcome:
    """attempt: with its result. recorded: False when only the file of unrecorded outcomes holds it."""

    attempt: Attempt
    recorded: bool = True


def resume(
    *,
    alias: str,
    session_id: str,
    reason: str,
    ticket: str,
    press: Press,
    by: Actor,
    batch: str = "",
) -> Outcome:
    """Resume one session, for a person and a reason. batch: the id of the bulk act that it belongs to.

    Raises SessionHeld, LimitReached, UnknownAlias, or NothingSent when the audit log cannot be written.
    """
    api = upstream.api_for(alias)
    why = {"reason": reason, "ticket": ticket, "press": press, "by": by, "batch": batch}
    return _do(RESUME, api.resume, alias=alias, session_id=api.canonical_id(session_id), **why)


def pause(
    *, alias: str, session_id: str, reason: str, ticket: str, press: Press, by: Actor
) -> Outcome:
    """Pause one session, for a person and a reason: this disconnects people. Raises as resume does."""
    api = upstream.api_for(alias)
    why = {"reason": reason, "ticket": ticket, "press": press, "by": by}
    return _do(PAUSE, api.pause, alias=alias, session_id=api.canonical_id(session_id), **why)


def _do(
    action: Action, call: Callable[[str], ActionOutcome], *, session_id: str, by: Actor, **what
) -> Outcome:
    if unrecorded.exists():
        raise NothingSent("an earlier outcome waits to be recorded")
    try:
        attempt, is_new = open_attempt(action=action, session_id=session_id, by=by, **what)
    except DatabaseError as error:
        raise NothingSent("the intent could not be written") from error
    if not is_new:
        return Outcome(attempt)
    answer = call(session_id)
    try:
        attempt = close_attempt(attempt, answer, by=by)
    except DatabaseError:
        unrecorded.keep(attempt, answer, by=by)
        state_answer(attempt, answer)
        return Outcome(attempt, recorded=False)
    if attempt.result in ("ok", "already") and attempt.next_check_at:
        look_after(attempt)
    return Outcome(attempt)
