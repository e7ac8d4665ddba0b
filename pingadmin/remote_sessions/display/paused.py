"""What may be said about "paused", and how sure it is. Pure.

Ping's status does not show it; only the answers to pause and resume do. AGI shows it in every
look-up. So "paused" is a report with a source and a time. It is doubted when it is old, when
look-ups have failed since, when a resume or pause with an unknown outcome was sent since, or when
the event stream told of something that may come of one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from pingadmin.remote_sessions.models import RemoteSession

# What may have changed it since the report: something that was sent, or a kind of event.
DOUBTED_BY = {
    "": "a resume or pause was sent since, and its outcome is unknown",
    "session_start": "the event stream reported a start since, so it may have been resumed",
    "session_end": "the event stream reported an end since, so it may have been paused",
}


class PausedValue(models.TextChoices):
    """What may be shown as known. The values are in pages' data-* attributes and in the log."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class PausedGrade(models.TextChoices):
    """How it is known: an upstream stated it, or nobody did lately."""

    STATED = "stated"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PausedVerdict:
    """What a page may say about "paused".

    value: what may be shown as known. grade: how it is known. reported, reported_at, source: the
    report behind it, if there is any. doubt: why a report is no longer taken as a fact, as half a
    sentence.
    """

    value: PausedValue
    grade: PausedGrade
    reported: bool | None = None
    reported_at: datetime | None = None
    source: str = ""
    doubt: str = ""

    @property
    def has_unknown_outcome(self) -> bool:
        """Whether it is doubted because nobody knows what became of an action."""
        return self.doubt == DOUBTED_BY[""]


def judge_paused(
    session: RemoteSession, *, now: datetime, status_shows_paused: bool
) -> PausedVerdict:
    """Judge the newest report about "paused" of a session.

    status_shows_paused: whether each look-up at this system reports it (AGI yes, Ping no).
    """
    if session.paused_reported is None or session.paused_reported_at is None:
        return PausedVerdict(PausedValue.UNKNOWN, PausedGrade.UNKNOWN)
    doubt = _find_doubt(
        session,
        session.paused_reported_at,
        now=now,
        status_shows_paused=status_shows_paused,
    )
    value = PausedValue.YES if session.paused_reported else PausedValue.NO
    return PausedVerdict(
        value=PausedValue.UNKNOWN if doubt else value,
        grade=PausedGrade.UNKNOWN if doubt else PausedGrade.STATED,
        reported=session.paused_reported,
        reported_at=session.paused_reported_at,
        source=session.get_paused_reported_source_display(),
        doubt=doubt,
    )


def _find_doubt(
    session: RemoteSession, reported_at: datetime, *, now: datetime, status_shows_paused: bool
) -> str:
    """The first reason not to rely on the report, "" where there is none."""
    if status_shows_paused and session.last_seen_at and session.last_seen_at > reported_at:
        return "the newest answer didn’t say"
    if session.paused_doubted_at and session.paused_doubted_at > reported_at:
        return DOUBTED_BY.get(session.paused_doubted_by, DOUBTED_BY[""])
    if session.failure and session.failed_at and session.failed_at > reported_at:
        return "look-ups have failed since"
    if now - reported_at > timedelta(seconds=settings.PAUSED_STATEMENT_SECONDS):
        return "that’s too long ago to rely on"
    return ""
