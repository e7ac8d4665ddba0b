"""Whatever bytes come back, a look-up ends in a record or UpstreamError, a resume in a result."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pingadmin.upstream.errors import FAILURES, UpstreamError
from pingadmin.upstream.records import SessionRecord
from tests.support.raw_server import RawServer, http
from tests.support.upstream_clients import ID, SESSION, SYSTEMS

pytestmark = pytest.mark.server

RESULTS = {"ok", "already", "rejected", "unknown"}
many = settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

texts = st.text(st.characters(codec=None), max_size=40)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.just(ID)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
objects = st.dictionaries(
    st.sampled_from([*SESSION, "error", "message", "code", "detail", "created_at"]), values
)
statuses = st.sampled_from(
    [200, 200, 200, 201, 204, 206, 302, 400, 401, 404, 409, 429, 500, 599, 999]
)


@pytest.fixture
def parrot():
    """A server that answers with whatever bytes it holds."""

    class Parrot(RawServer):
        says = b""

    def speak(peer):
        peer.sock.sendall(server.says)
        return False

    with Parrot(speak) as server:
        yield server


def check(api, server):
    """Ask both ways; neither may raise anything else, and what comes back must be storable."""
    try:
        record = api.look_up(ID)
        assert isinstance(record, SessionRecord)
        (record.state + record.client_name).encode()
        assert "\x00" not in record.state + record.client_name
    except UpstreamError as error:
        assert error.kind in FAILURES
        (error.code + error.message).encode()
    before = len(server.requests)
    answer = api.resume(ID)
    assert answer.result in RESULTS
    assert (
        (answer.failure in FAILURES)
        if answer.result in ("rejected", "unknown")
        else answer.failure == ""
    )
    assert "\x00" not in answer.message and len(answer.message) <= 200
    (answer.code + answer.message).encode()
    assert len(server.requests) == before + 1
    return answer


@SYSTEMS
@many
@given(
    body=st.binary(max_size=300) | values.map(lambda value: json.dumps(value).encode()),
    status=statuses,
)
def test_any_body(parrot, api_at, body, status):
    parrot.says = http(status, body)
    assert check(api_at(parrot.address), parrot).result != "ok"


@SYSTEMS
@many
@given(body=objects, status=statuses)
def test_any_values_in_the_fields_that_matter(parrot, api_at, body, status):
    parrot.says = http(status, json.dumps(body).encode())
    answer = check(api_at(parrot.address), parrot)
    if answer.result == "ok":
        assert status == 200
        assert body.get("success") is True or (
            body.get("paused") is False and body.get("session_id") == ID
        )


@SYSTEMS
@many
@given(
    head=st.lists(st.binary(max_size=30), max_size=6), status=statuses, first=st.binary(max_size=20)
)
def test_any_headers(parrot, api_at, head, status, first):
    lines = [b"HTTP/1.1 %d " % status + first, b"Content-Type: application/json", *head]
    parrot.says = b"\r\n".join(lines) + b"\r\n\r\n" + json.dumps(SESSION).encode()
    check(api_at(parrot.address), parrot)


@SYSTEMS
@many
@given(data=st.binary(max_size=300))
def test_any_bytes_at_all(parrot, api_at, data):
    parrot.says = data
    assert check(api_at(parrot.address), parrot).result == "unknown"


@SYSTEMS
@many
@given(
    name=st.sampled_from(
        [
            "Date",
            "Retry-After",
            "Content-Length",
            "Transfer-Encoding",
            "Set-Cookie",
            "Content-Encoding",
            "Location",
        ]
    ),
    value=st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=40)
    | st.integers().map(str)
    | st.datetimes().map(lambda when: when.strftime("%a, %d %b %Y %H:%M:%S GMT")),
)
def test_any_value_of_a_header_that_somebody_reads(parrot, api_at, name, value):
    parrot.says = http(429, b"{}", f"{name}: {value}", length=-1)
    check(api_at(parrot.address), parrot)
