"""systemd units, compose file and nginx agree with the panel, and in their numbers."""

import configparser
import json
import re
import shutil

import pytest
import yaml
from django.conf import settings

from pingadmin.web.server import SETTINGS, Server
from tests.deploy import containerfile
from tests.deploy.conftest import KEYS
from tests.support.processes import CHECKOUT, clean_environment, free_port, until
from tests.support.required_parts import need

DEPLOY = CHECKOUT / "deploy"
UNITS = ["pingadmin.service", "pingadmin-collector.service"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
NGINX = (DEPLOY / "nginx/pingadmin.conf").read_text()
OURS = ["setup", "panel", "collector"]
MOUNTED = {"secret_key", "audit_key", "database_url", "owner_database_url", "panel_password"}


def unit(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    parser.read_string((DEPLOY / "systemd" / name).read_text())
    return parser["Service"]


def seconds(directive: str) -> int:
    return int(re.search(rf"^\s*{directive} (\d+)s;", NGINX, re.MULTILINE)[1])


@pytest.mark.process
@pytest.mark.parametrize("name", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(installed, name):
    need("systemd", shutil.which("systemd-analyze"), "apt-get install systemd")
    shutil.copy(DEPLOY / "systemd" / name, installed.directory / "work" / name)
    done = installed.run(
        "systemd-analyze",
        "verify",
        "--man=no",
        f"/mnt/{name}",
        env=clean_environment(),
        read_only=False,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "pingadmin" in line]
    assert ours == [] and done.returncode == 0, done.stderr


@pytest.mark.process
@pytest.mark.parametrize("name", UNITS)
def test_what_a_unit_starts_runs_with_its_state_directory_alone(machine, name):
    env = clean_environment(**KEYS | {"STATE_DIRECTORY": "/var/lib/pingadmin"})
    machine.run("/opt/pingadmin/bin/pingadmin", "setup", env=env)
    start = unit(name)["ExecStart"].replace("8000", str(free_port()))
    process = machine.start(*start.split(), env=env)
    try:
        if "serve" in start:
            process.await_line("Serving at")
        else:
            assert until(machine.beats), process.output
    finally:
        assert process.end() == 0, process.output


def test_every_time_to_stop_is_longer_than_the_server_drains():
    server = Server(host="127.0.0.1", port=0, workers=1, on_ready=print)
    stops = [int(unit(name)["TimeoutStopSec"]) for name in UNITS]
    graces = [COMPOSE["services"][name]["stop_grace_period"] for name in OURS]
    assert {f"{stop}s" for stop in stops} == set(graces) == {"25s"}
    assert server.cfg.graceful_timeout < min(stops)
    said = re.search(r"wait\s+(\d+) s after SIGTERM", (CHECKOUT / "docs/operating.md").read_text())
    assert int(said[1]) == stops[0]


def test_the_proxy_waits_longer_than_the_panel_and_for_no_more_than_it_takes():
    longest = settings.ACTION_MAX_AGE_SECONDS + settings.UPSTREAM_WRITE_SECONDS
    assert seconds("proxy_read_timeout") > longest + settings.UPSTREAM_READ_SECONDS
    assert seconds("keepalive_timeout") < SETTINGS["keepalive"]
    for directive in ("client_header_timeout", "client_body_timeout"):
        assert seconds(directive) <= settings.REQUEST_ARRIVAL_SECONDS
    assert "client_max_body_size 256k;" in NGINX
    assert settings.DATA_UPLOAD_MAX_MEMORY_SIZE == 256 * 1024
    assert "proxy_next_upstream off;" in NGINX


def test_the_compose_file_starts_what_the_image_has_in_an_order_that_works():
    services = COMPOSE["services"]
    assert services.keys() == {"database", "setup", "panel", "collector", "nginx"}
    for name in OURS:
        service = services[name]
        assert service["build"]["dockerfile"] == "deploy/Containerfile"
        assert service["read_only"] and service["cap_drop"] == ["ALL"]
        assert service["volumes"] == [f"data:{containerfile.values('WORKDIR')[-1]}"]
        assert service["command"][0] == "pingadmin"
        assert service["secrets"] and set(service["secrets"]) <= MOUNTED & COMPOSE["secrets"].keys()
        for value in service["environment"].values():
            if value.startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    for name in ("panel", "collector"):
        needed = services[name]["depends_on"]["setup"]["condition"]
        assert needed == "service_completed_successfully"
        assert "owner_database_url" not in services[name]["secrets"]
    assert services["nginx"]["network_mode"] == "service:panel"
    assert "pingadmin.conf:" in json.dumps(services["nginx"]["volumes"])


def test_every_name_that_is_set_is_a_setting():
    documented = set(re.findall(r"`([A-Z][A-Z_]+)`", (CHECKOUT / "docs/operating.md").read_text()))
    names = set(containerfile.environment()) - {"PATH", "PYTHONDONTWRITEBYTECODE"}
    names |= {name for each in OURS for name in COMPOSE["services"][each]["environment"]}
    assert {name.removesuffix("_FILE") for name in names} <= documented
