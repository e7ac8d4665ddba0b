"""One request and its response on the wire: the only module that knows requests and urllib3.

Nothing is redirected, proxied, decompressed, repeated or taken from .netrc, and no cookie is kept:
all of that lives in requests' Session, which is left out on purpose. TLS is always verified. The
key must not get out: errors are raised outside the `except` blocks that caught the library's own,
because those hold the request, and where a server repeats the key in a response it is removed.
"""

import contextlib
import http.client
import logging
import ssl
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

import requests
import urllib3
from django.conf import settings
from django.utils import timezone
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from pingadmin.config.secret import Secret
from pingadmin.http.connecting import connect
from pingadmin.http.deadline import Call, DeadlineSSLSocket, current_call, get_current_call
from pingadmin.http.errors import HTTPFailure, RequestError
from pingadmin.http.outbound_proxy import connect_for_tls
from pingadmin.http.response import Response, parse_http_date, parse_media_type, parse_retry_after

CHUNK_BYTES = 16_384
STREAM_CHUNK_BYTES = 65_536
EVENT_STREAM = "text/event-stream"
# A shorter key could be any word of a response.
MIN_KEY_BYTES = 8
# urllib3 wants a timeout. The sockets set their own before every wait.
LIBRARY_TIMEOUT_SECONDS = 3600

# At lower levels the library writes what servers sent into the log, line breaks and all.
logging.getLogger("urllib3").setLevel(logging.ERROR)

log = logging.getLogger(__name__)

T = TypeVar("T")


def tls_context(roots: str | None = None) -> ssl.SSLContext:
    """Verifies certificate and host name, TLS 1.2 at least.

    roots: a file of CAs to trust, by default the usual ones and those of CA_FILE.
    """
    return _context(roots or DEFAULT_CA_BUNDLE_PATH, "" if roots else settings.CA_FILE)


@cache
def _context(roots: str, more_roots: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=roots)
    if more_roots:
        context.load_verify_locations(cafile=more_roots)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineSSLSocket
    return context


class GuardedClient:
    """Sends requests to one base URL. Threads may share it.

    authorization: the Authorization header with {} in place of the key, "" for none.
    tls: from tls_context(). kept: how many idle connections to keep at most.
    """

    def __init__(
        self,
        base_url: str,
        api_key: Secret,
        authorization: str,
        *,
        tls: ssl.SSLContext,
        kept: int = 1,
    ):
        self._base_url = base_url
        self._api_key = api_key
        self._auth = _Authorization(api_key, authorization)
        self._tls = tls
        self._kept = Adapter(tls, connections=kept)

    def send(
        self,
        method: str,
        path: str,
        call: Call,
        *,
        max_bytes: int,
        new_connection: bool,
        body: bytes | None = None,
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Response:
        """Send one request, once at most; a whole response of any status.

        new_connection: open one and close it afterwards. body: JSON, None for none. headers: more.
        Raises RequestError, and its `sent` is exact.
        """
        adapter = Adapter(self._tls, connections=1) if new_connection else self._kept
        sent_headers = dict(headers or {})
        if new_connection:
            sent_headers["Connection"] = "close"
        if body is not None:
            sent_headers["Content-Type"] = "application/json"

        def exchange() -> Response:
            return self._read_whole(
                self._send_through(adapter, method, path, sent_headers, body), max_bytes
            )

        try:
            return self._attempt(method, call, exchange)
        finally:
            if new_connection:
                adapter.close()

    def open_stream(
        self,
        path: str,
        call: Call,
        *,
        headers: Mapping[str, str | bytes],
        max_bytes: int,
        idle_seconds: float,
    ) -> "Response | ResponseStream":
        """GET an event stream, or the whole response where it is none. Raises RequestError.

        The call's deadline bounds all up to the headers; idle_seconds bounds every wait after them.
        """
        adapter = Adapter(self._tls, connections=1)
        headers = {"Accept": EVENT_STREAM, "Cache-Control": "no-store", **headers}

        with contextlib.ExitStack() as unless_streaming:
            unless_streaming.callback(adapter.close)
            unless_streaming.callback(call.end)

            def exchange() -> Response | ResponseStream:
                response = self._send_through(adapter, "GET", path, headers)
                # A stream that began too late is given up without having been handed out.
                unless_streaming.callback(response.raw.close)
                if _is_event_stream(response):
                    return ResponseStream(response, adapter, call)
                return self._read_whole(response, max_bytes)

            opened = self._attempt("GET", call, exchange)
            if isinstance(opened, ResponseStream):
                unless_streaming.pop_all()
                call.allow_endless(idle_seconds)
        return opened

    def without_key(self, data: bytes) -> bytes:
        """What a server sent, with the key removed."""
        key = self._api_key.reveal().encode()
        return data.replace(key, b"***") if len(key) >= MIN_KEY_BYTES else data

    def _attempt(self, method: str, call: Call, exchange: Callable[[], T]) -> T:
        kind: str | None = None
        with current_call(call):
            try:
                result = exchange()
            except _TooLarge:
                kind = HTTPFailure.TOO_LARGE
            # A hostile response may make a library raise anything, and a write needs a result.
            except Exception as error:
                kind = _log_failure(method, error, call)
            # What came after the deadline is not believed, however it got through.
            if not call.is_in_time():
                kind = HTTPFailure.TIMED_OUT if call.connected else HTTPFailure.UNREACHABLE
        if kind:
            raise RequestError(kind, sent=call.sent)
        return result

    def _send_through(
        self,
        adapter: "Adapter",
        method: str,
        path: str,
        more_headers: Mapping[str, str | bytes],
        body: bytes | None = None,
    ) -> requests.Response:
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "pingadmin",
        }
        request = requests.PreparedRequest()
        request.prepare(
            method=method,
            url=self._base_url + path,
            headers=headers | dict(more_headers),
            data=body,
            auth=self._auth,
        )
        return adapter.send(
            request, stream=True, timeout=LIBRARY_TIMEOUT_SECONDS, verify=True, proxies={}
        )

    def _read_whole(self, response: requests.Response, max_bytes: int) -> Response:
        try:
            body = bytearray()
            while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
                body += chunk
                if len(body) > max_bytes:
                    raise _TooLarge
        except BaseException:
            # The rest of the body is unread: this connection can't serve another request.
            response.raw.close()
            raise
        response.raw.release_conn()
        now = timezone.now()
        date = parse_http_date(response.headers.get("Date", ""))
        return Response(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            body=self.without_key(bytes(body)),
            answered_at=now,
            retry_after=parse_retry_after(response.headers.get("Retry-After", ""), now),
            skew_seconds=(date - now).total_seconds() if date else None,
        )


