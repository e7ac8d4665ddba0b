"""Posts one JSON message to the team's webhook, over the same guarded wire as every upstream call.

The address is a secret: whoever holds it may post in the team's name. So it is told to nobody but the wire, and errors
are words. Nothing is redirected, proxied or sent twice; the answer is bounded and its content not read.
"""

import json
from time import monotonic

from django.conf import settings

from pingadmin.config.secret import Secret
from pingadmin.http.deadline import Call
from pingadmin.http.wire import Wire, tls_context
from pingadmin.upstream.answers import Answer, error_of

SECONDS = 8
MOST_BYTES = 64_000


def post(address: Secret, message: dict) -> int:
    """Send a message once; the status, a 2xx. Raises UpstreamError for anything else, with `retry_after` if told."""
    wire = _Webhook(address, message)
    call = Call(monotonic() + SECONDS, settings.UPSTREAM_CONNECT_SECONDS)
    answer = wire.ask("POST", "", call, most_bytes=MOST_BYTES, fresh=True)
    if 200 <= answer.status < 300:
        return answer.status
    raise error_of(_without_words(answer))


class _Webhook(Wire):
    """A wire whose address is its key, and whose one request has a body."""

    def __init__(self, address, message):
        super().__init__(address.reveal(), address, "", tls=tls_context(), kept=1)
        self._message = message

    def _request(self, method, path, more_headers):
        prepared = super()._request(
            method, path, {"Content-Type": "application/json"} | more_headers
        )
        del prepared.headers["Authorization"]
        prepared.prepare_body(json.dumps(self._message).encode(), None)
        return prepared


def _without_words(answer: Answer) -> Answer:
    """What a webhook says is kept nowhere: it may repeat its own address."""
    return Answer(answer.status, "", b"", answer.answered_at, answer.retry_after)
