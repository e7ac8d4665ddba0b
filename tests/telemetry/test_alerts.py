"""The files for Prometheus and Grafana: tried with made-up series, and about figures that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.utils import timezone

from pingadmin.audit.integrity import checkpoints, verification_runs
from pingadmin.audit.record.actors import Actor
from pingadmin.demo import cast
from pingadmin.upstream import api_for
from tests.audit.factories import record_entry
from tests.factories import FeedStatusFactory, HeartbeatFactory
from tests.support.required_parts import need

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "pingadmin.json"
RUNBOOK = (DEPLOY.parent / "docs" / "operating.md").read_text()


def alert_names() -> list[str]:
    [group] = yaml.safe_load(RULES.read_text())["groups"]
    return [rule["alert"] for rule in group["rules"]]


def test_each_alert_comes_when_it_should_and_not_else():
    promtool = shutil.which("promtool")
    need("promtool", promtool, "it comes with Debian's package prometheus")
    for arguments in (["check", "rules", RULES], ["test", "rules", RULES.with_suffix(".test.yml")]):
        done = subprocess.run([promtool, *arguments], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_has_made_up_series_and_a_line_in_the_runbook():
    tried = RULES.with_suffix(".test.yml").read_text()
    for name in alert_names():
        assert tried.count(f"alertname: {name}") >= 2, name
        assert f"| `{name}` |" in RUNBOOK, name


@pytest.mark.django_db
def test_the_files_name_figures_that_exist(
    client, simulated_upstreams, django_capture_on_commit_callbacks
):
    HeartbeatFactory()
    FeedStatusFactory(alias="ping", up_since=timezone.now(), events_a_second=1)
    with django_capture_on_commit_callbacks(execute=True):
        record_entry()
    checkpoints.make()
    verification_runs.start_or_continue(by=Actor.system("test"))
    client.get("/accounts/login/")
    api_for("ping").look_up(cast.PING_CONNECTED)
    found = set(re.findall(r"^pingadmin_\w+", client.get("/metrics").text, re.M))
    panels = json.loads(DASHBOARD.read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    named = re.findall(r"pingadmin_\w+", RULES.read_text() + " ".join(expressions))
    # A fault is only told where there is one.
    assert set(named) - {"pingadmin_fault"} <= found
