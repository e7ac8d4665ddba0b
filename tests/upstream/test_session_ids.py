"""T01 to T08: what is no session id never leaves us."""

import pytest

from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.ids import is_session_id
from tests.support.raw_server import says
from tests.support.upstream_clients import ID, agi_at, ping_at

PING = {"client_id": "acme", "status": "connected"}

BAD_IDS = [
    "",
    ".",
    "..",
    "../admin",
    "a/../../x",
    "/",
    "a/b",
    "%2e%2e",
    "a%2fb",
    "%252f",
    "..;",
    "a;b",
    "a?b",
    "a#b",
    "a b",
    "a\\b",
    "a\x00",
    "é",
    "\u202eabc",
    "\uff11\uff12",
    "\u0430bc",
    "\U0001f600",
    "a\r\nX: y",
    "a\n",
    "-a",
    "_a",
    "a" * 129,
    "a" * 10_000,
    "a@b",
    "{}",
    "{0}",
]


@pytest.mark.parametrize("api_at", [ping_at, agi_at])
@pytest.mark.parametrize("bad_id", BAD_IDS, ids=ascii)
def test_t01_to_t08_a_text_that_is_not_a_session_id_is_never_sent(raw_server, api_at, bad_id):
    server = raw_server(says(200, PING))
    api = api_at(server.address)
    with pytest.raises(UpstreamError, match="bad_id") as caught:
        api.look_up(bad_id)
    answer = api.resume(bad_id)
    assert (answer.result, answer.failure, caught.value.sent) == ("not_sent", "bad_id", False)
    assert server.connections == 0


@pytest.mark.parametrize("good_id", [ID, "a", "A.b_c~d:e-f", "0" * 128, "1..2"])
def test_session_ids_of_every_documented_shape_pass(raw_server, good_id):
    server = raw_server(says(200, PING))
    assert is_session_id(good_id)
    ping_at(server.address).look_up(good_id)
    assert server.requests[0].path == f"/sessions/{good_id}/status"