class ResponseStream:
    """The body of a response that does not end. One thread reads it; any may end its call."""

    def __init__(self, response: requests.Response, adapter: "Adapter", call: Call):
        self._response = response
        self._adapter = adapter
        self._call = call

    def read(self) -> bytes:
        """Wait for the next bytes; empty at the end. Raises RequestError."""
        try:
            return self._response.raw.read1(STREAM_CHUNK_BYTES, decode_content=False)
        except Exception as error:
            kind = _log_failure("event stream", error, self._call)
        raise RequestError(kind, sent=True)

    def close(self) -> None:
        """For the thread that reads; other threads end the call."""
        self._call.end()
        self._response.raw.close()
        self._adapter.close()


class _TooLarge(Exception):
    """The body is longer than accepted."""


class _Authorization(AuthBase):
    """Sets the header at the last moment, and keeps requests from sending a user in the URL."""

    def __init__(self, api_key: Secret, form: str):
        self._api_key = api_key
        self._form = form

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._form:
            request.headers["Authorization"] = self._form.format(self._api_key.reveal())
        return request


class _LastLine:
    """Hands out the lines of a file, and remembers the last one."""

    def __init__(self, file: Any):
        self.file = file
        self.close = file.close
        self.line = b""

    def readline(self, *limit: int) -> bytes:
        self.line = self.file.readline(*limit)
        return self.line


class _CompleteHeaders(http.client.HTTPResponse):
    """Refuses headers that a closed connection cut short, which the standard library accepts."""

    def begin(self) -> None:
        lines: Any = _LastLine(self.fp)
        self.fp = lines
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = lines.file
        if lines.line not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(lines.line)


class _HTTPConnection(urllib3.connection.HTTPConnection):
    response_class = _CompleteHeaders

    def _new_conn(self) -> Any:
        return connect(get_current_call(), self._dns_host, self.port, self.socket_options)


class _HTTPSConnection(urllib3.connection.HTTPSConnection):
    response_class = _CompleteHeaders

    def _new_conn(self) -> Any:
        return connect_for_tls(get_current_call(), self._dns_host, self.port, self.socket_options)


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class Adapter(HTTPAdapter):
    """requests' adapter on connections that keep deadlines and one TLS context; repeats nothing."""

    def __init__(self, tls: ssl.SSLContext, *, connections: int):
        self._tls = tls
        # The library itself repeats nothing: a write must not be sent twice.
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **options: Any
    ) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        # The context has its roots already; reading the bundle for each connection takes time.
        conn.cert_reqs = "CERT_REQUIRED"


def _is_event_stream(response: requests.Response) -> bool:
    kind = parse_media_type(response.headers.get("Content-Type", ""))
    return response.status_code == 200 and kind == EVENT_STREAM


def _log_failure(what: str, error: BaseException, call: Call) -> HTTPFailure:
    """The failure that an exception amounts to, logged unless we ended the call ourselves."""
    causes = _causes_of(error)
    kind = _classify(causes, call)
    if not call.ended:
        # Types only: their texts may hold what a server sent.
        names = "/".join(type(cause).__name__ for cause in causes)
        log.warning("%s failed: %s, %s", what, kind, names)
    return kind


def _classify(causes: Iterable[BaseException], call: Call) -> HTTPFailure:
    def has(*kinds: type[BaseException]) -> bool:
        return any(isinstance(cause, kinds) for cause in causes)

    if not call.sent:
        if has(ssl.SSLError):
            return HTTPFailure.TLS
        is_handshake = call.connected and has(TimeoutError)
        return HTTPFailure.TIMED_OUT if is_handshake else HTTPFailure.UNREACHABLE
    if has(requests.Timeout, TimeoutError):
        return HTTPFailure.TIMED_OUT
    is_cut_off = has(ConnectionError, http.client.IncompleteRead, ssl.SSLError)
    is_garbled = has(http.client.HTTPException, ValueError)
    return HTTPFailure.UNREADABLE if is_garbled and not is_cut_off else HTTPFailure.BROKEN_OFF


def _causes_of(error: BaseException) -> list[BaseException]:
    """An exception and everything it wraps, in whichever of the libraries' ways."""
    causes: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in causes:
            causes.append(cause)
            waiting += [
                *cause.args,
                getattr(cause, "reason", None),
                cause.__cause__,
                cause.__context__,
            ]
    return causes
