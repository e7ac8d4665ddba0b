"""`manage.py serve` is the production server: it serves, limits, drains, has no side door."""

import contextlib
import errno
import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from django.contrib.staticfiles.finders import get_finder
from django.core.management import CommandError, call_command

from pingadmin.demo import cast
from pingadmin.web.static_files import collect
from tests.support.html import parse
from tests.support.processes import is_running, python, until

pytestmark = pytest.mark.process


def test_pages_and_their_static_files_come_from_one_process(panel):
    visitor = panel.visitor()
    login = visitor.get("/accounts/login/")
    assert login.status_code == 200
    style = parse(login).attributes("link[rel=stylesheet]", "href")[0]
    answer = visitor.get(style)
    assert answer.headers["Content-Type"].startswith("text/css")
    assert "immutable" in answer.headers["Cache-Control"]


def test_a_person_signs_in_and_finds_the_front_door(panel):
    assert panel.login("support").get("/sessions/").status_code == 200


def test_no_version_is_told_and_no_control_socket_is_opened(new_panel, tmp_path):
    panel = new_panel(workers=1, HOME=str(tmp_path), XDG_RUNTIME_DIR=str(tmp_path))
    assert not any(
        digit in panel.visitor().get("/healthz").headers["Server"] for digit in "0123456789"
    )
    assert list(tmp_path.rglob("*.ctl")) == []


