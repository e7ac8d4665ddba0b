"""A morning of the demo in the test's own database."""

import pytest
from django.core.management import call_command

from pingadmin.config.secret import Secret
from pingadmin.demo import cast
from pingadmin.demo.accounts import ACCOUNTS, PASSWORD
from pingadmin.demo.environment import free_port
from pingadmin.demo.morning.seed import seed_morning


@pytest.fixture
def seed(settings, tmp_path):
    """Call it for a morning in the test's database; returns the file with the world at its end."""
    settings.DATA_DIR = tmp_path
    settings.CHECKPOINT_FILE = tmp_path / "checkpoints.jsonl"
    address = f"http://127.0.0.1:{free_port()}"
    ping = {
        "BACKEND": "pingadmin.upstream.ping.PingAPI",
        "LABEL": "Ping",
        "BASE_URL": f"{address}/customer/v2",
        "API_KEY": Secret(cast.PING_KEY),
        "ID_PATTERN": "ses_[0-9a-f]{10}",
    }
    agi = {
        "BACKEND": "pingadmin.upstream.agi.AgiAPI",
        "LABEL": "AGI",
        "BASE_URL": f"{address}/v1",
        "API_KEY": Secret(cast.AGI_KEY),
        "ID_PATTERN": "",
    }
    settings.UPSTREAMS = {"ping": ping, "agi": agi}
    call_command("sync_roles", verbosity=0)

    def have_morning(*, is_hostile=False):
        world = tmp_path / "world.json"
        seed_morning(ACCOUNTS, PASSWORD, world, is_hostile=is_hostile)
        return world

    return have_morning
