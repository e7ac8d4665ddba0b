"""Fixtures: the panel as deploy/Containerfile installs it, on a clean machine of its own."""

import os
import subprocess
import sys

import pytest

from tests.deploy import containerfile
from tests.support.machine import NOBODY, new_machine, packages_path
from tests.support.processes import clean_environment

KEYS = {
    "SECRET_KEY": "for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "AUDIT_KEY": "for-tests-of-the-audit-only-9876543210-zyxwvutsrqponm",
    "ALLOWED_HOSTS": "127.0.0.1,panel.example",
    "BEHIND_TLS_PROXY": "true",
    "TRUSTED_PROXIES": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "TMPDIR": "/mnt",
}
BUILD = {
    "PATH": f"{sys.base_prefix}/bin:/usr/local/bin:/usr/bin:/bin",
    "HOME": "/mnt",
    # The packages that it asks for are those of the tests' own Python; no registry is asked.
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "0",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The machine after every RUN of the build stage, run as an ordinary user."""
    machine = new_machine(tmp_path_factory.mktemp("machine"))
    work = machine.directory / "work"
    containerfile.copy_context(work)
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", work], check=True)
    for step in containerfile.values("RUN"):
        if step.startswith("useradd"):
            continue
        machine.run("sh", "-c", step, env=clean_environment(**BUILD), read_only=False)
        _lend_packages(machine)
    return machine


@pytest.fixture
def machine(installed):
    """The same with nothing in /var/lib/pingadmin."""
    state = installed.directory / "lib" / "pingadmin"
    subprocess.run(["rm", "-rf", state], check=True)
    state.mkdir()
    os.chown(state, NOBODY, NOBODY)
    return installed


def _lend_packages(machine) -> None:
    """The new environment finds what it depends on where the tests do."""
    [folder] = machine.directory.glob("opt/pingadmin/lib/python*/site-packages")
    (folder / "lent.pth").write_text(f"import sys; sys.path[0:0] = {packages_path()!r}\n")
