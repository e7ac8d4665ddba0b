"""Fixture: a real OpenID provider (the npm package oidc-provider) on loopback, for a browser."""

import json
import os
import shutil
from pathlib import Path

import pytest
import requests

from tests.support.processes import CHECKOUT, Process
from tests.support.required_parts import need

SECRET = "for-tests-of-single-sign-on-0123456789"
INSTALLED = CHECKOUT / ".venv" / "openid"


class OpenIdProvider:
    """A running provider; `url` is its issuer."""

    def __init__(self, directory: Path):
        environment = {"PATH": os.environ["PATH"], "CLIENT_SECRET": SECRET}
        self.process = Process(
            "node",
            INSTALLED / "provider.mjs",
            env=environment,
            log=directory / "provider.log",
        )
        self.url = self.process.await_line(r"Provider at (\S+)")[1]

    def environment(self) -> dict[str, str]:
        """The settings of a panel whose people sign in here."""
        return {
            "OIDC_SERVER_URL": self.url,
            "OIDC_CLIENT_ID": "pingadmin",
            "OIDC_CLIENT_SECRET": SECRET,
            "OIDC_NAME": "Work account",
        }

    def has(self, **people: dict) -> None:
        """These people, by the name that they sign in with there, and no others have accounts."""
        with requests.Session() as http:
            http.trust_env = False
            answer = http.put(f"{self.url}/people", data=json.dumps(people), timeout=60)
            answer.raise_for_status()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()


@pytest.fixture
def openid_provider(tmp_path):
    is_there = shutil.which("node") and (INSTALLED / "node_modules" / "oidc-provider").exists()
    need("openid", is_there, "`make .venv/openid.stamp` installs it where npm is")
    provider = OpenIdProvider(tmp_path)
    yield provider
    provider.process.end()
