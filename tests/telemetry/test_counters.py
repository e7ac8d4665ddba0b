"""Figures that processes count themselves: right across all of them, and never in the way."""

import json
import os
import re
import signal

import pytest
import requests

from pingadmin.demo import cast
from tests.support.processes import until

pytestmark = pytest.mark.process

LINE = re.compile(r"(?P<name>\w+)\{(?P<labels>.*)\} (?P<value>\S+)")
PAGE = f"/sessions/ping/{cast.PING_CONNECTED}/"


def figures(panel, name: str, **labels: str) -> float:
    """The sum of a figure's samples that have these labels."""
    text = requests.get(panel.url + "/metrics", timeout=10).text
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    found = (LINE.fullmatch(line) for line in text.splitlines())
    return sum(
        float(match["value"])
        for match in found
        if match and match["name"] == name and wanted <= set(match["labels"].split(","))
    )


def requests_to(panel, view: str) -> float:
    return figures(panel, "pingadmin_request_seconds_count", view=view, process="web")


def test_requests_and_calls_of_every_worker_are_added_up(new_panel):
    panel = new_panel(workers=2)
    person = panel.login()
    for _ in range(12):
        # Each on a connection of its own, so that both workers get some.
        assert person.get(PAGE, headers={"Connection": "close"}).status_code == 200
    assert until(lambda: requests_to(panel, "session:page") == 12)
    calls = figures(
        panel, "pingadmin_upstream_call_seconds_count", account="ping", method="GET", result="2xx"
    )
    assert calls >= 1
    assert figures(panel, "pingadmin_audit_events_total", action="sign_in", process="web") == 1


def test_what_a_killed_worker_counted_stays(new_panel):
    panel = new_panel(workers=2)
    for _ in range(6):
        requests.get(panel.url + "/accounts/login/", timeout=10)
    assert until(lambda: requests_to(panel, "account_login") == 6)
    worker = panel.pids()[-1]
    os.kill(worker, signal.SIGKILL)
    assert until(lambda: worker not in panel.pids())
    assert requests_to(panel, "account_login") == 6


def test_a_start_begins_anew(new_panel):
    panel = new_panel()
    requests.get(panel.url + "/accounts/login/", timeout=10)
    assert until(lambda: requests_to(panel, "account_login") == 1)
    panel.server.end()
    panel.start()
    assert requests_to(panel, "account_login") == 0


def test_the_collectors_figures_have_its_name(new_panel):
    panel = new_panel()
    panel.manage("collect", "--once")
    name = "pingadmin_upstream_call_seconds_count"
    assert until(lambda: figures(panel, name, account="agi", process="collector"))


def test_figures_that_cannot_be_written_stop_nothing(new_panel):
    panel = new_panel()
    person = panel.login()
    directory = panel.directory / "data" / "figures"
    assert until(directory.exists)
    for path in directory.iterdir():
        path.unlink()
    directory.rmdir()
    directory.write_text("in the way")
    assert person.get(PAGE).status_code == 200
    answer = requests.get(panel.url + "/metrics", timeout=10)
    assert answer.status_code == 200 and "pingadmin_alarms" in answer.text


def test_each_request_is_one_line_of_the_access_log(new_panel):
    panel = new_panel()
    panel.login().get("/sessions/?words=A+customers+name")
    panel.server.end()
    log = panel.server.output
    lines = [json.loads(line) for line in log.splitlines() if '"pingadmin.access"' in line]
    [board] = [line for line in lines if line["path"] == "/sessions/"]
    assert (board["method"], board["status"], board["person"]) == ("GET", 200, "support")
    assert board["view"] and board["ms"] > 0 and board["bytes"] > 0 and board["request_id"]
    assert board["address"] == "127.0.0.1"
    assert "customers" not in log


def test_words_that_are_no_method_make_no_figures_of_their_own(new_panel):
    panel = new_panel()
    for word in ("FROB", "NICATE"):
        requests.request(word, panel.url + "/accounts/login/", timeout=10)
    assert until(
        lambda: figures(panel, "pingadmin_request_seconds_count", method="other", status="405") == 2
    )
    assert "FROB" not in requests.get(panel.url + "/metrics", timeout=10).text
