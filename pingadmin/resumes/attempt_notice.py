"""One closed attempt as people read it: its label, its sentence, and what to do next."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from pingadmin import upstream
from pingadmin.resumes.attempts import is_checkable, is_observed_since
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.outcome_sentences import (
    LOOK_FIRST,
    LOOKED_UP_SINCE,
    describe_next_steps,
    describe_outcome,
)
from pingadmin.resumes.results import NOT_CONFIRMED_YET, Result, ResultLabel, label_for

# A collector that runs makes a check within a second of its time.
_OVERDUE_AFTER = timedelta(seconds=15)
# Seconds. A longer wait is told, and nobody watches it run down.
MAX_COUNTDOWN = 60


@dataclass(frozen=True)
class AttemptNotice:
    """A closed attempt in words.

    account: its account's label. sentence: what became of it. next_steps: what else to know and to
    do, a paragraph each. is_observed: whether the upstream told something of the session since.
    wait_seconds: how long the upstream still wants us to wait, MAX_COUNTDOWN at most; 0 for none.
    """

    attempt: Attempt
    account: str
    label: ResultLabel
    sentence: str
    next_steps: list[str]
    is_observed: bool
    wait_seconds: int

    @property
    def advice(self) -> str:
        """What to do about an unknown outcome, in a sentence, where next_steps has no room."""
        if not self.attempt.is_unresolved:
            return ""
        return LOOKED_UP_SINCE if self.is_observed else LOOK_FIRST


def describe_attempt(attempt: Attempt, *, now: datetime | None = None) -> AttemptNotice:
    """A closed attempt in words, for the panel and for a row of a bulk resume."""
    now = now or timezone.now()
    account = account_label(attempt.session.alias)
    reports_paused = is_checkable(attempt)
    is_observed = is_observed_since(attempt, attempt.session)
    check_at = attempt.next_check_at
    is_overdue = check_at is not None and now - check_at > _OVERDUE_AFTER
    # Where look-ups don't report "paused", "not confirmed yet" would promise what can't come.
    label = label_for(attempt.action, attempt.result, attempt.verified)
    if attempt.result == Result.OK and reports_paused and not attempt.verified:
        label = NOT_CONFIRMED_YET
    return AttemptNotice(
        attempt=attempt,
        account=account,
        label=label,
        sentence=describe_outcome(attempt, system=account, reports_paused=reports_paused),
        next_steps=describe_next_steps(
            attempt,
            system=account,
            reports_paused=reports_paused,
            is_observed=is_observed,
            is_overdue=is_overdue,
            has_to_wait=_has_to_wait(attempt, now),
        ),
        is_observed=is_observed,
        wait_seconds=_wait_seconds(attempt, now),
    )


def _has_to_wait(attempt: Attempt, now: datetime) -> bool:
    if not attempt.retry_after or attempt.closed_at is None:
        return False
    return now < attempt.closed_at + timedelta(seconds=attempt.retry_after)


def _wait_seconds(attempt: Attempt, now: datetime) -> int:
    if not attempt.retry_after or attempt.closed_at is None:
        return 0
    passed = (now - attempt.closed_at).total_seconds()
    return max(0, min(attempt.retry_after, MAX_COUNTDOWN) - int(passed))


def account_label(alias: str) -> str:
    """The name of an account for people; its alias where the account is no longer configured."""
    return upstream.get_label(alias) if alias in upstream.aliases() else alias
