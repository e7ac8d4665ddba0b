"""The log: one event is one line of JSON, whatever is in it (T73, T87)."""

import json
import logging
import sys

import pytest
from django.test import RequestFactory

from pingadmin.config.secret import Secret
from pingadmin.web.logs import ClientErrorFilter, JSONLineFormatter

HOSTILE = 'a\r\n{"level": "critical"}\x1b[31m\u2028\u202e\ud800'


def line_of(message="m", *args, **more) -> str:
    record = logging.LogRecord("pingadmin.test", logging.INFO, "f.py", 1, message, args, None)
    vars(record).update(more)
    return JSONLineFormatter().format(record)


def test_an_event_is_one_line_of_ascii_json():
    line = line_of("clicked by %s", HOSTILE, path=HOSTILE)
    assert len(line.splitlines()) == 1 and line.isascii() and "\x1b" not in line
    assert json.loads(line)["path"] == HOSTILE and json.loads(line)["level"] == "info"


def test_a_traceback_stays_in_its_line():
    try:
        raise RuntimeError(HOSTILE)
    except RuntimeError:
        line = line_of(exc_info=sys.exc_info())
    assert len(line.splitlines()) == 1 and "RuntimeError" in json.loads(line)["exception"]


def test_the_line_names_the_request_and_its_status():
    request = RequestFactory().get("/")
    request.request_id = "0123456789abcdef"
    line = json.loads(line_of(request=request, status_code=404))
    assert (line["request_id"], line["status"]) == ("0123456789abcdef", 404)
    assert "request" not in line


def test_a_secret_is_stars():
    assert "hunter2" not in line_of("key %s", Secret("hunter2"), key=Secret("hunter2"))


def test_a_clients_mistake_has_no_traceback():
    record = logging.LogRecord(
        "django.request", logging.WARNING, "f.py", 1, "Bad", (), (None, None, None)
    )
    assert ClientErrorFilter().filter(record) and record.exc_info is None


def test_a_request_with_hostile_parts_leaves_whole_lines(client, db, monkeypatch):
    """Django's own log of a missing page, through our handler."""
    lines = []
    handler = logging.Handler()
    handler.setFormatter(JSONLineFormatter())
    handler.emit = lambda record: lines.append(handler.format(record))
    logging.getLogger("django.request").addHandler(handler)
    try:
        client.get(
            "/nothing%0d%0aforged/",
            headers={"User-Agent": HOSTILE.encode("ascii", "replace").decode()},
        )
    finally:
        logging.getLogger("django.request").removeHandler(handler)
    assert len(lines) == 1 and len(lines[0].splitlines()) == 1
    assert json.loads(lines[0])["status"] == 404


@pytest.mark.parametrize(
    "name", ["django.request", "django.security.csrf", "pingadmin.accounts.people"]
)
def test_nothing_is_mailed_and_everything_reaches_the_one_handler(settings, name):
    handlers = settings.LOGGING["handlers"]
    assert list(handlers) == ["stderr"] and handlers["stderr"]["formatter"] == "json"
    logger = logging.getLogger(name)
    while logger.parent:
        assert logger.propagate and not logger.handlers
        logger = logger.parent
