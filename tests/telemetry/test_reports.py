"""What leaves for Sentry and OpenTelemetry, over real sockets: enough, and no secret."""

import json
import subprocess
import sys

import pytest
import requests

from pingadmin.demo import cast
from tests.support.canaries import secrets_of
from tests.support.panel import CHECKOUT
from tests.support.processes import clean_environment, until
from tests.support.raw_server import says

SECRET = "canary-secret-key-0123456789-abcdefghijklmnopqrstuvwxyz"
CUSTOMER = "canary-customer"
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "pingadmin.settings",
    "ALLOW_HTTP": "true",
    "ALLOWED_HOSTS": "localhost",
    "SECRET_KEY": SECRET,
    "AUDIT_KEY": "another-" + SECRET,
}
FAILS = f"""
import logging, sys, types
import django
django.setup()
from django.conf import settings
from pingadmin.telemetry import start
start.begin("web")
log = logging.getLogger("pingadmin.anything")

def fail(customer):
    key = settings.SECRET_KEY
    raise ValueError(f"{{customer}} {{key}}")

request = types.SimpleNamespace(request_id="0123456789abcdef", path="/clients/{CUSTOMER}/")
try:
    fail("{CUSTOMER}")
except ValueError:
    log.exception("Internal Server Error: %s", request.path, extra={{"request": request}})
log.error("Could not %s", "{CUSTOMER}")
log.warning("no report")
print("failed", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def reports_of():
    """reports_of(server) -> the reports that a failing process sends there."""
    processes = []

    def run(server) -> list[dict]:
        environment = clean_environment(
            **SETTINGS,
            SENTRY_DSN=f"http://publickey@127.0.0.1:{server.port}/7",
            HTTP_PROXY="http://127.0.0.1:9",
            http_proxy="http://127.0.0.1:9",
        )
        process = subprocess.Popen(
            [sys.executable, "-c", FAILS],
            cwd=CHECKOUT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        processes.append(process)
        assert process.stdout.readline() == b"failed\n"
        assert until(lambda: len(server.requests) == 2)
        return [json.loads(request.body.splitlines()[2]) for request in server.requests]

    yield run
    for process in processes:
        process.communicate(timeout=30)


def test_a_report_says_where_and_holds_no_text_of_anybody(raw_server, reports_of):
    server = raw_server(says(200, b"{}"))
    raised, logged = reports_of(server)
    [exception] = raised["exception"]["values"]
    assert exception["type"] == "ValueError" and "value" not in exception
    assert [frame["function"] for frame in exception["stacktrace"]["frames"]][-1] == "fail"
    assert raised["tags"] == {"process": "web", "request_id": "0123456789abcdef"}
    assert logged["message"] == "Could not %s"
    for request in server.requests:
        assert request.path == "/api/7/envelope/"
        assert "sentry_key=publickey" in request.headers["x-sentry-auth"]
        assert SECRET.encode() not in request.body and CUSTOMER.encode() not in request.body


@pytest.mark.process
def test_spans_of_requests_and_calls_name_no_session_and_hold_no_secret(new_panel, raw_server):
    server = raw_server(says(200, b""))
    panel = new_panel(
        OTEL_EXPORTER_OTLP_ENDPOINT=server.address,
        OTEL_EXPORTER_OTLP_HEADERS="x-tenant=us",
        OTEL_BSP_SCHEDULE_DELAY="200",
    )
    panel.login().get(f"/sessions/ping/{cast.PING_CONNECTED}/?canary-query=1")
    sent = lambda: b"".join(request.body for request in server.requests)  # noqa: E731
    assert until(lambda: b"session:page" in sent() and b"upstream call" in sent())
    assert {request.path for request in server.requests} == {"/v1/traces"}
    assert {request.headers["x-tenant"] for request in server.requests} == {"us"}
    for text in (cast.PING_CONNECTED.encode(), b"canary-query", *secrets_of(panel.environment)):
        assert text not in sent()


@pytest.mark.process
def test_pages_answer_while_nobody_takes_spans_or_reports(new_panel):
    panel = new_panel(
        OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", SENTRY_DSN="http://k@127.0.0.1:9/1"
    )
    assert requests.get(panel.url + "/accounts/login/", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "http://key@sentry.example/1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://traces.example:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://user@traces.example"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "just a word"),
    ],
)
def test_an_address_that_can_be_none_is_refused_without_being_repeated(name, value):
    done = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        cwd=CHECKOUT,
        env=clean_environment(**SETTINGS, **{name: value}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"{name} is no" in done.stderr and value not in done.stderr
