"""Every fault of an upstream, and what the clients of both systems must make of it.

CASES: what the server does, then what a look-up ends in and how many requests that takes, then what
a resume ends in, for which one request is sent in any case. A look-up ends in "ok" or a kind of
failure; a resume in a result and a kind.
"""

import gzip

from tests.support.raw_server import (
    as_json,
    drips,
    goes_on_for_ever,
    hangs,
    http,
    resets_after,
    says,
    sends,
)
from tests.support.upstream_clients import ENVELOPE, GOOD, SESSION

UNMEASURED = http(200, as_json(SESSION), length=-1)
CHUNKED = http(200, b"", "Transfer-Encoding: chunked", length=-1)
HTML = b"<html><script>alert(1)</script></html>"
DEEP = b"[" * 100_000 + b"]" * 100_000
OPEN = as_json(SESSION)[:-1]
FINE = (("ok", 1), ("ok", ""))
WRONG_SESSION = (("wrong_session", 1), ("unknown", "wrong_session"))
TIMED_OUT = (("timed_out", 1), ("unknown", "timed_out"))
TOO_LARGE = (("too_large", 1), ("unknown", "too_large"))
REDIRECTED = (("redirected", 1), ("unknown", "redirected"))
UNREADABLE = (("unreadable", 1), ("unknown", "unreadable"))
UNRECOGNISED = (("unrecognised", 1), ("unknown", "unrecognised"))
SERVER_ERROR = (("server_error", 2), ("unknown", "server_error"))
BROKEN_OFF = (("broken_off", 2), ("unknown", "broken_off"))


def refused(kind):
    return (kind, 1), ("rejected", kind)


