"""Below a path of somebody else's host: every link, form, file, cookie and redirect stays there."""

import re
import shutil
from urllib.parse import urljoin, urlsplit

import pytest
import requests

from tests.deploy.test_nginx import _configure
from tests.support.certificates import Authority
from tests.support.html import parse
from tests.support.panel import furnish, panel_environment
from tests.support.people import PASSWORD
from tests.support.processes import Process, clean_environment, free_port, python, until
from tests.support.required_parts import need

pytestmark = pytest.mark.process
PREFIX = "/pingadmin"
# Attributes that hold an address.
ADDRESSES = ("href", "src", "action", "formaction", "hx-get", "hx-post")
MAX_PAGES = 60


@pytest.fixture(scope="module")
def below_a_path(tmp_path_factory, simulator_process):
    """The address of the panel below the path, and the file of its authority."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    need("nginx", nginx, "apt-get install nginx-light")
    folder = tmp_path_factory.mktemp("path")
    environment = panel_environment(folder, f"sqlite:///{folder}/panel.sqlite3", simulator_process)
    environment |= {"URL_PREFIX": PREFIX, "BEHIND_TLS_PROXY": "true", "TRUSTED_PROXIES": "1"}
    furnish(environment)
    words = ("manage.py", "serve", "--port", "0", "--workers", "1")
    server = python(*words, env=environment, log=folder / "serve.log")
    panel = server.await_line(r"Serving at http://(\S+)/")[1]
    port, authority = free_port(), Authority(folder)
    authority.server()
    configuration = _configure(folder, panel, port)
    site = folder / "site.conf"
    text = site.read_text().replace("location / {", f"location {PREFIX}/ {{")
    site.write_text(text.replace("proxy_pass http://pingadmin;", "proxy_pass http://pingadmin/;"))
    command = [nginx, "-c", configuration, "-e", folder / "error.log", "-g", "daemon off;"]
    proxy = Process(*command, env=clean_environment(), log=folder / "log")
    address, roots = f"https://127.0.0.1:{port}", str(authority.roots)
    assert until(lambda: _answers(address, roots)), server.output
    yield address, roots
    proxy.end()
    server.end()


def _answers(address: str, roots: str) -> bool:
    try:
        return requests.get(f"{address}{PREFIX}/healthz", verify=roots, timeout=60).ok
    except requests.ConnectionError:
        return False


def sign_in(below_a_path, name: str) -> requests.Session:
    address, roots = below_a_path
    session = requests.Session()
    session.trust_env, session.verify = False, roots
    login = f"{address}{PREFIX}/accounts/login/"
    token = parse(session.get(login, timeout=60)).css("[name=csrfmiddlewaretoken]")[0]["value"]
    fields = {"login": name, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = session.post(
        login, fields, timeout=60, allow_redirects=False, headers={"Referer": login}
    )
    assert answer.status_code == 302 and answer.headers["Location"] == f"{PREFIX}/", answer.text
    return session


def addresses_on(page) -> list[str]:
    return [each for name in ADDRESSES for each in page.attributes(f"[{name}]", name)]


@pytest.mark.parametrize("name", ["support", "auditor", "admin"])
def test_no_page_leads_out_of_it(below_a_path, name):
    address, _ = below_a_path
    session = sign_in(below_a_path, name)
    waiting, seen, patterns = [f"{address}{PREFIX}/"], set(), set()
    while waiting and len(seen) < MAX_PAGES:
        here = waiting.pop(0)
        answer = session.get(here, timeout=60)
        assert urlsplit(answer.url).path.startswith(f"{PREFIX}/"), (here, answer.url)
        # What one person has no right to, or what takes only POST, leads back too.
        assert answer.status_code in (200, 204, 304, 400, 403, 404, 405), (here, answer.status_code)
        if "text/html" not in answer.headers.get("Content-Type", "") or not answer.text:
            continue
        for found in addresses_on(parse(answer)):
            there = urlsplit(urljoin(answer.url, found))
            if there.netloc != urlsplit(address).netloc:
                continue
            assert there.path.startswith(f"{PREFIX}/"), f"{found} on {here}"
            # One page of a kind is enough.
            pattern = re.sub(r"[0-9a-f-]{6,}|\d+", "N", there.path)
            if pattern not in patterns:
                patterns.add(pattern)
                waiting.append(there._replace(fragment="").geturl())
        seen.add(here)
    assert len(seen) > 8


def test_cookies_are_bound_to_the_path(below_a_path):
    cookies = {each.name: each.path for each in sign_in(below_a_path, "support").cookies}
    assert set(cookies.values()) == {f"{PREFIX}/"} and len(cookies) == 2


def test_an_act_and_its_redirect_stay_there(below_a_path):
    address, _ = below_a_path
    session = sign_in(below_a_path, "support")
    found = session.get(f"{address}{PREFIX}/sessions/?q=ses_7d2a6f01ce", timeout=60)
    assert urlsplit(found.url).path == f"{PREFIX}/sessions/ping/ses_7d2a6f01ce/"
    form = parse(found).css("form[action$='/resume/']")[0]
    token = form.css("[name=csrfmiddlewaretoken]")[0]["value"]
    fields = {"reason": "Customer called", "ticket": "", "csrfmiddlewaretoken": token}
    there = urljoin(found.url, form["action"])
    done = session.post(there, fields, timeout=60, headers={"Referer": found.url})
    assert done.status_code == 200 and urlsplit(done.url).path.startswith(f"{PREFIX}/sessions/")
    link = f"{address}{PREFIX}/audit/1/"
    opened = session.get(f"{address}{PREFIX}/sessions/", params={"q": link}, timeout=60)
    assert urlsplit(opened.url).path == f"{PREFIX}/audit/1/"


def test_static_files_and_probes_answer_below_it(below_a_path):
    address, roots = below_a_path
    page = parse(requests.get(f"{address}{PREFIX}/accounts/login/", verify=roots, timeout=60))
    style = page.css("link[rel=stylesheet]")[0]["href"]
    assert style.startswith(f"{PREFIX}/static/")
    assert requests.get(address + style, verify=roots, timeout=60).ok
    ready = requests.get(f"{address}{PREFIX}/readyz", verify=roots, timeout=60)
    assert ready.text.startswith("ready")
