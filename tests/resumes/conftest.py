import socket

import pytest

from pingadmin.config.secret import Secret


@pytest.fixture
def dead_upstreams(settings):
    """Both accounts point at a port that nothing listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings.UPSTREAMS = {
        alias: {
            "BACKEND": backend,
            "LABEL": label,
            "BASE_URL": address,
            "API_KEY": Secret("any-key-at-all"),
            "ID_PATTERN": "",
        }
        for alias, backend, label in [
            ("ping", "pingadmin.upstream.ping.PingAPI", "Ping"),
            ("agi", "pingadmin.upstream.agi.AgiAPI", "AGI"),
        ]
    }
