"""A requests session for libraries that bring their own calls: they obey our deadline all the same.

Nothing is redirected, proxied or taken from .netrc, no cookie is kept, TLS is always verified, and
a response is read to a bounded length.
"""

import http.client
from time import monotonic
from typing import Any

import requests
import urllib3
from django.conf import settings

from pingadmin.http.deadline import Call, current_call
from pingadmin.http.wire import CHUNK_BYTES, Adapter, tls_context

MAX_RESPONSE_BYTES = 256_000
# What a session raises.
SessionError = requests.RequestException


class DeadlineSession(requests.Session):
    """Every request of it together ends when the call does.

    Raises SessionError for whatever goes wrong, a redirect included.
    """

    def __init__(self, call: Call) -> None:
        super().__init__()
        self.trust_env = False
        self._call = call
        for scheme in ("https://", "http://"):
            self.mount(scheme, Adapter(tls_context(), connections=1))

    def request(  # type: ignore[override]
        self, method: Any, url: Any, **options: Any
    ) -> requests.Response:
        options |= {"allow_redirects": False, "stream": True}
        try:
            with current_call(self._call):
                response = super().request(method, url, **options)
                _read(response)
        except requests.RequestException:
            raise
        except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException) as error:
            raise requests.ConnectionError(type(error).__name__) from error
        if response.is_redirect:
            raise requests.TooManyRedirects("a redirect is not followed", response=response)
        if not self._call.is_in_time():
            raise requests.Timeout("the answer came too late")
        return response


def _read(response: requests.Response) -> None:
    """Reads the body once, as far as it is accepted, in place of whoever asks for it later."""
    body = bytearray()
    while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > MAX_RESPONSE_BYTES:
            response.close()
            raise requests.ConnectionError("more was sent than we accept")
    response.raw.release_conn()
    response._content = bytes(body)


class ReportSession(requests.Session):
    """For a library that sends reports of its own accord: each request within `seconds` in all."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def request(  # type: ignore[override]
        self, method: Any, url: Any, **options: Any
    ) -> requests.Response:
        call = Call(monotonic() + self._seconds, settings.UPSTREAM_CONNECT_SECONDS)
        options["headers"] = {**self.headers, **(options.get("headers") or {})}
        # Of the library's own time-out, and of which certificates it would believe, we know better.
        for name in ("timeout", "verify", "cert"):
            options.pop(name, None)
        with DeadlineSession(call) as session:
            return session.request(method, url, **options)