@pytest.mark.parametrize(
    ("request_head", "statuses"),
    [
        (b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", (400, 414)),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 20_000 + b"\r\n\r\n", (400, 431)),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: 1\r\n" * 200 + b"\r\n", (400, 431)),
        (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", (400,)),
    ],
    ids=["long line", "long field", "many fields", "foreign host"],
)
def test_a_request_beyond_the_limits_is_refused(panel, request_head, statuses):
    assert _status_of(panel, request_head) in statuses


def test_forwarded_headers_of_strangers_change_nothing(panel):
    answer = panel.visitor().get(
        "/sessions/", headers={"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}
    )
    assert "evil" not in answer.headers["Location"]
    assert "https:" not in answer.headers["Location"]


def test_every_line_of_its_log_is_json(new_panel):
    panel = new_panel(workers=1)
    panel.visitor().get("/nothing%0d%0aforged")
    panel.forget_people()
    panel.server.end()
    lines = [
        line for line in panel.server.output.splitlines() if not line.startswith("Serving at ")
    ]
    assert lines
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_it_ends_in_order_and_leaves_no_process(new_panel):
    panel = new_panel(workers=2)
    pids = panel.pids()
    assert len(pids) == 3
    assert panel.server.end(signal.SIGTERM) == 0
    assert not any(map(is_running, pids))


def test_a_request_under_way_is_finished_before_it_ends(new_panel):
    panel = new_panel(workers=1)
    support = panel.login("support")
    panel.simulator.fault("delay", match="GET */status", seconds=1)
    answers = []
    path = f"/sessions/ping/{cast.PING_CONNECTED}/"
    asking = threading.Thread(target=lambda: answers.append(support.get(path)))
    asking.start()
    assert until(lambda: panel.simulator.call_count("/status") == 1)
    panel.server.send(signal.SIGTERM)
    asking.join(timeout=20)
    assert [answer.status_code for answer in answers] == [200]
    assert panel.server.wait() == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"port": 99999}, "--port cannot be 99999"),
        ({"port": -1}, "--port cannot be -1"),
        ({"workers": 0}, "--workers must be at least 1"),
    ],
)
def test_it_refuses_what_it_cannot_use(arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("serve", **arguments, skip_checks=True)


def test_it_says_that_its_port_is_taken(panel):
    done = panel.manage("serve", "--port", panel.url.rpartition(":")[2], check=False)
    assert done.returncode == 1
    assert "cannot be used (Address already in use" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.fixture
def static_source(settings, tmp_path):
    """The only directory with static files, which are collected to tmp_path / "root"."""
    source = tmp_path / "source"
    source.mkdir()
    settings.STATIC_ROOT, settings.STATICFILES_DIRS = tmp_path / "root", [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    get_finder.cache_clear()
    yield source
    get_finder.cache_clear()


def test_static_files_are_collected_again_only_when_one_changed(static_source, tmp_path):
    root = tmp_path / "root"
    (static_source / "a.css").write_text("a{}")
    collect()
    (root / "a.css").unlink()
    collect()
    assert not (root / "a.css").exists()
    (static_source / "b.css").write_text("b{}")
    collect()
    assert {"a.css", "b.css"} <= {file.name for file in root.iterdir()}


def test_a_read_only_directory_serves_what_was_collected_in_it(
    static_source, tmp_path, monkeypatch
):
    (static_source / "a.css").write_text("a{}")
    call_command("collectstatic", interactive=False, verbosity=0)

    def refuse(*arguments, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    # A real read-only mount needs root, who may write in every other directory.
    monkeypatch.setattr(Path, "mkdir", refuse)
    collect()
    (static_source / "a.css").write_bytes(b"b{}")
    with pytest.raises(CommandError, match=r"root \(Read-only.*collectstatic.*STATIC_ROOT"):
        collect()
    (tmp_path / "root" / "staticfiles.json").unlink()
    with pytest.raises(CommandError, match="STATIC_ROOT"):
        collect()


def test_it_listens_on_ipv6(panel, tmp_path):
    words = ("manage.py", "serve", "--host", "::1", "--port", "0", "--workers", "1")
    server = python(*words, env=panel.environment, log=tmp_path / "log")
    port = server.await_line(r"Serving at http://\[::1\]:(\d+)/")[1]
    with socket.create_connection(("::1", int(port)), timeout=10) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert line.recv(65_536).startswith(b"HTTP/1.1 200")
    server.end()


def _status_of(panel, request_head: bytes) -> int:
    host, port = panel.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(request_head)
        return int(line.recv(65_536).split()[1])


def test_other_pages_answer_while_every_look_up_hangs(new_panel, simulator):
    """T31: an upstream that answers nothing takes its slots, and no more of the threads."""
    panel = new_panel(workers=1, UPSTREAM_READ_SECONDS="60")
    simulator.fault("hang", match="GET */status", times=100)
    people = [panel.login("support") for _ in range(10)]
    reader = panel.login("auditor")
    with ThreadPoolExecutor(len(people)) as pool:
        asked = [
            pool.submit(person.get, f"/sessions/ping/ses_hang{number}/")
            for number, person in enumerate(people)
        ]
        assert until(lambda: simulator.call_count("/status") >= 3, seconds=30)
        for address in ("/sessions/", "/audit/", "/collector/", "/audit/integrity/"):
            assert reader.get(address).status_code == 200
        hanging = [look_up for look_up in asked if not look_up.done()]
        assert hanging, "all of this was answered while they were waiting"
        panel.server.kill()
        for look_up in asked:
            with contextlib.suppress(requests.RequestException):
                look_up.result(60)


def test_failed_sign_ins_are_counted_over_all_processes(new_panel):
    """T82."""
    panel = new_panel(workers=3)
    answers = []
    for _ in range(7):
        visitor = panel.visitor()
        visitor.get("/accounts/login/")
        form = {"login": "support", "password": "wrong"}
        answers.append(visitor.post("/accounts/login/", form).status_code)
    assert answers == [200] * 5 + [429] * 2


REFUSED = {
    "400": b"GET / HTTP/1.1\r\nHost: a\r\nbad header line\r\n\r\n",
    "414 or 400": b"GET /" + b"a" * 10_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    "431 or 400": b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    "501 or 400": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    "absolute form": b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
}


@pytest.mark.parametrize("request_head", REFUSED.values(), ids=REFUSED)
def test_what_the_server_refuses_itself_carries_the_headers_too(panel, request_head):
    """T78, T88."""
    head = _answer_to(panel, request_head).split(b"\r\n\r\n")[0].decode()
    status, *lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    assert 400 <= int(status.split()[1]) <= 501
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "deny" and headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        b"POST /accounts/login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 999\r\n\r\nlogin=",
        b"",
    ],
    ids=["head", "body", "silence"],
)
def test_clients_that_never_finish_do_not_stop_the_panel(new_panel, beginning):
    """T91: more of them than there are threads, and nobody else sends anything."""
    panel = new_panel(workers=1, REQUEST_ARRIVAL_SECONDS="1")
    host, port = panel.url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as lines:
        for _ in range(20):
            line = lines.enter_context(socket.create_connection((host, int(port)), timeout=30))
            line.sendall(beginning)
        assert panel.visitor().get("/healthz").text == "alive\n"


def _answer_to(panel, request_head: bytes) -> bytes:
    host, port = panel.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(request_head)
        return line.recv(65_536)
