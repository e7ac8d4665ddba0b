"""Posts a small JSON message to an address of the team's, such as a webhook or a checkpoint sink.

The address is a secret: whoever holds it may post in the team's name. So only the wire sees it,
and errors carry a kind and a status. The response is bounded, and only asked whether it says yes:
chats answer 200 to what they did not deliver, and so does a proxy's sign-in page.
"""

import json
from collections.abc import Mapping
from time import monotonic

from django.conf import settings

from pingadmin.config.secret import Secret
from pingadmin.http.deadline import Call
from pingadmin.http.errors import HTTPFailure, RequestError, classify_status
from pingadmin.http.wire import GuardedClient, tls_context

DEADLINE_SECONDS = 8
MAX_RESPONSE_BYTES = 64_000


def post_json(
    address: Secret, body: bytes, *, headers: Mapping[str, str | bytes] | None = None
) -> int:
    """Post once, within DEADLINE_SECONDS for all of it; the status, a 2xx.

    Raises RequestError for anything else, a redirect included, and HTTPFailure.UNCONFIRMED for a
    2xx whose body is none of the answers by which receivers are known to say yes.
    """
    # The address stands for the key as well, so that an echo of it is removed from responses.
    client = GuardedClient(address.reveal(), address, "", tls=tls_context())
    call = Call(monotonic() + DEADLINE_SECONDS, settings.UPSTREAM_CONNECT_SECONDS)
    response = client.send(
        "POST",
        "",
        call,
        max_bytes=MAX_RESPONSE_BYTES,
        new_connection=True,
        body=body,
        headers=headers,
    )
    if 200 <= response.status < 300:
        if not _is_yes(response.body):
            raise RequestError(HTTPFailure.UNCONFIRMED, sent=True, status=response.status)
        return response.status
    raise RequestError(
        classify_status(response.status),
        sent=True,
        status=response.status,
        retry_after=response.retry_after,
    )


def _is_yes(body: bytes) -> bool:
    text = body.decode(errors="replace").strip()
    # Nothing, Slack's and Mattermost's ok, and the 1 of Teams.
    if text.lower() in ("", "ok", "1"):
        return True
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(answer, dict):
        return False
    # Google Chat and ntfy answer with the message that they made.
    is_message = str(answer.get("name", "")).startswith("spaces/") or (
        answer.get("event") == "message" and bool(answer.get("id"))
    )
    return answer.get("ok") is True or answer.get("success") is True or is_message
