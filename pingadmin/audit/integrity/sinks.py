"""Further places that a checkpoint is sent to: mail, or a webhook that takes the line as a POST.

A sink that fails is named and never in the way: the file and the log hold the line already.
Nothing but the line leaves, and answers are not read.
"""

import logging

from django.conf import settings
from django.core.mail import send_mail

from pingadmin.config.secret import Secret
from pingadmin.http.errors import RequestError
from pingadmin.http.post import post_json

log = logging.getLogger(__name__)


def send(line: str) -> list[str]:
    """Send to every sink of CHECKPOINT_SINKS. Returns those that failed, each with why."""
    failures = {sink: _send_to(sink, line) for sink in settings.CHECKPOINT_SINKS}
    return [f"{sink}: {failure}" for sink, failure in failures.items() if failure]


def _send_to(sink: str, line: str) -> str:
    """How sending failed, "" where it did not."""
    try:
        if sink.startswith("mail:"):
            address = sink.removeprefix("mail:")
            send_mail("pingadmin audit checkpoint", f"{line}\n", None, [address])
        else:
            post_json(Secret(sink), line.encode())
    except RequestError as error:
        log.warning("checkpoint could not be sent to %s: %s", sink, error.kind)
        return error.kind
    # Whatever a mail server makes the library raise, the other sinks are still sent to.
    except Exception as error:
        log.exception("checkpoint could not be sent to %s", sink)
        return type(error).__name__
    return ""
