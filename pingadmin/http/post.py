"""Posts a small JSON message to an address of the team's, such as a webhook or a checkpoint sink.

The address is a secret: whoever holds it may post in the team's name. So only the wire sees it,
and errors carry a kind and a status. The response is bounded and its content is not read.
"""

from time import monotonic

from django.conf import settings

from pingadmin.config.secret import Secret
from pingadmin.http.deadline import Call
from pingadmin.http.errors import RequestError, classify_status
from pingadmin.http.wire import GuardedClient, tls_context

DEADLINE_SECONDS = 8
MAX_RESPONSE_BYTES = 64_000


def post_json(address: Secret, body: bytes) -> int:
    """Post once, within DEADLINE_SECONDS for all of it; the status, a 2xx.

    Raises RequestError for anything else, a redirect included.
    """
    # The address stands for the key as well, so that an echo of it is removed from responses.
    client = GuardedClient(address.reveal(), address, "", tls=tls_context())
    call = Call(monotonic() + DEADLINE_SECONDS, settings.UPSTREAM_CONNECT_SECONDS)
    response = client.send(
        "POST", "", call, max_bytes=MAX_RESPONSE_BYTES, new_connection=True, body=body
    )
    if 200 <= response.status < 300:
        return response.status
    raise RequestError(
        classify_status(response.status),
        sent=True,
        status=response.status,
        retry_after=response.retry_after,
    )
