"""Works through a bulk resume, one ordinary resume after another, in a thread of the web process.

There is no queue: what this thread does not send is not sent. It asks before each item whether it may go on.
"""

import logging
import threading
from collections import defaultdict
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connections
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.record.actors import Actor
from pingadmin.remote_sessions.lookup.limits import LimitReached
from pingadmin.resumes.attempts import SessionHeld
from pingadmin.resumes.bulk import lifecycle as bulks
from pingadmin.resumes.form_token import Press
from pingadmin.resumes.limits import record_limit
from pingadmin.resumes.models import Attempt, BulkItem, BulkResume
from pingadmin.resumes.resume import NothingSent, resume
from pingadmin.upstream.errors import FAILURES
from pingadmin.web.shutdown import is_shutting_down
from pingadmin.web.wording import duration

UNKNOWN_IN_A_ROW = 2
NOT_SENT_IN_A_ROW = 3

log = logging.getLogger(__name__)


def begin(bulk: BulkResume, *, by: Actor) -> None:
    """Work on it in a thread. The process waits for the item under way before it ends."""
    threading.Thread(
        target=_work, args=(bulk, by), name=f"bulk-resume-{bulk.pk}", daemon=False
    ).start()


def run(bulk: BulkResume, *, by: Actor) -> None:
    """Work on it until its end, or until its lease has run out."""
    answers: dict[str, list[Attempt]] = defaultdict(list)
    why_end = ""
    for item in bulk.items.all():
        if not bulks.hold(bulk):
            return
        why_end = _why_end(bulk, by) or _take_turn(bulk, item, answers[item.alias], by)
        if why_end:
            break
    bulks.end(bulk, why_end)


def why_leave(answered: list[Attempt]) -> str:
    """Why an account is left alone after these attempts, in order; empty when it is not.

    Each press whose outcome is unknown is a question that somebody must look into: two in a row say that the
    third would be one more. A refused key or "slow down" is an answer to all that would follow.
    """
    if not answered:
        return ""
    last = answered[-1]
    label = upstream.api_for(last.session.alias).label
    if last.failure in ("refused_key", "rate_limited"):
        return f"{label} {FAILURES[last.failure]} before"
    if _all(answered[-UNKNOWN_IN_A_ROW:], "unknown", UNKNOWN_IN_A_ROW):
        return f"the outcomes of the two before at {label} are unknown; look at those first"
    if _all(answered[-NOT_SENT_IN_A_ROW:], "not_sent", NOT_SENT_IN_A_ROW):
        return f"the three before at {label} could not be sent either"
    return ""


def why_held(attempt: Attempt) -> str:
    """Why an attempt stands in the way of another, as half a sentence."""
    if attempt.is_open:
        return f"{attempt.actor_name} is at it already"
    return "the outcome of the last press is unknown, and nobody could look at the session since"


def _work(bulk: BulkResume, by: Actor) -> None:
    try:
        run(bulk, by=by)
    except Exception:
        # Its lease runs out, and the page says so; what was under way is found by reconcile.
        log.exception("a bulk resume was left before its end: %s", bulk.pk)
    finally:
        connections.close_all()


def _why_end(bulk: BulkResume, by: Actor) -> str:
    if bulk.stop_asked_at:
        return bulk.why_ended
    if is_shutting_down():
        return "the server was told to stop"
    if timezone.now() - bulk.begun_at > timedelta(seconds=settings.BULK_SECONDS):
        return f"its {duration(settings.BULK_SECONDS)} were over"
    person = get_user_model().objects.filter(pk=by.id, is_active=True).first()
    if person is None or not person.has_perm("resumes.resume"):
        return f"{by.name} may not resume sessions any more"
    return ""


def _take_turn(bulk: BulkResume, item: BulkItem, answered: list[Attempt], by: Actor) -> str:
    """Resume one item, or write why not. answered: the account's attempts so far; its own is added. Returns why
    all ends here, else an empty text."""
    why_not = why_leave(answered)
    if not why_not:
        try:
            answered.append(_resume(bulk, item, by))
        except NothingSent as problem:
            return f"the audit log could not be written ({problem})"
        except upstream.UnknownAlias:
            why_not = f"the account “{item.alias}” is not set"
        except SessionHeld as held:
            why_not = why_held(held.attempt)
        except LimitReached as reached:
            record_limit(item.alias, item.session_id, reached, by=by)
            why_not = _limit_in_words(reached, by)
    if why_not:
        BulkItem.objects.filter(pk=item.pk).update(why_not=why_not)
    return ""


def _limit_in_words(reached: LimitReached, by: Actor) -> str:
    """For everybody who reads it, at any time."""
    again_at = timezone.now() + timedelta(seconds=reached.retry_after)
    limit = reached.limit.replace(" by you ", f" by {by.name} ")
    return f"{limit} is the limit; possible again from {again_at:%H:%M:%S} UTC on"


def _resume(bulk: BulkResume, item: BulkItem, by: Actor) -> Attempt:
    return resume(
        alias=item.alias,
        session_id=item.session_id,
        reason=bulk.reason,
        ticket=bulk.ticket,
        press=Press(item.token, item.shown),
        by=by,
        batch=str(bulk.pk),
    ).attempt


def _all(attempts: list[Attempt], result: str, number: int) -> bool:
    return len(attempts) == number and all(attempt.result == result for attempt in attempts)
