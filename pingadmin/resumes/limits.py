"""How often sessions may be resumed and paused, and agents be spoken to.

Counted from the stored attempts, so that a restart forgets nothing.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.models import Attempt, AttemptQuerySet


def lock_person(by: Actor) -> None:
    """Lets acts of one person wait for each other, until the end of the transaction.

    Two at once would each count without the other. SQLite lets only one of them write anyway.
    """
    get_user_model().objects.select_for_update(no_key=True).filter(pk=by.id).first()


def check_limits(action: Action, *, session: RemoteSession, by: Actor, now: datetime) -> None:
    """Raises LimitReached if one more is too many, for the person or for the session.

    Exact only behind lock_person().
    """
    counted = _counted_attempts(action)
    noun = "actions" if action is Action.PAUSE else f"{action.noun}s"
    for allowed, seconds in settings.RESUME_LIMITS:
        _check_limit(counted.of_person(by.id), f"{noun} by you", allowed, seconds, now)
    for allowed, seconds in settings.RESUME_LIMITS_PER_SESSION:
        _check_limit(
            counted.filter(session=session), f"{noun} of this session", allowed, seconds, now
        )


def resumes_left(person_id: str, *, now: datetime) -> int:
    """How many resumes a person may make now, each of another session."""
    counted = _counted_attempts(Action.RESUME).of_person(person_id)
    return min(
        max(0, allowed - counted.filter(opened_at__gt=now - timedelta(seconds=seconds)).count())
        for allowed, seconds in settings.RESUME_LIMITS
    )


def describe_limits() -> str:
    """A person's limits: `10 in 1 min, 60 in 60 min`."""
    return ", ".join(
        f"{allowed} in {_describe_window(seconds)}" for allowed, seconds in settings.RESUME_LIMITS
    )


def describe_reached_limit(reached: LimitReached, by: Actor) -> str:
    """Half a sentence for everybody, at any time: with the person's name and the time of day."""
    again_at = timezone.now() + timedelta(seconds=reached.retry_after)
    limit = reached.limit.replace(" by you ", f" by {by.name} ")
    return f"the limit is {limit}; possible again from {again_at:%H:%M:%S} UTC"


def record_limit(
    alias: str, session_id: str, reached: LimitReached, *, by: Actor, action: Action = Action.RESUME
) -> None:
    """Writes a refused attempt into the audit log, once a minute for a person and session."""
    name = f"{action.value}_limit"
    append_throttled(
        name,
        by.id,
        alias,
        session_id,
        seconds=60,
        action=name,
        phase="event",
        by=by,
        alias=alias,
        session_id=session_id,
        detail={"limit": reached.limit},
    )


def _counted_attempts(action: Action) -> AttemptQuerySet:
    """The attempts that count against one more such action. Those of which nothing was sent do not.

    A pause counts resumes too, so that nobody pauses and resumes without end. Every other action
    counts itself alone: pauses never use up the way back.
    """
    counted = [Action.RESUME, Action.PAUSE] if action is Action.PAUSE else [action]
    return Attempt.objects.reached_upstream().filter(action__in=counted)


def _check_limit(
    attempts: AttemptQuerySet, what: str, allowed: int, seconds: int, now: datetime
) -> None:
    window = timedelta(seconds=seconds)
    recent = attempts.filter(opened_at__gt=now - window).newest_first()
    # No more than the limit are read: whether there are as many is all that counts.
    times = list(recent.values_list("opened_at", flat=True)[:allowed])
    if len(times) == allowed:
        # The window ends for the oldest of these first; one second more, so that waiting is enough.
        wait = int((times[-1] + window - now).total_seconds()) + 1
        raise LimitReached(
            limit=f"{allowed} {what} in {_describe_window(seconds)}", retry_after=wait
        )


def _describe_window(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
