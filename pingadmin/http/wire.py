"""One request and its answer on the wire: the only module that knows requests and urllib3.

Nothing is redirected, proxied, decompressed, repeated or taken from .netrc, and no cookie is kept: all of
that lives in requests' Session, which is passed by on purpose. TLS is always verified. The key must not get
out: errors are raised outside the `except` blocks that met the library's own, whose requests hold it, and
where an upstream repeats it in an answer it is struck out.
"""

import http.client
import logging
import ssl
import threading
from datetime import UTC, datetime
from functools import cache
from time import monotonic

import requests
import urllib3
from requests import certs
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from pingadmin.config.secret import Secret
from pingadmin.http.connecting import connect
from pingadmin.http.deadline import Call, watchdog
from pingadmin.upstream.answers import Answer, http_date, retry_after
from pingadmin.upstream.errors import UpstreamError

CHUNK_BYTES = 16_384
STREAM_CHUNK_BYTES = 65_536
EVENT_STREAM = "text/event-stream"
KEY_LEAST = 8  # a shorter key could be any word of an answer

# At lower levels the library writes what upstreams sent into the log, line breaks and all.
logging.getLogger("urllib3").setLevel(logging.ERROR)

log = logging.getLogger(__name__)
_current = threading.local()


@cache
def tls_context(roots: str | None = None) -> ssl.SSLContext:
    """Verifies certificate and host name, TLS 1.2 at least. roots: a file of CAs to trust instead."""
    context = ssl.create_default_context(cafile=roots or certs.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Wire:
    """The way to one account of one upstream. May be shared by threads.

    authorization: the Authorization header, {} being the key. kept: idle connections to keep, at most.
    """

    def __init__(
        self, base_url: str, api_key: Secret, authorization: str, *, tls: ssl.SSLContext, kept: int
    ):
        self._base_url = base_url
        self._api_key = api_key
        self._auth = _Authorization(api_key, authorization)
        self._tls = tls
        self._kept = _Adapter(tls, connections=kept)

    def ask(self, method: str, path: str, call: Call, *, most_bytes: int, fresh: bool) -> Answer:
        """One request without a body, sent at most once; a whole answer of any status.

        fresh: on a connection of its own, closed afterwards. Raises UpstreamError, and its `sent` is exact.
        """
        adapter = _Adapter(self._tls, connections=1) if fresh else self._kept
        headers = {"Connection": "close"} if fresh else {}

        def exchange():
            left = max(call.deadline - monotonic(), 0.001)
            return self._whole(
                self._sent(adapter, self._request(method, path, headers), left), most_bytes
            )

        try:
            return self._attempt(method, call, exchange, end=call.finish)
        finally:
            if fresh:
                adapter.close()

    def open(
        self, path: str, call: Call, *, headers: dict, most_bytes: int, idle_seconds: float
    ) -> "Answer | Stream":
        """GET what never ends: the stream, or the whole answer where it is none. Raises UpstreamError.

        The call's deadline bounds all until the headers are there, and idle_seconds each wait after them.
        """
        adapter = _Adapter(self._tls, connections=1)
        headers = {"Accept": EVENT_STREAM, "Cache-Control": "no-store", **headers}
        opened = None

        def exchange():
            response = self._sent(adapter, self._request("GET", path, headers), idle_seconds)
            if response.status_code == 200 and _media_type(response) == EVENT_STREAM:
                return Stream(response, adapter, call)
            return self._whole(response, most_bytes)

        try:
            opened = self._attempt("GET", call, exchange, end=call.lift)
        finally:
            if not isinstance(opened, Stream):
                call.end()
                adapter.close()
        return opened

    def without_key(self, data: bytes) -> bytes:
        """What an upstream said, with the key struck out."""
        key = self._api_key.reveal().encode()
        return data.replace(key, b"***") if len(key) >= KEY_LEAST else data

    def _attempt(self, method, call, act, *, end):
        watchdog.guard(call)
        _current.call = call
        result = kind = None
        try:
            result = act()
        except _TooLargeError:
            kind = "too_large"
        except (
            Exception
        ) as error:  # whatever a hostile answer makes a library raise, a write gets a result
            kind = _logged_kind(method, error, call)
        finally:
            in_time = end()
            _current.call = None
        if not in_time:
            kind = "timed_out" if call.connected else "unreachable"
        if kind:
            raise UpstreamError(kind, sent=call.sent)
        return result

    def _request(self, method, path, more_headers):
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "pingadmin",
        }
        prepared = requests.PreparedRequest()
        prepared.prepare(
            method=method,
            url=self._base_url + path,
            headers=headers | more_headers,
            auth=self._auth,
        )
        return prepared

    def _sent(self, adapter, prepared, wait_seconds):
        return adapter.send(prepared, stream=True, timeout=wait_seconds, verify=True, proxies={})

    def _whole(self, response, most_bytes):
        try:
            body = bytearray()
            while chunk := response.raw.read(CHUNK_BYTES, decode_content=False):
                body += chunk
                if len(body) > most_bytes:
                    raise _TooLargeError
        except BaseException:
            response.raw.close()
            raise
        response.raw.release_conn()
        return self._answer(response, bytes(body))

    def _answer(self, response, body):
        now = datetime.now(UTC)
        date = http_date(response.headers.get("Date", ""))
        return Answer(
            status=response.status_code,
            content_type=response.headers.get("Content-Type", ""),
            body=self.without_key(body),
            answered_at=now,
            retry_after=retry_after(response.headers.get("Retry-After", ""), now),
            skew_seconds=(date - now).total_seconds() if date else None,
        )


