"""Further places that a checkpoint is sent to: mail, or a webhook that takes the line as the body of a POST.

A sink that fails is named and never in the way: the file and the log hold the line already. Nothing but the
line leaves; answers are not read.
"""

import logging
import urllib.request

from django.conf import settings
from django.core.mail import send_mail

SECONDS = 5

log = logging.getLogger(__name__)


def send(line: str) -> list[str]:
    """Send to every sink of CHECKPOINT_SINKS. Returns those that failed, each with why."""
    return [problem for sink in settings.CHECKPOINT_SINKS if (problem := _problem(sink, line))]


def _problem(sink: str, line: str) -> str:
    try:
        (_mail if sink.startswith("mail:") else _post)(sink, line)
    except Exception as error:
        log.exception("checkpoint could not be sent to %s", sink)
        return f"{sink}: {type(error).__name__}"
    return ""


def _mail(sink: str, line: str) -> None:
    send_mail("pingadmin audit checkpoint", f"{line}\n", None, [sink.removeprefix("mail:")])


def _post(sink: str, line: str) -> None:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(sink, line.encode(), headers, method="POST")  # noqa: S310 - settings allow https
    # Neither a proxy of the environment nor a redirect leads it elsewhere.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    opener.open(request, timeout=SECONDS).close()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None
