"""Sends checkpoints to their sinks: mail, or a webhook that takes the line as the body of a POST.

A request only makes a checkpoint; the collector and the commands send it. A line may arrive twice
when a process dies between sending it and recording that: better than never. Nothing but the line
and the log's id leaves.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from pingadmin.audit.integrity.log_identity import identify_log
from pingadmin.audit.models import KeptCheckpoint
from pingadmin.config.secret import Secret
from pingadmin.http.errors import RequestError
from pingadmin.http.post import post_json

# Beside the line: its form is signed, and stays.
LOG_HEADER = "X-Pingadmin-Log"
# How long until the next try after each failed one. After the last it is given up.
RETRY_DELAYS = [timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 7200)]
# How long a sender has a checkpoint to itself. It is due again should the process die.
LEASE = timedelta(minutes=1)

log = logging.getLogger(__name__)


def send_next() -> bool:
    """Send the checkpoint that is due longest to its remaining sinks; whether one was due."""
    now = timezone.now()
    kept = KeptCheckpoint.objects.due_for_sinks(now).first()
    if kept is None:
        return False
    # Of several senders one gets it.
    mine = KeptCheckpoint.objects.filter(pk=kept.pk, next_try_at=kept.next_try_at)
    if mine.update(next_try_at=now + LEASE, tries=kept.tries + 1):
        _send(kept)
    return True


def send_all_due() -> None:
    """Send every checkpoint that is due. One that fails is not due again for a while."""
    while send_next():
        pass


def _send(kept: KeptCheckpoint) -> None:
    results = {sink: _send_to(sink, kept.line) for sink in kept.unsent_sinks}
    failures = {sink: problem for sink, problem in results.items() if problem}
    tries = kept.tries + 1
    next_try_at: datetime | None = None
    if failures and tries <= len(RETRY_DELAYS):
        next_try_at = timezone.now() + RETRY_DELAYS[tries - 1]
    elif failures:
        log.error("a checkpoint was given up after %d tries: %s", tries, ", ".join(failures))
    KeptCheckpoint.objects.filter(pk=kept.pk).update(
        unsent_sinks=list(failures),
        failed_sinks="; ".join(f"{sink}: {problem}" for sink, problem in failures.items()),
        next_try_at=next_try_at,
    )


def _send_to(sink: str, line: str) -> str:
    """How sending failed, as the second half of a sentence; "" where it did not."""
    if sink not in settings.CHECKPOINT_SINKS:
        return "is not in CHECKPOINT_SINKS any more"
    identity = identify_log()
    log_id = identity.id if identity else ""
    try:
        if sink.startswith("mail:"):
            address = sink.removeprefix("mail:")
            subject = f"pingadmin audit checkpoint, log {log_id}"
            send_mail(subject, f"{line}\n", None, [address])
        else:
            post_json(Secret(sink), line.encode(), headers={LOG_HEADER: log_id})
    except RequestError as error:
        log.warning("a checkpoint could not be sent to %s: %s", sink, error.kind)
        return error.sentence
    # Whatever a mail server makes the library raise, the other sinks are still sent to.
    except Exception as error:
        log.exception("a checkpoint could not be sent to %s", sink)
        return f"could not be sent to ({type(error).__name__})"
    return ""
