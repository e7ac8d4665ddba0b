"""The guarded POST: one message, one deadline, and a precise word on how it failed."""

import logging
from time import monotonic

import pytest

from pingadmin.config.secret import Secret
from pingadmin.http import post
from pingadmin.http.errors import RequestError
from tests.support.raw_server import drips, goes_on_for_ever, hangs, http, resets_after, says

PATH = "/hook/canary-address"
TAKEN = http(200, b"ok", kind="text/plain")


def failure_of(address: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        post.post_json(Secret(address), b"{}")
    assert "canary-address" not in repr(caught.value) + str(vars(caught.value))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return caught.value


def test_the_body_is_posted_once_as_json_without_a_key(raw_server):
    server = raw_server(says(204, b"", kind=""))
    assert post.post_json(Secret(server.address + PATH), b'{"text": "x"}') == 204
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("POST", PATH, b'{"text": "x"}')
    assert request.headers["content-type"] == "application/json"
    assert "authorization" not in request.headers


FAULTS = {
    "refused": (says(403, b"no"), "refused", 403),
    "not found": (says(404, b""), "not_found", 404),
    "its own fault": (says(503, b"<html>"), "server_error", 503),
    "a redirect": (says(307, b"", "Location: /elsewhere"), "redirected", 307),
    "endless": (goes_on_for_ever(http(200, b"", length=-1), b"x" * 65536), "too_large", None),
    "reset": (resets_after(), "broken_off", None),
}


@pytest.mark.parametrize("behaviour, kind, status", FAULTS.values(), ids=FAULTS)
def test_every_fault_has_its_kind_and_nothing_is_posted_twice(raw_server, behaviour, kind, status):
    server = raw_server(behaviour)
    error = failure_of(server.address + PATH)
    assert (error.kind, error.status, error.sent) == (kind, status, True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "behaviour",
    [hangs, drips(TAKEN, every=0.05), drips(TAKEN, first=len(TAKEN) - 2, every=0.2)],
    ids=["silence", "dripped headers", "dripped body"],
)
def test_one_deadline_covers_the_whole_exchange(raw_server, seconds_for_answer, behaviour):
    seconds_for_answer(0.3)
    error = failure_of(raw_server(behaviour).address + PATH)
    assert (error.kind, error.sent) == ("timed_out", True)


def test_its_time_counts_from_its_beginning(raw_server, monkeypatch, deadlines):
    monkeypatch.setattr(post, "DEADLINE_SECONDS", 20)
    began = monotonic()
    post.post_json(Secret(raw_server(says(200, b"ok")).address + PATH), b"{}")
    assert began + 20 <= deadlines[0] <= monotonic() + 20


SAYS_YES = {
    "nothing": b"",
    "Slack": b"ok",
    "Teams": b"1",
    "a blank around it": b" OK\r\n",
    "ok": b'{"ok": true}',
    "success": b'{"success": true, "id": 4}',
    "Google Chat": b'{"name": "spaces/AAA/messages/BBB", "text": "x"}',
    "ntfy": b'{"id": "x", "time": 1, "event": "message", "topic": "t"}',
}
SAYS_NO = {
    "Teams' failure": b"Webhook message delivery failed with error: 429",
    "Slack's failure": b"invalid_payload",
    "ok false": b'{"ok": false, "error": "channel_not_found"}',
    "ok as text": b'{"ok": "true"}',
    "a sign-in page": b"<!doctype html><title>Sign in</title>",
    "a list": b"[true]",
    "depth": b"[" * 60_000,
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("body", SAYS_YES.values(), ids=SAYS_YES)
def test_known_answers_say_yes(raw_server, body):
    assert post.post_json(Secret(raw_server(says(200, body)).address + PATH), b"{}") == 200


@pytest.mark.parametrize("body", SAYS_NO.values(), ids=SAYS_NO)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_good_status_alone_says_nothing(raw_server, status, body):
    error = failure_of(raw_server(says(status, body)).address + PATH)
    assert (error.kind, error.status, error.sent) == ("unconfirmed", status, True)


def test_what_asks_us_to_wait_says_for_how_long(raw_server):
    assert failure_of(raw_server(says(429, b"", "Retry-After: 9")).address + PATH).retry_after == 9


def test_nobody_there_is_not_sent():
    error = failure_of(f"http://127.0.0.1:1{PATH}")
    assert (error.kind, error.sent) == ("unreachable", False)
    assert error.sentence == "could not be reached"


def test_neither_a_proxy_nor_a_netrc_of_the_environment_matters(raw_server, monkeypatch, tmp_path):
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    proxy, server = raw_server(says(200, b"")), raw_server(says(200, b""))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.address)
    monkeypatch.delenv("no_proxy", raising=False)
    post.post_json(Secret(server.address + PATH), b"{}")
    assert proxy.connections == 0
    assert "authorization" not in server.requests[0].headers


def test_the_log_names_how_it_failed_and_not_the_address(raw_server, caplog):
    server = raw_server(resets_after())
    with caplog.at_level(logging.DEBUG):
        failure_of(server.address + PATH)
    assert "POST failed: broken_off" in caplog.text
    assert "canary-address" not in caplog.text and str(server.port) not in caplog.text
