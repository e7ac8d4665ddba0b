"""How an account of an upstream is asked: within a deadline, within its slots, through its circuit breaker.

A read may be tried a second time, inside the same deadline, where that may help. A write is tried once,
whatever happens: nobody documents that resuming twice is harmless.
"""

import random
import ssl
from time import monotonic, sleep
from typing import Literal

from django.conf import settings

from pingadmin.config.secret import Secret
from pingadmin.http.deadline import Call
from pingadmin.http.wire import Stream, Wire, tls_context
from pingadmin.upstream.answers import Answer
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.isolation import CircuitBreaker, Slots

INFRASTRUCTURE = {"unreachable", "tls", "timed_out", "broken_off"}
WORTH_A_SECOND_TRY = {"unreachable", "broken_off"}
SERVER_FAILURES = {500, 502, 503, 504}
JITTER_SECONDS = (0.05, 0.25)


class Transport:
    """Asks one account of one upstream. Shared by threads; one for a process, or the slots count wrong.

    authorization: the Authorization header, {} being the key. tls: an ssl.SSLContext for an upstream whose
    certificate the usual authorities did not sign; no setting reaches it.
    """

    def __init__(
        self,
        *,
        base_url: str,
        api_key: Secret,
        authorization: str,
        tls: ssl.SSLContext | None = None,
    ):
        self._wire = Wire(
            base_url,
            api_key,
            authorization,
            tls=tls or tls_context(),
            kept=settings.UPSTREAM_READ_SLOTS,
        )
        self._slots = Slots(
            read=settings.UPSTREAM_READ_SLOTS,
            write=settings.UPSTREAM_WRITE_SLOTS,
            wait_seconds=settings.UPSTREAM_SLOT_WAIT_SECONDS,
        )
        self.breaker = CircuitBreaker(
            failures=settings.UPSTREAM_CIRCUIT_FAILURES,
            open_seconds=settings.UPSTREAM_CIRCUIT_OPEN_SECONDS,
        )

    def read(self, path: str, *, most_bytes: int | None = None) -> Answer:
        """GET. Any status; raises UpstreamError. most_bytes: of the body, where the usual cap does not fit."""
        deadline = monotonic() + settings.UPSTREAM_READ_SECONDS
        with self._slots.hold("read"):
            return self._through_breaker(
                "GET", path, deadline, most_bytes or settings.UPSTREAM_BODY_BYTES
            )

    def write(self, method: Literal["PATCH", "POST"], path: str) -> Answer:
        """Send a request without a body. Any status; raises UpstreamError, and its `sent` is exact."""
        deadline = monotonic() + settings.UPSTREAM_WRITE_SECONDS
        with self._slots.hold("write"):
            return self._through_breaker(method, path, deadline, settings.UPSTREAM_BODY_BYTES)

    def open(self, path: str, call: Call, *, headers: dict) -> Answer | Stream:
        """GET an event stream, or the answer that came in its place. Raises UpstreamError.

        It takes no slot: it would hold it for hours, and look-ups would wait. It goes past the circuit breaker: who
        follows has a pace of its own for coming back, and a stream that breaks often says nothing about look-ups.
        """
        return self._wire.open(
            path,
            call,
            headers=headers,
            most_bytes=settings.UPSTREAM_BODY_BYTES,
            idle_seconds=settings.EVENT_STREAM_IDLE_SECONDS,
        )

    def without_key(self, data: bytes) -> bytes:
        """What the upstream said, with the key struck out."""
        return self._wire.without_key(data)

    def _through_breaker(self, method, path, deadline, most_bytes):
        probe = self.breaker.enter()
        failed = True
        try:
            if method == "GET" and not probe:
                answer = self._read_twice(path, deadline, most_bytes)
            else:
                answer = self._attempt(method, path, deadline, most_bytes, fresh=method != "GET")
            failed = answer.status >= 500
            return answer
        except UpstreamError as error:
            failed = error.kind in INFRASTRUCTURE
            raise
        finally:
            self.breaker.leave(probe=probe, failed=failed)

    def _read_twice(self, path, deadline, most_bytes):
        answer = error = None
        try:
            answer = self._attempt("GET", path, deadline, most_bytes, fresh=False)
            again = answer.status in SERVER_FAILURES
        except UpstreamError as failure:
            error = failure
            again = error.kind in WORTH_A_SECOND_TRY
        pause = random.uniform(*JITTER_SECONDS)  # noqa: S311 - spreads load, hides nothing
        if again and monotonic() + pause < deadline:
            sleep(pause)
            return self._attempt("GET", path, deadline, most_bytes, fresh=True)
        if error:
            raise error
        return answer

    def _attempt(self, method, path, deadline, most_bytes, *, fresh):
        call = Call(deadline, settings.UPSTREAM_CONNECT_SECONDS)
        return self._wire.ask(method, path, call, most_bytes=most_bytes, fresh=fresh)
