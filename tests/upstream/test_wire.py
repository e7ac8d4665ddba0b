"""How requests travel: connections, what is ignored of the environment, memory, threads."""

import concurrent.futures
import logging
import os
import subprocess
import sys
import threading
import tracemalloc

import pytest

from pingadmin.upstream import transport
from tests.support.raw_server import (
    as_json,
    drips,
    goes_on_for_ever,
    http,
    resets_after,
    says,
    sends,
)
from tests.support.upstream_clients import (
    AGI_KEY,
    GOOD,
    ID,
    PING_KEY,
    SESSION,
    SYSTEMS,
    look_up_kind,
    ping_at,
)

# It starts processes.
pytestmark = pytest.mark.server


@SYSTEMS
def test_look_ups_share_a_connection_and_every_resume_has_its_own(raw_server, api_at):
    server = raw_server(says(200, SESSION))
    api = api_at(server.address)
    for _ in range(2):
        api.look_up(ID)
        api.look_up(ID)
        api.resume(ID)
        api.resume(ID)
    assert [request.connection for request in server.requests] == [1, 1, 2, 3, 1, 1, 4, 5]
    closing = ["close" if request.method != "GET" else None for request in server.requests]
    assert [request.headers.get("connection") for request in server.requests] == closing


@SYSTEMS
def test_t28_a_kept_connection_that_dies_costs_a_look_up_one_more_try(raw_server, api_at):
    server = raw_server(says(200, SESSION), resets_after(), says(200, SESSION))
    api = api_at(server.address)
    assert [look_up_kind(api), look_up_kind(api)] == ["ok", "ok"]
    assert [request.connection for request in server.requests] == [1, 1, 2]


@SYSTEMS
def test_t28_the_second_try_never_uses_another_dead_connection(raw_server, api_at):
    both_asked = threading.Barrier(2)

    def dies_when_it_is_kept(peer):
        if len(server.requests) <= 2:
            both_asked.wait(10)
        elif peer.request.connection <= 2:
            return resets_after()(peer)
        return says(200, SESSION)(peer)

    server = raw_server(dies_when_it_is_kept)
    api = api_at(server.address)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert list(pool.map(look_up_kind, [api, api])) == ["ok", "ok"]
    assert look_up_kind(api) == "ok"
    assert [request.connection for request in server.requests][2:] in ([1, 3], [2, 3])


@SYSTEMS
def test_a_second_try_that_exceeds_the_deadline_is_not_made(raw_server, monkeypatch, api_at):
    monkeypatch.setattr(transport, "JITTER_SECONDS", (60, 60))
    server = raw_server(says(503, SESSION))
    assert look_up_kind(api_at(server.address)) == "server_error"
    assert len(server.requests) == 1


@SYSTEMS
def test_t28_a_resume_never_uses_a_stale_connection(raw_server, api_at):
    server = raw_server(
        sends(GOOD), says(200, SESSION)
    )  # answers as if to keep the connection, and closes it
    api = api_at(server.address)
    assert look_up_kind(api) == "ok"
    assert api.resume(ID).result == "ok"
    assert len(server.requests) == 2


@SYSTEMS
def test_t28_a_resume_whose_new_connection_dies_is_unknown_and_not_repeated(raw_server, api_at):
    server = raw_server(resets_after(), says(200, SESSION))
    assert api_at(server.address).resume(ID).result == "unknown"
    assert len(server.requests) == 1


@SYSTEMS
def test_an_unrequested_response_is_not_taken_for_the_next_one(raw_server, api_at):
    forged = as_json(SESSION | {"status": "paused", "client_id": "forged", "agent_name": "forged"})
    server = raw_server(sends(GOOD + http(200, forged), keep=True), says(200, SESSION))
    api = api_at(server.address)
    assert [api.look_up(ID).client_name, api.look_up(ID).client_name].count("forged") == 0


