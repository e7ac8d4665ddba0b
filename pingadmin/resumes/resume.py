"""Acts on a session: writes the intent, calls the upstream once, writes the outcome.

Nothing is sent that is not written first. The call holds no transaction and no lock, and we never
repeat it, whatever happens.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.resumes import unrecorded_outcomes
from pingadmin.resumes.actions import Action
from pingadmin.resumes.attempts import AttemptRequest, apply_answer, close_attempt, open_attempt
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.reconcile import check_attempt
from pingadmin.resumes.results import Result
from pingadmin.upstream.errors import UpstreamFailure
from pingadmin.upstream.records import ActionOutcome

log = logging.getLogger(__name__)


class AuditLogUnavailable(Exception):
    """The intent can't be written, so nothing was sent. The text is half a sentence on why."""


@dataclass(frozen=True)
class AttemptOutcome:
    """is_recorded: False when only the file of unrecorded outcomes has the result.

    is_kept: False when not even that has it, and the result stands in the log alone.
    is_new: False for the first attempt of a form that was sent before.
    """

    attempt: Attempt
    is_recorded: bool = True
    is_kept: bool = True
    is_new: bool = True


def resume(request: AttemptRequest) -> AttemptOutcome:
    """Resumes one session. Raises AttemptBlocked, LimitReached, UnknownAlias, AuditLogUnavailable.

    A request whose form token was used before sends nothing and returns its first attempt.
    """
    return _call_once(Action.RESUME, upstream.api_for(request.alias).resume, request)


def pause(request: AttemptRequest) -> AttemptOutcome:
    """Pauses one session, which disconnects people. Otherwise as resume."""
    return _call_once(Action.PAUSE, upstream.api_for(request.alias).pause, request)


def send_message(request: AttemptRequest) -> AttemptOutcome:
    """Sends request.message to an agent; only at an account that can converse. As resume."""
    assert request.message is not None, "there is a message to send"
    text, api = request.message.text, upstream.api_for(request.alias)
    return _call_once(
        Action.MESSAGE, lambda session_id: api.send_message(session_id, text), request
    )


def cancel_task(request: AttemptRequest) -> AttemptOutcome:
    """Ends the task of an agent, not its session; otherwise as send_message."""
    return _call_once(Action.CANCEL, upstream.api_for(request.alias).cancel_task, request)


def _call_once(
    action: Action, call: Callable[[str], ActionOutcome], request: AttemptRequest
) -> AttemptOutcome:
    _prepare_for_outcome()
    session_id = upstream.canonical_id(request.alias, request.session_id)
    try:
        attempt, is_new = open_attempt(action, replace(request, session_id=session_id))
    except DatabaseError as error:
        raise AuditLogUnavailable("the intent could not be written") from error
    # The same form came before, and its call is made already or under way.
    if not is_new:
        return AttemptOutcome(attempt, is_new=False)
    answer = _refuse_old(request) or call(session_id)
    try:
        attempt = close_attempt(attempt, answer, by=request.by)
    except DatabaseError:
        is_kept = _keep(attempt, answer, by=request.by)
        # The page shows the outcome from this copy: in the database the attempt is still open.
        apply_answer(attempt, answer)
        return AttemptOutcome(attempt, is_recorded=False, is_kept=is_kept)
    # The first check is made here and not left to the collector, so that the page that answers
    # the click can show the effect already.
    if attempt.result in (Result.OK, Result.ALREADY) and attempt.next_check_at:
        check_attempt(attempt)
    return AttemptOutcome(attempt)


def _refuse_old(request: AttemptRequest) -> ActionOutcome | None:
    """The outcome of a request that waited too long: whoever sent it was told otherwise by now."""
    age = monotonic() - request.asked_at
    if age <= settings.ACTION_MAX_AGE_SECONDS:
        return None
    return ActionOutcome(
        result="not_sent",
        answered_at=timezone.now(),
        elapsed_ms=int(age * 1000),
        failure=str(UpstreamFailure.TOO_OLD),
    )


def _prepare_for_outcome() -> None:
    """Records what waits, and keeps room for the next. Raises AuditLogUnavailable."""
    try:
        unrecorded_outcomes.record_all()
    except (DatabaseError, OSError) as error:
        raise AuditLogUnavailable("an earlier outcome waits to be recorded") from error
    try:
        unrecorded_outcomes.reserve_room()
    except OSError as error:
        raise AuditLogUnavailable("there is no room to keep an outcome in") from error


def _keep(attempt: Attempt, answer: ActionOutcome, *, by: Actor) -> bool:
    """Whether a file has it now; the log has it in any case."""
    try:
        unrecorded_outcomes.keep(attempt, answer, by=by)
    except OSError:
        log.critical("this outcome stands in the log alone: attempt %s", attempt.pk, exc_info=True)
        return False
    return True
