"""What no template, style or script of ours may hold."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
PYTHON = sorted((ROOT / "pingadmin").rglob("*.py"))
INLINE = [
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")",
    r"<style\b",
    r"\sstyle\s*=",
    r"\son[a-z]+\s*=\s*[\"']",
    r"\shx-on",
    r"javascript:",
]
UNSAFE = [
    r"\|\s*safe\b",
    r"\|\s*safeseq\b",
    r"autoescape\s+off",
    r"hx-vals",
    r"hx-vars",
    r"https?://(?!www\.w3\.org)",
]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_no_template_holds_inline_code_or_unescaped_text(template):
    source = template.read_text()
    assert [rule for rule in INLINE + UNSAFE if re.search(rule, source, re.IGNORECASE)] == []


@pytest.mark.parametrize(
    "bad",
    [
        "<script>x()</script>",
        '<p style="color: red">',
        "<style>p{}</style>",
        '<a onclick="x()">',
        "{{ x|safe }}",
        '<b hx-on:click="x()">',
        "{% autoescape off %}",
        '<link href="https://cdn.example/x.css">',
    ],
)
def test_the_scan_finds_what_it_looks_for(bad):
    assert [rule for rule in INLINE + UNSAFE if re.search(rule, bad, re.IGNORECASE)]


# It writes a thousand rows without the template engine; tests/oversight/test_board.py puts hostile
# text into them.
WRITES_HTML = "pingadmin/oversight/board/rows.py"


@pytest.mark.parametrize(
    "source", [source for source in PYTHON if name_of(source) != WRITES_HTML], ids=name_of
)
def test_no_python_marks_text_as_safe(source):
    assert not re.search(r"mark_safe|SafeString|SafeText|allow_tags", source.read_text())


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