@SYSTEMS
def test_the_environment_can_neither_read_the_key_nor_divert_the_call(
    raw_server, api_at, monkeypatch, tmp_path
):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    proxy = raw_server(says(200, SESSION))
    for name in (
        "http_proxy",
        "HTTP_PROXY",
        "https_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "ALL_PROXY",
    ):
        monkeypatch.setenv(name, proxy.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")
    monkeypatch.setenv("CURL_CA_BUNDLE", "/nowhere")

    server = raw_server(says(200, SESSION))
    api = api_at(server.address)
    assert (look_up_kind(api), api.resume(ID).result) == ("ok", "ok")

    assert proxy.connections == 0
    sent = {request.headers["authorization"] for request in server.requests}
    assert sent == ({PING_KEY} if api_at is ping_at else {f"Bearer {AGI_KEY}"})


@SYSTEMS
def test_no_compression_is_asked_for_and_no_cookie_comes_back(raw_server, api_at):
    server = raw_server(says(200, SESSION, "Set-Cookie: a=b; Path=/"))
    api = api_at(server.address)
    api.look_up(ID)
    api.look_up(ID)
    assert {request.headers["accept-encoding"] for request in server.requests} == {"identity"}
    assert not any("cookie" in request.headers for request in server.requests)


@pytest.mark.parametrize(
    "status",
    [413, 429, 503],
    ids=lambda status: f"{status} with Retry-After, which urllib3 would obey",
)
def test_a_resume_is_not_repeated_by_the_library(raw_server, status):
    server = raw_server(says(status, {}, "Retry-After: 0"))
    ping_at(server.address).resume(ID)
    assert len(server.requests) == 1


@SYSTEMS
def test_t15_memory_stays_flat_however_much_is_sent(raw_server, api_at):
    server = raw_server(goes_on_for_ever(http(200, b"[", length=-1), b" " * 65536))
    api = api_at(server.address)
    api.look_up_path, api.resume_path = "/warm/{}", "/warm/{}"
    look_up_kind(api)
    tracemalloc.start()
    try:
        for _ in range(3):
            assert look_up_kind(api) == "too_large"
            assert api.resume(ID).failure == "too_large"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@SYSTEMS
def test_many_threads_may_look_up_at_once_and_each_gets_its_own_answer(
    raw_server, settings, api_at
):
    settings.UPSTREAM_READ_SLOTS = 16
    settings.UPSTREAM_SLOT_WAIT_SECONDS = 30

    def answers_about_what_was_asked(peer):
        return says(200, SESSION | {"session_id": peer.request.path.split("/")[2]})(peer)

    server = raw_server(answers_about_what_was_asked)
    api = api_at(server.address)
    ids = [f"s{number}" for number in range(200)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        records = list(pool.map(api.look_up, ids))
    assert [record.session_id for record in records] == ids
    assert len(server.requests) == 200
    assert server.connections <= 16


def test_a_deadline_also_holds_in_a_process_that_was_forked_after_the_first_call(raw_server):
    server = raw_server(says(200, SESSION), drips(GOOD, every=0.25))
    script = """
import os, sys
from django.conf import settings
from pingadmin.config.secret import Secret
settings.configure(
    UPSTREAM_CONNECT_SECONDS=2, UPSTREAM_READ_SECONDS=0.3, UPSTREAM_WRITE_SECONDS=3,
    UPSTREAM_BODY_BYTES=256000, UPSTREAM_READ_SLOTS=3, UPSTREAM_WRITE_SLOTS=2,
    UPSTREAM_SLOT_WAIT_SECONDS=1,
    UPSTREAM_CIRCUIT_FAILURES=5, UPSTREAM_CIRCUIT_OPEN_SECONDS=15, UPSTREAMS={},
    CA_FILE="", OUTBOUND_PROXY=Secret(""), OUTBOUND_PROXY_EXCEPT=[])
from tests.support.upstream_clients import ping_at
api = ping_at(sys.argv[1])
settings.UPSTREAM_READ_SECONDS = 5
api.look_up("0b9ff1a6-59cb-4b19-a3a9-2f1c6a2f9d10")
child = os.fork()
if not child:
    os._exit(0 if api.resume("a").failure == "timed_out" else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    command = [sys.executable, "-W", "ignore", "-c", script, server.address]
    root = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
    assert subprocess.run(command, cwd=root, timeout=30).returncode == 0


def test_a_failed_call_logs_its_cause(raw_server, caplog):
    ping_at(raw_server(resets_after()).address).resume(ID)
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith("PATCH failed: broken_off, ") and "ConnectionResetError" in line


@SYSTEMS
def test_what_upstreams_send_does_not_reach_the_log_through_the_library(raw_server, api_at, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    garbage = b"HTTP/1.1 200 OK\r\nX-Forged\x0b: y\r\nno header at all\r\n\r\n"
    api_at(raw_server(sends(garbage)).address).resume(ID)
    assert not any("forged" in record.getMessage().lower() for record in caplog.records)
    assert not any(key in caplog.text for key in (PING_KEY, AGI_KEY))
