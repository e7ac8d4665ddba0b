"""deploy/nginx: a real nginx loads it and serves the real panel, over TLS on loopback."""

import shutil

import pytest
import requests

from tests.deploy.conftest import KEYS
from tests.support.certificates import Authority
from tests.support.html import parse
from tests.support.processes import CHECKOUT, Process, clean_environment, free_port, python, until
from tests.support.required_parts import need

pytestmark = pytest.mark.process
CONFIGURATION = CHECKOUT / "deploy/nginx/pingadmin.conf"


@pytest.fixture(scope="module")
def behind_nginx(tmp_path_factory):
    """The address of nginx before a panel, the file of its authority, and the panel's log."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    need("nginx", nginx, "apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("nginx")
    environment = clean_environment(
        **KEYS,
        DATABASE_URL=f"sqlite:///{folder}/panel.sqlite3",
        DATA_DIR=str(folder / "data"),
    )
    setup = python("manage.py", "setup", env=environment, log=folder / "setup.log")
    assert setup.wait() == 0, setup.output
    words = ("manage.py", "serve", "--port", "0", "--workers", "1")
    server = python(*words, env=environment, log=folder / "serve.log")
    panel = server.await_line(r"Serving at http://(\S+)/")[1]
    port, authority = free_port(), Authority(folder)
    authority.server()
    command = [nginx, "-c", _configure(folder, panel, port), "-e", folder / "error.log"]
    tested = Process(*command, "-t", env=clean_environment(), log=folder / "test.log")
    assert tested.wait() == 0 and "warn" not in tested.output, tested.output
    proxy = Process(*command, "-g", "daemon off;", env=clean_environment(), log=folder / "log")
    yield f"https://127.0.0.1:{port}", str(authority.roots), server
    proxy.end()
    server.end()


def _configure(folder, panel: str, port: int):
    """What Debian's nginx.conf has around it, with our file as it is but for places and ports."""
    text = CONFIGURATION.read_text()
    for old, new in {
        "127.0.0.1:8000": panel,
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/pingadmin/tls/panel.pem": f"{folder}/127.0.0.1-1-False.pem",
        "/etc/pingadmin/tls/panel.key": f"{folder}/127.0.0.1-1-False.pem",
    }.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "site.conf").write_text(text)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    main = folder / "nginx.conf"
    main.write_text(
        f"pid {folder}/nginx.pid; worker_processes 1; events {{}}\n"
        f"http {{ access_log off; {places} include {folder}/site.conf; }}\n"
    )
    return main


def ask(behind_nginx, path: str, **more) -> requests.Response:
    address, roots, _ = behind_nginx
    assert until(lambda: _answers(address, roots))
    more = {"headers": {"Host": "panel.example"}, "timeout": 60, **more}
    return requests.get(address + path, verify=roots, allow_redirects=False, **more)


def _answers(address: str, roots: str) -> bool:
    try:
        return bool(requests.get(address, verify=roots, timeout=60, allow_redirects=False))
    except requests.ConnectionError:
        return False


def test_it_serves_the_panel_over_tls(behind_nginx):
    answer = ask(behind_nginx, "/accounts/login/")
    assert answer.status_code == 200
    assert "__Host-csrf" in answer.headers["Set-Cookie"]
    assert "Strict-Transport-Security" in answer.headers
    assert not any(digit in answer.headers["Server"] for digit in "0123456789")
    assert ask(behind_nginx, "/readyz").text == "ready\n"


def test_the_panel_learns_the_client_and_not_what_it_forges(behind_nginx):
    headers = {"Host": "panel.example", "X-Forwarded-For": "192.0.2.66"}
    ask(behind_nginx, "/accounts/login/?forged", headers=headers)
    server = behind_nginx[2]
    assert until(lambda: '"view": "account_login"' in server.output or "login" in server.output)
    assert "127.0.0.1" in server.output and "192.0.2.66" not in server.output


def test_what_is_too_large_is_refused_before_the_panel(behind_nginx):
    address, roots, _ = behind_nginx
    ask(behind_nginx, "/healthz")
    answer = requests.post(
        f"{address}/accounts/login/", data=b"x" * 300_000, verify=roots, timeout=60
    )
    assert answer.status_code == 413


def test_files_are_compressed_and_pages_are_not(behind_nginx):
    """The length of a compressed page tells what is on it: docs/decisions/25."""
    headers = {"Host": "panel.example", "Accept-Encoding": "gzip, br"}
    page = ask(behind_nginx, "/accounts/login/", headers=headers)
    assert page.headers.get("Content-Encoding", "identity") == "identity"
    style = parse(page).css("link[rel=stylesheet]")[0]["href"]
    assert ask(behind_nginx, style, headers=headers).headers["Content-Encoding"] in ("gzip", "br")
