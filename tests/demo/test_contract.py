"""Schemathesis, which none of us wrote, finds no difference between simulator and OpenAPI."""

import subprocess
import sys

import pytest

from pingadmin.demo import cast
from tests.support.processes import clean_environment

# The vendors document 400 for a session in the wrong state: valid data can still be refused.
CONFIGURATION = """
headers = {{ Authorization = "{key}" }}
[generation]
database = "none"
max-examples = 20
[[operations]]
include-path-regex = "/(pause|resume|cancel|message)$"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "404"]
"""


@pytest.mark.parametrize(
    ("key", "path"),
    [(cast.PING_KEY, "^/customer/v2"), (f"Bearer {cast.AGI_KEY}", "^/v1")],
    ids=["ping", "agi"],
)
def test_schemathesis_finds_nothing(simulator, tmp_path, key, path):
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION.format(key=key))
    done = subprocess.run(
        [
            *(
                sys.executable,
                "-m",
                "schemathesis.cli",
                "--config-file",
                "schemathesis.toml",
                "run",
            ),
            *(f"{simulator.url}/_sim/openapi.json", "--include-path-regex", path),
            *("--exclude-path-regex", "/events$", "--seed", "7", "--no-color"),
        ],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Stateful" in done.stdout
    assert simulator.call_count() > 100
