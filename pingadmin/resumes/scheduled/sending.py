"""What happens when a scheduled resume is due: everything is checked as if it was clicked now.

Then it becomes one ordinary attempt of the person who scheduled it. Where the account can't be
asked it stays pending, and is tried again until it is too late.
"""

import logging
import threading

from django.contrib.auth import get_user_model
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor, ActorKind, Person
from pingadmin.remote_sessions.display.card import build_card
from pingadmin.remote_sessions.display.paused import PausedValue
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.lookup.look_up import LookUpResult, look_up
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempts import (
    AttemptBlocked,
    AttemptRequest,
    ScheduleEnded,
    is_blocking,
    open_or_unresolved_attempts,
)
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.limits import describe_reached_limit, record_limit
from pingadmin.resumes.models import LATEST, ScheduledResume
from pingadmin.resumes.outcome_sentences import describe_block
from pingadmin.resumes.resume import AuditLogUnavailable, resume
from pingadmin.resumes.scheduled.lifecycle import SENDER, State, end
from pingadmin.upstream.errors import FAILURES, REFUSALS

NOTHING_RAN = "nothing ran at that time"

log = logging.getLogger(__name__)


class _NotNow(Exception):
    """The account or the log can't be used now. The text is half a sentence on why."""


class _Ends(Exception):
    """It ends without an attempt. why: half a sentence."""

    def __init__(self, state: ScheduledResume.State, why: str):
        super().__init__(why)
        self.state, self.why = state, why


def send(scheduled: ScheduledResume, *, stop: threading.Event | None = None) -> bool:
    """Makes an attempt of one that is due, or ends it. Returns False where it is to be tried again.

    stop: once it is set, no attempt begins. Any number of processes may do this at once: one
    attempt is made at most. Raises DatabaseError.
    """
    try:
        _send(scheduled, stop or threading.Event())
    except _Ends as ending:
        end(scheduled, ending.state, ending.why)
    except _NotNow as problem:
        log.warning("scheduled resume %s waits: %s", scheduled.pk, problem)
        pending = ScheduledResume.objects.pending().filter(pk=scheduled.pk)
        pending.update(problem=str(problem)[:200])
        return False
    except ScheduleEnded:
        # Cancelled, sent by another process, or too late by now: the next look at it tells which.
        return False
    return True


def _send(scheduled: ScheduledResume, stop: threading.Event) -> None:
    scheduled.refresh_from_db()
    if not scheduled.is_pending:
        return
    if timezone.now() - scheduled.due_at > LATEST:
        raise _Ends(State.MISSED, scheduled.problem or NOTHING_RAN)
    by = _find_person(scheduled)
    _refuse_if_unanswered(scheduled)
    _refuse_if_running(scheduled, _look(scheduled))
    if stop.is_set():
        raise _NotNow("the background process was told to stop")
    _resume(scheduled, by)


def _find_person(scheduled: ScheduledResume) -> Actor:
    """Who scheduled it, with the role of now. Raises _Ends where they may not resume any more."""
    people = get_user_model().objects
    person = people.filter(pk=scheduled.actor_id, is_active=True).first()
    if person is None or not person.has_perm("resumes.resume"):
        raise _Ends(State.REFUSED, f"{scheduled.actor_name} may no longer resume sessions")
    return _actor(person)


def _actor(person: Person) -> Actor:
    """Without an address: no request is behind it."""
    return Actor(
        kind=ActorKind.PERSON,
        id=str(person.pk),
        name=person.get_username(),
        role=person.role or "",
    )


def _refuse_if_unanswered(scheduled: ScheduledResume) -> None:
    """Raises _Ends where nobody knows what an attempt did.

    One that began after the scheduling refuses it in any case: whoever scheduled didn't know of it,
    and nobody is there to weigh the risk of a second resume.
    """
    for attempt in open_or_unresolved_attempts(scheduled.session):
        if is_blocking(attempt, scheduled.session):
            raise _Ends(State.REFUSED, describe_block(attempt))
        if attempt.opened_at > scheduled.scheduled_at:
            raise _Ends(State.REFUSED, f"the outcome of a {attempt.kind.noun} since is unknown")


def _look(scheduled: ScheduledResume) -> RemoteSession:
    """The session as it is now. Raises _Ends or _NotNow where the account doesn't say."""
    alias, session_id = scheduled.session.alias, scheduled.session.session_id
    try:
        found = look_up(alias, session_id, by=SENDER)
    except upstream.UnknownAlias:
        raise _Ends(State.REFUSED, f"the account “{alias}” is no longer configured") from None
    if found.error:
        raise _failed_look(found, found.error.kind)
    assert found.session is not None, "an answer without an error is recorded"
    return found.session


def _failed_look(found: LookUpResult, kind: str) -> Exception:
    why = f"{found.label} {FAILURES[kind]} when the session was looked up"
    # A clear no, such as "not found", is no different a second later; "slow down" may be.
    if kind in REFUSALS and kind != "rate_limited":
        return _Ends(State.REFUSED, why)
    return _NotNow(why)


def _refuse_if_running(scheduled: ScheduledResume, session: RemoteSession) -> None:
    """Raises _Ends where the newest answer says that the session is not paused, or that it runs."""
    card = build_card(session)
    reported_at = card.paused.reported_at
    # An older report was there when it was scheduled all the same.
    is_new = reported_at is not None and reported_at > scheduled.scheduled_at
    if card.paused.value == PausedValue.NO and is_new:
        raise _Ends(State.NOT_NEEDED, f"{card.label} reported it as not paused")
    if upstream.is_running_state(session.alias, session.state):
        raise _Ends(State.NOT_NEEDED, f"{card.label} described it as {session.state}")


def _resume(scheduled: ScheduledResume, by: Actor) -> None:
    session = scheduled.session
    request = AttemptRequest(
        alias=session.alias,
        session_id=session.session_id,
        reason=scheduled.reason,
        ticket=scheduled.ticket,
        # Its id is the token of its attempt. Nobody saw a page: the scheduling has what was shown.
        form_token=FormToken(scheduled.pk, None),
        by=by,
        scheduled=scheduled,
    )
    try:
        resume(request)
    except AuditLogUnavailable as problem:
        raise _NotNow(f"the audit log couldn’t be written ({problem})") from problem
    except upstream.UnknownAlias:
        why = f"the account “{session.alias}” is no longer configured"
        raise _Ends(State.REFUSED, why) from None
    except AttemptBlocked as blocked:
        raise _Ends(State.REFUSED, describe_block(blocked.blocking)) from None
    except LimitReached as reached:
        record_limit(session.alias, session.session_id, reached, by=by)
        raise _Ends(State.REFUSED, describe_reached_limit(reached, by)) from None
