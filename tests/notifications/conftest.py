"""A webhook made of bare sockets, and a panel's settings that name it."""

import pytest

from pingadmin.config.secret import Secret
from tests.support.raw_server import RawServer, says
from tests.support.webhooks import PATH


@pytest.fixture
def webhook(settings):
    """webhook(*script) -> a running server that NOTIFY_URL names; it takes everything unless told
    otherwise.
    """
    servers = []

    def start(*script, **options):
        servers.append(
            RawServer(*(script or [says(200, b"ok", kind="text/plain")]), **options).__enter__()
        )
        settings.NOTIFY_URL = Secret(servers[-1].address + PATH)
        return servers[-1]

    yield start
    for server in servers:
        server.__exit__()


@pytest.fixture(autouse=True)
def panel_url(settings):
    settings.PANEL_URL = "https://panel.example"
