"""Accounts that point at raw servers."""

import pytest

from pingadmin.config.secret import Secret
from pingadmin.upstream import transport
from pingadmin.upstream.agi import AgiAPI
from pingadmin.upstream.ping import PingAPI

PING_KEY = "canary-ping-key-0123456789"
AGI_KEY = "canary-agi-key-0123456789"


@pytest.fixture(autouse=True)
def no_pause_before_a_second_try(monkeypatch):
    monkeypatch.setattr(transport, "JITTER_SECONDS", (0.001, 0.01))


def ping_at(address: str, **options) -> PingAPI:
    return PingAPI(alias="ping", account=account(address, PING_KEY), **options)


def agi_at(address: str, **options) -> AgiAPI:
    return AgiAPI(alias="agi", account=account(address, AGI_KEY), **options)


def account(address, key):
    return {"LABEL": "Here", "BASE_URL": address, "API_KEY": Secret(key), "ID_PATTERN": ""}
