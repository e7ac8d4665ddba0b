"""How an account is asked: within a deadline, in one of its slots, through its circuit breaker.

A read may be tried a second time, inside the same deadline, where that may help. A write is tried
once, whatever happens: nothing documents that resuming twice is harmless.
"""

import random
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, sleep

from django.conf import settings
from prometheus_client import Histogram

from pingadmin.config.secret import Secret
from pingadmin.http.deadline import Call
from pingadmin.http.errors import RequestError
from pingadmin.http.response import Response
from pingadmin.http.wire import GuardedClient, ResponseStream, tls_context
from pingadmin.telemetry import counters, tracing
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.isolation import Bulkhead, CircuitBreaker

INFRASTRUCTURE_FAILURES = {"unreachable", "tls", "timed_out", "broken_off"}
RETRYABLE_FAILURES = {"unreachable", "broken_off"}
RETRYABLE_STATUSES = {500, 502, 503, 504}
JITTER_SECONDS = (0.05, 0.25)
CALLS = Histogram(
    "pingadmin_upstream_call_seconds",
    "How long calls to an account took; result: the class of the status, or the kind of failure.",
    ["account", "method", "result"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=counters.REGISTRY,
)


class Transport:
    """Asks one account of one upstream. Threads share it; one per process, or slots miscount.

    alias: of the account, for the figures. authorization: the Authorization header with {} in
    place of the key. tls: a context for an upstream whose certificate the usual authorities did
    not sign; no setting reaches it.
    """

    def __init__(
        self,
        *,
        alias: str,
        base_url: str,
        api_key: Secret,
        authorization: str,
        tls: ssl.SSLContext | None = None,
    ):
        self._alias = alias
        self._client = GuardedClient(
            base_url,
            api_key,
            authorization,
            tls=tls or tls_context(),
            kept=settings.UPSTREAM_READ_SLOTS,
        )
        self._bulkhead = Bulkhead(
            read=settings.UPSTREAM_READ_SLOTS,
            write=settings.UPSTREAM_WRITE_SLOTS,
            wait_seconds=settings.UPSTREAM_SLOT_WAIT_SECONDS,
        )
        self.breaker = CircuitBreaker(
            failures=settings.UPSTREAM_CIRCUIT_FAILURES,
            open_seconds=settings.UPSTREAM_CIRCUIT_OPEN_SECONDS,
        )

    def read(self, path: str, *, max_bytes: int | None = None) -> Response:
        """GET; a response of any status. Raises UpstreamError.

        max_bytes: of the body, where the usual limit does not fit.
        """
        deadline = monotonic() + settings.UPSTREAM_READ_SECONDS
        with self._bulkhead.hold("read"):
            return self._send_through_breaker(
                "GET", path, deadline, max_bytes or settings.UPSTREAM_BODY_BYTES
            )

    def write(self, method: str, path: str, *, body: bytes | None = None) -> Response:
        """Send a request once; a response of any status. body: JSON, None for none.

        Raises UpstreamError, and its `sent` is exact.
        """
        deadline = monotonic() + settings.UPSTREAM_WRITE_SECONDS
        with self._bulkhead.hold("write"):
            return self._send_through_breaker(
                method, path, deadline, settings.UPSTREAM_BODY_BYTES, body=body
            )

    def open_stream(
        self, path: str, call: Call, *, headers: Mapping[str, str | bytes]
    ) -> Response | ResponseStream:
        """GET an event stream, or the response that came in its place. Raises UpstreamError.

        It takes no slot: it would hold it for hours, and look-ups would wait. It bypasses the
        circuit breaker: whoever follows paces its own reconnects, and a stream that breaks often
        says nothing about look-ups.
        """
        try:
            return self._client.open_stream(
                path,
                call,
                headers=headers,
                max_bytes=settings.UPSTREAM_BODY_BYTES,
                idle_seconds=settings.EVENT_STREAM_IDLE_SECONDS,
            )
        except RequestError as error:
            failure = UpstreamError.from_request(error)
        raise failure

    def without_key(self, data: bytes) -> bytes:
        """What the upstream sent, with the key removed."""
        return self._client.without_key(data)

    def _send_through_breaker(
        self,
        method: str,
        path: str,
        deadline: float,
        max_bytes: int,
        *,
        body: bytes | None = None,
    ) -> Response:
        probe = self.breaker.enter()
        # Until an answer says otherwise, so that no exception can leave it unset.
        failed = True
        try:
            # A probe is one call: the upstream may be down still.
            if method == "GET" and not probe:
                response = self._read_twice(path, deadline, max_bytes)
            else:
                # The server may have closed a kept connection, and a write can't be repeated.
                is_write = method != "GET"
                response = self._send(
                    method, path, deadline, max_bytes, new_connection=is_write, body=body
                )
            failed = response.status >= 500
            return response
        except UpstreamError as error:
            failed = error.kind in INFRASTRUCTURE_FAILURES
            raise
        finally:
            self.breaker.leave(probe=probe, failed=failed)

    def _read_twice(self, path: str, deadline: float, max_bytes: int) -> Response:
        """GET, and once more on a new connection where that may help and time is left."""
        response = error = None
        try:
            response = self._send("GET", path, deadline, max_bytes, new_connection=False)
            is_worth_retrying = response.status in RETRYABLE_STATUSES
        except UpstreamError as failure:
            error = failure
            is_worth_retrying = error.kind in RETRYABLE_FAILURES
        pause = random.uniform(*JITTER_SECONDS)  # noqa: S311 - spreads load, hides nothing
        if is_worth_retrying and monotonic() + pause < deadline:
            sleep(pause)
            return self._send("GET", path, deadline, max_bytes, new_connection=True)
        if response is None:
            assert error is not None
            raise error
        return response

    def _send(
        self,
        method: str,
        path: str,
        deadline: float,
        max_bytes: int,
        *,
        new_connection: bool,
        body: bytes | None = None,
    ) -> Response:
        call = Call(deadline, settings.UPSTREAM_CONNECT_SECONDS)
        with self._measured(method) as describe:
            try:
                response = self._client.send(
                    method,
                    path,
                    call,
                    max_bytes=max_bytes,
                    new_connection=new_connection,
                    body=body,
                )
                describe(f"{response.status // 100}xx")
                return response
            except RequestError as error:
                failure = UpstreamError.from_request(error)
                describe(failure.kind)
        # Outside the block, so that the error does not carry the request and its key along.
        raise failure

    @contextmanager
    def _measured(self, method: str) -> Iterator[Callable[[str], None]]:
        """Counts, times and traces one call, whose result the block tells."""
        results = ["failed"]
        began = monotonic()
        try:
            with tracing.span("upstream call") as describe:
                try:
                    yield results.append
                finally:
                    describe("account", self._alias)
                    describe("http.request.method", method)
                    describe("result", results[-1])
        finally:
            CALLS.labels(self._alias, method, results[-1]).observe(monotonic() - began)
