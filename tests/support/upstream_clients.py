"""Both systems' clients on raw servers, and the answers that the tests of them share."""

import pytest

from pingadmin.config.secret import Secret
from pingadmin.upstream.agi import AgiAPI
from pingadmin.upstream.errors import FAILURES, UpstreamError
from pingadmin.upstream.ping import PingAPI
from tests.support.raw_server import as_json, http

PING_KEY = "canary-ping-key-0123456789"
AGI_KEY = "canary-agi-key-0123456789"

ID = "0b9ff1a6-59cb-4b19-a3a9-2f1c6a2f9d10"
SESSION = {
    "client_id": "acme",
    "status": "connected",
    "session_id": ID,
    "paused": False,
    "success": True,
    "agent_name": "agi-0",
}
GOOD = http(200, as_json(SESSION))
ENVELOPE = {"error": {"code": "some_code", "message": "Some <b>message</b>", "details": {}}}


def ping_at(address: str, **options) -> PingAPI:
    return PingAPI(alias="ping", account=account(address, PING_KEY), **options)


def agi_at(address: str, **options) -> AgiAPI:
    return AgiAPI(alias="agi", account=account(address, AGI_KEY), **options)


def account(address: str, key: str) -> dict:
    """An account whose system answers at that address."""
    return {"LABEL": "Here", "BASE_URL": address, "API_KEY": Secret(key), "ID_PATTERN": ""}


# Runs a test once for each system: `api_at(address)` is its client on a raw server.
SYSTEMS = pytest.mark.parametrize("api_at", [ping_at, agi_at], ids=["ping", "agi"])


def look_up_kind(api) -> str:
    """How a look-up ended: "ok", or the kind of its error, which must have a sentence."""
    try:
        record = api.look_up(ID)
    except UpstreamError as error:
        assert error.sentence == FAILURES[error.kind]
        return error.kind
    assert record.session_id == ID
    return "ok"
