"""The wheel and the Containerfile: built, and run elsewhere by an ordinary user."""

import re

import pytest
import requests

from tests.deploy import containerfile
from tests.deploy.conftest import KEYS
from tests.support.html import parse
from tests.support.processes import CHECKOUT, clean_environment, free_port

pytestmark = pytest.mark.process
PINGADMIN = "/opt/pingadmin/bin/pingadmin"
HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.7"}


def files_of(folder) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def assert_pages_come_with_their_style(port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    page = requests.get(f"{url}/accounts/login/", headers=HTTPS, timeout=60)
    assert page.status_code == 200
    style = parse(page).attributes("link[rel=stylesheet]", "href")[0]
    answer = requests.get(url + style, headers=HTTPS, timeout=60)
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/css")
    assert re.search(r"\.[0-9a-f]{12}\.css$", style)


def test_the_wheel_holds_code_templates_and_static_files(installed):
    [package] = installed.directory.glob("opt/pingadmin/lib/python*/site-packages/pingadmin")
    for name in ("templates", "static"):
        assert files_of(package / name) == files_of(CHECKOUT / name)
    assert files_of(CHECKOUT / "pingadmin") <= files_of(package)
    loose = {path.name for path in package.parent.iterdir()} & {"tests", "templates", "static"}
    assert loose == set()


def test_the_image_serves_from_a_read_only_file_system(machine):
    env = clean_environment(**KEYS | containerfile.environment())
    env["PATH"] = containerfile.environment()["PATH"]
    refused = machine.run("touch", "/opt/pingadmin/x", env=env, check=False)
    assert "Read-only file system" in refused.stderr
    machine.run("pingadmin", "setup", env=env)
    port = free_port()
    command = [str(port) if word == "8000" else word for word in containerfile.command()]
    server = machine.start(*command, env=env)
    server.await_line("Serving at")
    assert_pages_come_with_their_style(port)
    ready = requests.get(f"http://127.0.0.1:{port}/readyz", timeout=60)
    assert ready.text == "ready\n"
    assert server.end() == 0


def test_the_image_runs_as_an_ordinary_user_whose_directory_alone_is_written():
    assert containerfile.values("USER") == ["pingadmin"]
    home = containerfile.values("WORKDIR")[-1]
    assert containerfile.values("VOLUME") == [home]
    made = [value for name, value in containerfile.environment().items() if name.startswith("DATA")]
    assert len(made) == 2 and all(home in value for value in made)


def test_without_settings_of_places_all_is_made_in_the_user_s_own_directory(machine):
    env = clean_environment(**KEYS | {"HOME": "/var/lib/pingadmin"})
    machine.run(PINGADMIN, "setup", env=env)
    server = machine.start(PINGADMIN, "serve", "--port", "0", "--workers", "1", env=env)
    port = server.await_line(r"Serving at http://127.0.0.1:(\d+)/")[1]
    assert_pages_come_with_their_style(port)
    assert server.end() == 0
    made = machine.directory / "lib/pingadmin/.local/state/pingadmin"
    assert {path.name for path in made.iterdir()} >= {"pingadmin.sqlite3", "staticfiles", "var"}


def test_the_command_is_manage_py(machine):
    env = clean_environment(**KEYS | {"HOME": "/var/lib/pingadmin"})
    listed = machine.run(PINGADMIN, "help", "--commands", env=env).stdout.split()
    assert {"serve", "migrate", "setup", "collect", "reconcile", "demo"} <= set(listed)
