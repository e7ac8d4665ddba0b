"""How often sessions may be resumed, counted from the attempts themselves, so that a restart forgets nothing."""

from datetime import datetime, timedelta

from django.conf import settings

from pingadmin.audit.actors import Actor
from pingadmin.audit.once import append_once
from pingadmin.remote_sessions.limits import LimitReached
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import ResumeAttempt


def check_resume_limits(*, session: RemoteSession, by: Actor, now: datetime) -> None:
    """Raises LimitReached. Presses of which nothing was sent do not count."""
    sent = ResumeAttempt.objects.exclude(result="not_sent")
    for allowed, seconds in settings.RESUME_LIMITS:
        _check(sent.filter(actor_id=by.id), "by you", allowed, seconds, now)
    for allowed, seconds in settings.RESUME_LIMITS_PER_SESSION:
        _check(sent.filter(session=session), "of this session", allowed, seconds, now)


def record_limit(alias: str, session_id: str, reached: LimitReached, *, by: Actor) -> None:
    """Write a refused press into the audit log, once a minute for a person and session."""
    append_once(
        "resume_limit",
        by.id,
        alias,
        session_id,
        seconds=60,
        action="resume_limit",
        phase="event",
        by=by,
        alias=alias,
        session_id=session_id,
        detail={"limit": reached.limit},
    )


def _check(attempts, whose: str, allowed: int, seconds: int, now: datetime) -> None:
    window = timedelta(seconds=seconds)
    times = attempts.filter(opened_at__gt=now - window).order_by("-opened_at").values_list("opened_at", flat=True)
    newest = list(times[:allowed])
    if len(newest) == allowed:
        wait = int((newest[-1] + window - now).total_seconds()) + 1
        raise LimitReached(limit=f"{allowed} resumes {whose} in {_span(seconds)}", retry_after=wait)


def _span(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds >= 60 else f"{seconds} s"
