"""The sentences that tell the result of an attempt, and why an attempt is refused."""

from django.utils.html import format_html

from pingadmin.resumes.models import Attempt
from pingadmin.resumes.results import PROCESS_LOST, Result
from pingadmin.upstream.errors import FAILURES
from pingadmin.web.templatetags.panel import moment
from pingadmin.web.wording import duration, visible

NOT_RECORDED = (
    "The outcome below is known but could not be written to the database. It is kept in a file "
    "and will be recorded as soon as the database answers. Until then nothing can be resumed or "
    "paused: tell whoever runs this panel."
)
NOT_KEPT = (
    "The outcome below is known but could not be written to the database or to a file: it stands "
    "in this panel’s log alone. Write it down, and tell whoever runs this panel."
)
LOOK_FIRST = "Don’t try again before somebody has looked at the session."
PROCESS_LOST_SENTENCE = (
    "The process that was asking ended before it could record the answer; "
    "the request may have been sent."
)
LOOKED_UP_SINCE = "The session has been looked up since: see its page."
STALE_FORM = "this form is too old, or was made for somebody else or another session. Try again."


def describe_outcome(attempt: Attempt, *, system: str, reports_paused: bool) -> str:
    """The outcome of a closed attempt, in a sentence or two.

    system: the account's label. reports_paused: whether the account can be asked for the effect.
    """
    match attempt.result:
        case Result.OK:
            return _describe_success(attempt, system, reports_paused)
        case Result.ALREADY:
            return (
                f"{system} answered that the session was {attempt.kind.already}. Nothing changed."
            )
        case Result.REJECTED:
            failure = FAILURES.get(attempt.failure, "refused the request")
            return f"{system} {failure}. Nothing changed."
        case Result.NOT_SENT:
            return describe_not_sent(f"{system} {FAILURES.get(attempt.failure, '')}")
        case Result.UNKNOWN if attempt.resolved_at:
            return _describe_resolution(attempt)
        case Result.UNKNOWN:
            return _describe_unknown(attempt, system)
    return "This panel doesn’t know this result. Don’t take it for a success."


def describe_next_steps(
    attempt: Attempt,
    *,
    system: str,
    reports_paused: bool,
    is_observed: bool,
    is_overdue: bool,
    has_to_wait: bool,
) -> list[str]:
    """What else to know of a closed attempt and what to do, a paragraph each; some hold HTML.

    is_observed: whether the upstream told something of the session since. is_overdue: whether the
    next check should have happened by now. has_to_wait: whether nothing would be sent yet.
    """
    match attempt.result:
        # The outcome's own sentence says all of a confirmed `ok`.
        case Result.OK if not attempt.verified:
            return _after_success(attempt, reports_paused)
        case Result.REJECTED:
            return _after_refusal(attempt, system, reports_paused)
        case Result.NOT_SENT:
            # A countdown says how long.
            return [] if has_to_wait else ["You can try again now."]
        case Result.UNKNOWN if not attempt.resolved_at:
            return _after_unknown(attempt, reports_paused, is_observed, is_overdue)
    return []


def describe_not_sent(why: str) -> str:
    """That nothing was sent. why: the reason, as half a sentence."""
    return f"Nothing was sent: {why}."


def describe_block(attempt: Attempt) -> str:
    """Why an attempt blocks the next one on its session, as half a sentence."""
    if attempt.is_open:
        return attempt.under_way
    return (
        f"the outcome of the last {attempt.kind.noun} is unknown, "
        "and the session hasn’t been looked up since"
    )


def _describe_success(attempt: Attempt, system: str, reports_paused: bool) -> str:
    action = attempt.kind
    if attempt.verified:
        return f"{system} said {action.done}, and a check afterwards {action.shown}."
    if reports_paused:
        return f"{system} said {action.done}, but no check has shown it yet."
    return f"{system} said {action.effect}."


def _after_success(attempt: Attempt, reports_paused: bool) -> list[str]:
    if not reports_paused:
        return ["Its status doesn’t show this, so we can’t see the effect from here."]
    return ["We’ll check again automatically."] if attempt.next_check_at else []


def _after_refusal(attempt: Attempt, system: str, reports_paused: bool) -> list[str]:
    paragraphs = []
    if attempt.retry_after is not None:
        paragraphs.append(f"It asked us to wait {duration(attempt.retry_after)}.")
    if attempt.failure == "refused_key":
        paragraphs.append("Tell whoever runs this panel: the account needs a working key.")
    if attempt.failure == "refused" and attempt.status == 400 and not reports_paused:
        # Ping has one answer for both, and no look-up tells which it was.
        paragraphs.append(
            f"{system} answers this when a session is {attempt.kind.already}, "
            "and also when it isn’t reusable."
        )
    return paragraphs


def _describe_resolution(attempt: Attempt) -> str:
    is_by_person = attempt.resolved_by == Attempt.Resolution.BY_PERSON
    how = "by a person" if is_by_person else "by a later check"
    return f"The outcome was unknown. Resolved {how}: {visible(attempt.resolution_note)}"


def _describe_unknown(attempt: Attempt, system: str) -> str:
    if attempt.failure == PROCESS_LOST:
        happened = PROCESS_LOST_SENTENCE
    else:
        happened = f"The request was sent, and {system} {FAILURES.get(attempt.failure, '')}."
    return f"{happened} We don’t know whether {attempt.kind.was_done}."


def _after_unknown(
    attempt: Attempt, reports_paused: bool, is_observed: bool, is_overdue: bool
) -> list[str]:
    paragraphs = []
    if not is_observed:
        paragraphs.append(LOOK_FIRST)
    if is_overdue:
        paragraphs.append(
            format_html(
                "The next check is overdue since {}: the collector doesn’t seem to be running. "
                "Click “Look again” yourself.",
                moment(attempt.next_check_at),
            )
        )
    elif attempt.next_check_at:
        if is_observed:
            telling = "may not tell" if reports_paused else "doesn’t tell"
            paragraphs.append(
                f"This page shows what a look-up found since. It {telling} "
                f"what this {attempt.kind.noun} did."
            )
        paragraphs.append(
            format_html("We’ll check again automatically at {}.", moment(attempt.next_check_at))
        )
    else:
        paragraphs.append(
            "We checked for ten minutes and can’t tell. A person has to resolve this."
        )
    return paragraphs
