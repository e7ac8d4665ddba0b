"""Where Ping is asked for limits, and what its answers are taken to mean."""

from datetime import UTC, datetime

import pytest

from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.ping import PingAPI
from pingadmin.upstream.records import Limits
from tests.support.raw_server import says
from tests.support.upstream_clients import PING_KEY, account, agi_at, ping_at

LIMITS = {"id": "1", "created_at": "2026-11-01T00:00:00Z", "updated_at": "2026-11-02T00:00:00Z"}


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("/customer/v2", "/customer/limits/client"),
        ("/proxy/customer/v12", "/proxy/customer/limits/client"),
        ("/customer", "/customer/limits/client"),
        ("/customer/vpn2", "/customer/vpn2/limits/client"),
        ("", "/limits/client"),
    ],
)
def test_limits_stand_beside_the_versions(raw_server, base, path):
    server = raw_server(says(200, LIMITS))
    ping_at(server.address + base).read_limits("client")
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", path)
    assert request.headers["authorization"] == PING_KEY


def test_what_is_stated_is_read_and_the_rest_is_not_known(raw_server):
    stated = {"downloaded_bytes": 2**63 - 1, "upload_speed": 0, "max_sessions": 3, "other": []}
    limits = ping_at(raw_server(says(200, LIMITS | stated)).address).read_limits("client")
    assert limits == Limits(
        answered_at=limits.answered_at,
        updated_at=datetime(2026, 11, 2, tzinfo=UTC),
        downloaded_bytes=2**63 - 1,
        upload_speed=0,
        max_sessions=3,
    )


def test_not_found_means_that_none_are_set(raw_server):
    assert ping_at(raw_server(says(404, {})).address).read_limits("global") is None


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {}, "refused_key"),
        (403, {}, "refused"),
        (429, {}, "rate_limited"),
        (302, {}, "redirected"),
        (200, [], "unrecognised"),
        (200, {"downloaded_bytes": -1}, "unrecognised"),
        (200, {"downloaded_bytes": 2**63}, "unrecognised"),
        (200, {"downloaded_bytes": 1.5}, "unrecognised"),
        (200, {"max_sessions": True}, "unrecognised"),
        (200, {"max_sessions": "3"}, "unrecognised"),
        (200, {"updated_at": "yesterday"}, "unrecognised"),
    ],
)
def test_every_other_answer_is_an_error(raw_server, status, body, kind):
    api = ping_at(raw_server(says(status, body)).address)
    with pytest.raises(UpstreamError) as error:
        api.read_limits("session")
    assert (error.value.kind, error.value.status) == (kind, status)


def test_agi_has_none():
    api = agi_at("http://127.0.0.1:9")
    assert not api.has_limits
    with pytest.raises(NotImplementedError):
        api.read_limits("client")


@pytest.mark.parametrize("base", ["", "/customer/v2", "/a/b/c/v1"])
def test_a_setting_says_where_they_are_from_the_host_on(raw_server, base):
    server = raw_server(says(200, LIMITS))
    limits_account = account(server.address + base, PING_KEY) | {"LIMITS_PATH": "/other/limits"}
    PingAPI(alias="ping", account=limits_account).read_limits("client")
    assert [request.path for request in server.requests] == ["/other/limits/client"]