CASES = {
    "T12 accepts, then hangs": (hangs, *TIMED_OUT),
    "T13 drips the body": (drips(GOOD, first=len(GOOD) - 30), *TIMED_OUT),
    "T13 drips a body of no stated length": (drips(UNMEASURED, first=70), *TIMED_OUT),
    "T14 drips the headers": (drips(GOOD, first=20), *TIMED_OUT),
    "T14 drips from the first byte": (drips(GOOD), *TIMED_OUT),
    "T14 drips headers of a refusal": (drips(http(404, b""), first=30), *TIMED_OUT),
    "T14 says 100 Continue for ever": (
        goes_on_for_ever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        *TIMED_OUT,
    ),
    "T15 endless body": (goes_on_for_ever(http(200, b"[", length=-1), b" " * 65536), *TOO_LARGE),
    "T15 1 GB body": (goes_on_for_ever(http(200, b"[", length=10**9), b" " * 65536), *TOO_LARGE),
    "T15 endless chunks": (
        goes_on_for_ever(CHUNKED, b"400\r\n" + b" " * 1024 + b"\r\n"),
        *TOO_LARGE,
    ),
    "T15 endless body of a refusal": (
        goes_on_for_ever(http(404, b"", length=-1), b" " * 65536),
        *TOO_LARGE,
    ),
    "T15 gzip bomb": (
        says(200, gzip.compress(b" " * 50_000_000), "Content-Encoding: gzip"),
        *UNREADABLE,
    ),
    "T15 one byte more than accepted": (says(200, as_json(SESSION).ljust(256_001)), *TOO_LARGE),
    "T15 as much as accepted": (says(200, as_json(SESSION).ljust(256_000)), *FINE),
    "T17 502 with HTML": (says(502, HTML, kind="text/html"), *SERVER_ERROR),
    "T17 503 with HTML and Retry-After": (
        says(503, HTML, "Retry-After: 1", kind="text/html"),
        *SERVER_ERROR,
    ),
    "T17 504 with HTML": (says(504, HTML, kind="text/html"), *SERVER_ERROR),
    "T17 501, which a second try does not fix": (
        says(501, HTML),
        ("server_error", 1),
        SERVER_ERROR[1],
    ),
    "T18 invalid JSON": (says(200, b'{"client_id": '), *UNREADABLE),
    "T18 empty body": (says(200, b""), *UNREADABLE),
    "T18 body with a BOM": (says(200, b"\xef\xbb\xbf" + as_json(SESSION)), *UNREADABLE),
    "T18 UTF-16": (says(200, as_json(SESSION).decode().encode("utf-16")), *UNREADABLE),
    "T18 bytes that are no UTF-8": (says(200, b'{"client_id": "\xff"}'), *UNREADABLE),
    "T18 wrong content type": (says(200, SESSION, kind="text/html"), *UNREADABLE),
    "T18 no content type": (says(200, SESSION, kind=""), *UNREADABLE),
    "T18 other JSON types": (says(200, SESSION, kind="Application/x+json; charset=utf-8"), *FINE),
    "T18 JSON, then more": (says(200, as_json(SESSION) * 2), *UNREADABLE),
    "T18 not HTTP at all": (sends(b"SSH-2.0-OpenSSH_9.2\r\n"), *UNREADABLE),
    "T18 a header line of 100 kB": (says(200, SESSION, "X: " + "x" * 100_000), *UNREADABLE),
    "T18 a thousand headers": (says(200, SESSION, *["X: y"] * 1000), *UNREADABLE),
    "T18 chunks of nonsense": (sends(CHUNKED + b"zzz\r\n{}"), *BROKEN_OFF),
    "T19 fields missing": (says(200, {}), *UNRECOGNISED),
    "T19 fields null": (says(200, dict.fromkeys(SESSION)), *UNRECOGNISED),
    "T19 an array": (says(200, [SESSION]), *UNRECOGNISED),
    "T19 a string": (says(200, b'"connected"'), *UNRECOGNISED),
    "T19 null": (says(200, b"null"), *UNRECOGNISED),
    "T19 extra fields": (says(200, SESSION | {"more": {"of": ["this"]}}), *FINE),
    "T19 201 in place of 200": (says(201, SESSION), *UNRECOGNISED),
    "T19 204 in place of 200": (sends(b"HTTP/1.1 204 No Content\r\n\r\n"), *UNRECOGNISED),
    "T20 NaN": (says(200, as_json(SESSION | {"duration": float("nan")})), *UNREADABLE),
    "T20 Infinity": (says(200, as_json(SESSION | {"extra": float("-inf")})), *UNREADABLE),
    "T20 5000 digits where it does not matter": (
        says(200, OPEN + b', "x": ' + b"7" * 5000 + b"}"),
        *FINE,
    ),
    "T20 nested 100,000 deep": (says(200, DEEP), *UNREADABLE),
    "T20 nested deep in a field": (says(200, OPEN + b', "extra": ' + DEEP + b"}"), *UNREADABLE),
    "T20 duplicate keys": (says(200, OPEN + b', "status": "disconnected"}'), *UNREADABLE),
    "T21 another session": (says(200, SESSION | {"session_id": "other"}), *WRONG_SESSION),
    "T21 a session id that is no text": (says(200, SESSION | {"session_id": 7}), *UNRECOGNISED),
    "T22 400 with an envelope": (says(400, ENVELOPE), *refused("refused")),
    "T22 404 with an envelope": (says(404, ENVELOPE), *refused("not_found")),
    "T22 404 with HTML": (says(404, HTML, kind="text/html"), *refused("not_found")),
    "T22 400 with an empty body": (says(400, b"", kind=""), *refused("refused")),
    "T22 409": (says(409, ENVELOPE), *refused("refused")),
    "T22 403": (says(403, ENVELOPE), *refused("refused")),
    "T23 401": (says(401, ENVELOPE), *refused("refused_key")),
    "T24 500 with an envelope": (says(500, ENVELOPE), *SERVER_ERROR),
    "T25 429": (says(429, ENVELOPE, "Retry-After: 7"), *refused("rate_limited")),
    "T27 reset before any answer": (resets_after(), *BROKEN_OFF),
    "T27 reset in the headers": (resets_after(GOOD[:30]), *BROKEN_OFF),
    "T27 reset in the body": (resets_after(GOOD[:-10]), *BROKEN_OFF),
    "T27 closed before any answer": (sends(b""), *BROKEN_OFF),
    "T27 closed in the headers": (sends(GOOD[:30]), *BROKEN_OFF),
    "T27 closed in a refusal's headers": (sends(http(404, b"")[:30]), *BROKEN_OFF),
    "T27 closed in the body": (sends(GOOD[:-10]), *BROKEN_OFF),
    "T27 closed in a refusal's body": (sends(http(404, as_json(ENVELOPE))[:-10]), *BROKEN_OFF),
    "T27 closed between chunks": (sends(CHUNKED + b"2\r\n{}\r\n"), *BROKEN_OFF),
}
for _status in (301, 302, 303, 307, 308, 300, 304):
    CASES[f"T16 {_status} to the same host"] = (
        says(_status, b"", "Location: /elsewhere"),
        *REDIRECTED,
    )
