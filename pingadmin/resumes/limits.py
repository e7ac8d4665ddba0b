"""How often sessions may be resumed and paused, counted from the attempts, so that a restart forgets nothing."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from pingadmin.audit.record.actors import Actor
from pingadmin.audit.record.throttle import append_throttled
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import RESUME, Action
from pingadmin.resumes.models import Attempt


def check_limits(action: Action, *, session: RemoteSession, by: Actor, now: datetime) -> None:
    """Raises LimitReached."""
    counted = _counted(action)
    what = "acts" if action.pauses else "resumes"
    for allowed, seconds in settings.RESUME_LIMITS:
        _check(counted.filter(actor_id=by.id), f"{what} by you", allowed, seconds, now)
    for allowed, seconds in settings.RESUME_LIMITS_PER_SESSION:
        _check(counted.filter(session=session), f"{what} of this session", allowed, seconds, now)


def left_for(person_id: str, *, now: datetime) -> int:
    """How many resumes a person may make now, were each of another session."""
    sent = _counted(RESUME).filter(actor_id=person_id)
    used = [
        (allowed, sent.filter(opened_at__gt=now - timedelta(seconds=seconds)).count())
        for allowed, seconds in settings.RESUME_LIMITS
    ]
    return min(max(0, allowed - count) for allowed, count in used)


def limits_in_words() -> str:
    """`10 in 1 min, 60 in 60 min`: the limits of a person."""
    return ", ".join(
        f"{allowed} in {_span(seconds)}" for allowed, seconds in settings.RESUME_LIMITS
    )


def record_limit(
    alias: str, session_id: str, reached: LimitReached, *, by: Actor, action: Action = RESUME
) -> None:
    """Write a refused press into the audit log, once a minute for a person and session."""
    append_throttled(
        f"{action.name}_limit",
        by.id,
        alias,
        session_id,
        seconds=60,
        action=f"{action.name}_limit",
        phase="event",
        by=by,
        alias=alias,
        session_id=session_id,
        detail={"limit": reached.limit},
    )


def _counted(action: Action) -> QuerySet:
    """The attempts that count against one more such act. Presses of which nothing was sent do not.

    A pause counts every act, so that nobody pauses and resumes without end. A resume counts resumes alone: pauses
    never use up the way back.
    """
    sent = Attempt.objects.exclude(result="not_sent")
    return sent if action.pauses else sent.filter(action=action.name)


def _check(attempts, what: str, allowed: int, seconds: int, now: datetime) -> None:
    window = timedelta(seconds=seconds)
    times = (
        attempts.filter(opened_at__gt=now - window)
        .order_by("-opened_at")
        .values_list("opened_at", flat=True)
    )
    newest = list(times[:allowed])
    if len(newest) == allowed:
        wait = int((newest[-1] + window - now).total_seconds()) + 1
        raise LimitReached(limit=f"{allowed} {what} in {_span(seconds)}", retry_after=wait)


def _span(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
