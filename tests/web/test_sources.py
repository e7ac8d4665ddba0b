"""What no template, style or script of ours may hold."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import source_rules

ROOT = Path(__file__).resolve().parents[2]


def test_no_source_breaks_a_rule_of_ours():
    assert source_rules.find_faults() == []


@pytest.mark.parametrize("rule", source_rules.CODE_RULES, ids=lambda rule: rule.why)
def test_a_rule_for_python_finds_its_sample(rule):
    [*faults] = source_rules.code_faults(rule.sample, "pingadmin/anything.py")
    assert faults and all(rule.why in fault for fault in faults)
    for allowed in rule.allowed:
        assert list(source_rules.code_faults(rule.sample, allowed)) == []


@pytest.mark.parametrize("rule", source_rules.TEMPLATE_RULES, ids=lambda rule: rule.why)
def test_a_rule_for_templates_finds_its_sample(rule):
    assert any(rule.why in fault for fault in source_rules.template_faults(rule.sample, "a.html"))


VULNERABLE = """
import subprocess, tempfile, hashlib
def run(name):
    subprocess.call("ls " + name, shell=True)
    open(tempfile.mktemp(), "w").write(hashlib.md5(name.encode()).hexdigest())
"""


@pytest.mark.server
def test_bandit_finds_what_is_vulnerable_on_purpose(tmp_path):
    (tmp_path / "vulnerable.py").write_text(VULNERABLE)
    command = ["bandit", "-q", "-c", str(ROOT / "pyproject.toml"), "-r", str(tmp_path)]
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True)
    assert done.returncode == 1
    assert {"B602", "B306", "B324"} <= set(re.findall(r"B\d{3}", done.stdout))


def test_stylesheets_ask_nobody_else_for_anything():
    for sheet in (ROOT / "static").glob("*.css"):
        assert not re.search(r"@import|url\(|https?:", sheet.read_text())


def test_the_script_evaluates_and_inserts_nothing():
    script = (ROOT / "static/pingadmin.js").read_text()
    assert not re.search(
        r"\beval\b|innerHTML|outerHTML|document\.write|Function\(|insertAdjacent|https?:/", script
    )


def test_the_htmx_configuration_is_json():
    json.loads((ROOT / "templates/web/_htmx_config.json").read_text())


def test_the_static_error_page_needs_no_context_and_no_manifest():
    source = (ROOT / "templates/500.html").read_text()
    assert "{% load" not in source and "{% extends" not in source and "{% static" not in source
    files = re.findall(r'"{{ static_url }}([^"]+)"', source)
    assert files and all((ROOT / "static" / file).exists() for file in files)
