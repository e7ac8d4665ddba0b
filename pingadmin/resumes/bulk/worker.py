"""Works through a bulk resume, one ordinary resume after another, in a thread of the web process.

There is no queue: what this thread doesn't send is not sent. Before each item it checks whether it
may continue.
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
from pingadmin.resumes.attempts import AttemptBlocked, AttemptRequest
from pingadmin.resumes.bulk.lifecycle import end_bulk_resume, extend_lease
from pingadmin.resumes.form_token import FormToken
from pingadmin.resumes.limits import describe_reached_limit, record_limit
from pingadmin.resumes.models import Attempt, BulkItem, BulkResume
from pingadmin.resumes.outcome_sentences import describe_block
from pingadmin.resumes.results import Result
from pingadmin.resumes.resume import AuditLogUnavailable, resume
from pingadmin.upstream.errors import FAILURES
from pingadmin.web.shutdown import is_shutting_down
from pingadmin.web.wording import duration

# So many in a row at one account, and the rest of its items are not tried.
MAX_UNKNOWN_IN_A_ROW = 2
MAX_NOT_SENT_IN_A_ROW = 3

log = logging.getLogger(__name__)


def start_in_thread(bulk: BulkResume, *, by: Actor) -> None:
    """Works on it in a thread. The process waits for the item under way before it ends."""
    threading.Thread(
        target=_run_and_clean_up, args=(bulk, by), name=f"bulk-resume-{bulk.pk}", daemon=False
    ).start()


def run(bulk: BulkResume, *, by: Actor) -> None:
    """Works on it until its end, or until its lease has run out."""
    attempts_by_account: dict[str, list[Attempt]] = defaultdict(list)
    reason_to_end = ""
    for item in bulk.items.all():
        # Without the lease its end is not ours to write: the page says that the process is gone.
        if not extend_lease(bulk):
            return
        reason_to_end = _reason_to_end(bulk, by) or _resume_item(
            bulk, item, attempts_by_account[item.alias], by
        )
        if reason_to_end:
            break
    end_bulk_resume(bulk, reason_to_end)


def reason_to_skip(attempts: list[Attempt]) -> str:
    """Why the rest of an account's items are not tried, after these attempts; empty if they are.

    Somebody has to look into every unknown outcome: after two in a row, a third would only be one
    more. A refused key or "slow down" answers all that would follow.
    """
    if not attempts:
        return ""
    last = attempts[-1]
    account = upstream.get_label(last.session.alias)
    if last.failure in ("refused_key", "rate_limited"):
        return f"{account} {FAILURES[last.failure]} before"
    if _ends_with(attempts, Result.UNKNOWN, MAX_UNKNOWN_IN_A_ROW):
        return f"the last two outcomes at {account} are unknown; look at those first"
    if _ends_with(attempts, Result.NOT_SENT, MAX_NOT_SENT_IN_A_ROW):
        return f"the last three at {account} couldn’t be sent either"
    return ""


def _run_and_clean_up(bulk: BulkResume, by: Actor) -> None:
    try:
        run(bulk, by=by)
    except Exception:
        # Its lease runs out and the page says so; reconcile finds the attempt that was under way.
        log.exception("a bulk resume stopped before its end: %s", bulk.pk)
    finally:
        # Django closes connections at the end of a request, and no request ends in this thread.
        connections.close_all()


def _reason_to_end(bulk: BulkResume, by: Actor) -> str:
    """Why nothing more may be sent, as half a sentence; empty when the next item may be tried."""
    if bulk.stop_requested_at:
        return bulk.end_reason
    if is_shutting_down():
        return "the server was told to stop"
    if timezone.now() - bulk.begun_at > timedelta(seconds=settings.BULK_SECONDS):
        return f"it took longer than {duration(settings.BULK_SECONDS)}"
    # Read for each item: a role that is taken away counts from the next item on.
    person = get_user_model().objects.filter(pk=by.id, is_active=True).first()
    if person is None or not person.has_perm("resumes.resume"):
        return f"{by.name} may no longer resume sessions"
    return ""


def _resume_item(bulk: BulkResume, item: BulkItem, attempts: list[Attempt], by: Actor) -> str:
    """Resumes one item, or writes why not. Returns why the whole list ends here, or an empty text.

    attempts: those at the item's account so far; its own is added.
    """
    skip_reason = reason_to_skip(attempts)
    if not skip_reason:
        try:
            attempts.append(_resume(bulk, item, by))
        except AuditLogUnavailable as problem:
            return f"the audit log couldn’t be written ({problem})"
        except upstream.UnknownAlias:
            skip_reason = f"the account “{item.alias}” is no longer configured"
        except AttemptBlocked as blocked:
            skip_reason = describe_block(blocked.blocking)
        except LimitReached as reached:
            record_limit(item.alias, item.session_id, reached, by=by)
            skip_reason = describe_reached_limit(reached, by)
    if skip_reason:
        BulkItem.objects.filter(pk=item.pk).update(skip_reason=skip_reason)
    return ""


def _resume(bulk: BulkResume, item: BulkItem, by: Actor) -> Attempt:
    request = AttemptRequest(
        alias=item.alias,
        session_id=item.session_id,
        reason=bulk.reason,
        ticket=bulk.ticket,
        form_token=FormToken(item.token, item.shown),
        by=by,
        batch=str(bulk.pk),
    )
    return resume(request).attempt


def _ends_with(attempts: list[Attempt], result: Result, count: int) -> bool:
    last = attempts[-count:]
    return len(last) == count and all(attempt.result == result for attempt in last)