class Stream:
    """The body of an answer that does not end. One thread reads it; any may end it."""

    def __init__(self, response, adapter, call: Call):
        self._response = response
        self._adapter = adapter
        self._call = call

    def read(self) -> bytes:
        """What has come, waiting for the first of it; nothing at its end. Raises UpstreamError."""
        kind = None
        try:
            return self._response.raw.read1(STREAM_CHUNK_BYTES, decode_content=False)
        except Exception as error:
            kind = _logged_kind("event stream", error, self._call)
        raise UpstreamError(kind, sent=True)

    def close(self) -> None:
        """To be called by the thread that read it; others end its call."""
        self._call.end()
        self._response.raw.close()
        self._adapter.close()


class _TooLargeError(Exception):
    """The body passed the cap."""


class _Authorization(AuthBase):
    """Sets the header at the last moment; being there, it also keeps a user in the URL from setting one."""

    def __init__(self, api_key, form):
        self._api_key = api_key
        self._form = form

    def __call__(self, request):
        request.headers["Authorization"] = self._form.format(self._api_key.reveal())
        return request


class _Lines:
    """Hands out the lines of a file, and keeps the last in mind."""

    def __init__(self, file):
        self.file = file
        self.close = file.close
        self.last = b""

    def readline(self, *limit):
        self.last = self.file.readline(*limit)
        return self.last


class _WholeHeaders(http.client.HTTPResponse):
    """The standard library takes a connection that closes amid the headers for their end; here it is not."""

    def begin(self):
        lines = self.fp = _Lines(self.fp)
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = lines.file
        if lines.last not in (b"\r\n", b"\n"):
            raise http.client.IncompleteRead(lines.last)


class _Watched:
    """A connection that tells its thread's call about its socket and about every send."""

    response_class = _WholeHeaders

    def _new_conn(self):
        return connect(_current.call, self._dns_host, self.port, self.socket_options)

    def send(self, data):
        if self.sock is None:
            self.connect()
        _current.call.about_to_send(self.sock)
        return super().send(data)


class _HTTPConnection(_Watched, urllib3.connection.HTTPConnection):
    pass


class _HTTPSConnection(_Watched, urllib3.connection.HTTPSConnection):
    pass


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    """requests' adapter on watched connections and one TLS context, repeating nothing."""

    def __init__(self, tls, *, connections):
        self._tls = tls
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, connections, maxsize, block=False, **options):
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}

    def cert_verify(self, conn, url, verify, cert):
        # The context has its roots already; reading the bundle again for each connection costs milliseconds.
        conn.cert_reqs = "CERT_REQUIRED"


def _media_type(response):
    return response.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _logged_kind(what, error, call):
    causes = _causes(error)
    kind = _kind_for(causes, call)
    if call.ended:
        return kind
    # Types only: what they say may hold what upstreams sent.
    log.warning("%s failed: %s, %s", what, kind, "/".join(type(cause).__name__ for cause in causes))
    return kind


def _kind_for(causes, call):
    if not call.sent:
        if _any(causes, ssl.SSLError):
            return "tls"
        return "timed_out" if call.connected and _any(causes, TimeoutError) else "unreachable"
    if _any(causes, requests.Timeout, TimeoutError):
        return "timed_out"
    cut_off = _any(causes, ConnectionError, http.client.IncompleteRead, ssl.SSLError)
    garbled = _any(causes, http.client.HTTPException, ValueError)
    return "unreadable" if garbled and not cut_off else "broken_off"


def _any(causes, *kinds):
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error):
    """An exception and all that it wraps, in whichever of the libraries' ways."""
    found, waiting = [], [error]
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and cause not in found:
            found.append(cause)
            waiting += [
                *cause.args,
                getattr(cause, "reason", None),
                cause.__cause__,
                cause.__context__,
            ]
    return found
