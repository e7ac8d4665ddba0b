"""Rules of our own for the source, beside those of ruff and bandit; `make check` runs them.

    python -m tests.support.source_rules

Each rule has a sample that breaks it: tests/web/test_sources.py looks whether it is found.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class CodeRule:
    """What no Python of ours uses.

    names: modules or dotted names, as imported or called. allowed: files or folders that may.
    """

    why: str
    names: frozenset[str]
    sample: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class TemplateRule:
    """What no template holds, as a regular expression in any case."""

    why: str
    pattern: str
    sample: str


CODE_RULES = [
    CodeRule(
        "calls leave through pingadmin/http alone, which has deadlines and no redirects",
        frozenset({"requests", "urllib.request", "urllib3", "http.client", "aiohttp", "httpx"}),
        "import urllib.request",
        ("pingadmin/http/", "pingadmin/demo/"),
    ),
    CodeRule(
        "nothing that others may write is turned into objects",
        frozenset({"pickle", "marshal", "shelve", "dill", "yaml", "eval", "exec", "compile"}),
        "import pickle",
    ),
    CodeRule(
        "a cache may forget: what keeps people safe has its own table",
        frozenset({"django.core.cache"}),
        "from django.core.cache import cache",
        ("pingadmin/accounts/", "pingadmin/audit/record/throttle.py"),
    ),
    CodeRule(
        "no process is started by what serves people",
        frozenset({"subprocess", "os.system", "os.popen", "pty"}),
        "import os\nos.system('ls')",
        ("pingadmin/demo/",),
    ),
    CodeRule(
        "every text is escaped where it is written",
        frozenset({"mark_safe", "SafeString", "SafeText", "django.utils.safestring.mark_safe"}),
        "from django.utils.safestring import mark_safe",
        ("pingadmin/oversight/board/rows.py",),
    ),
    CodeRule(
        "every form has its token",
        frozenset({"csrf_exempt", "django.views.decorators.csrf.csrf_exempt"}),
        "from django.views.decorators.csrf import csrf_exempt",
    ),
    CodeRule(
        "whoever reads an address is known, but for signing in and for probes",
        frozenset({"login_not_required", "django.contrib.auth.decorators.login_not_required"}),
        "from django.contrib.auth.decorators import login_not_required",
        (
            "pingadmin/accounts/",
            "pingadmin/collector/views.py",
            "pingadmin/web/probes.py",
            "pingadmin/demo/welcome.py",
        ),
    ),
    CodeRule(
        "SQL is written in whole statements with parameters",
        frozenset({"RawSQL", "django.db.models.expressions.RawSQL"}),
        "from django.db.models.expressions import RawSQL",
        # A constant, which lets PostgreSQL use a partial index.
        ("pingadmin/resumes/models.py",),
    ),
]
TEMPLATE_RULES = [
    TemplateRule(
        "no inline script",
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")",
        "<script>x()</script>",
    ),
    TemplateRule("no inline style", r"<style\b|\sstyle\s*=", '<p style="color: red">'),
    TemplateRule("no handler in an attribute", r"\son[a-z]+\s*=\s*[\"']", '<a onclick="x()">'),
    TemplateRule("no hx-on", r"\shx-on", '<b hx-on:click="x()">'),
    TemplateRule("no script in an address", r"javascript:", '<a href="javascript:x()">'),
    TemplateRule("no unescaped text", r"\|\s*safe(seq)?\b|autoescape\s+off", "{{ x|safe }}"),
    TemplateRule("no values in attributes", r"hx-vals|hx-vars", "<b hx-vals='{}'>"),
    TemplateRule("nobody else is asked", r"https?://(?!www\.w3\.org)", '<link href="https://cdn.example">'),
]  # fmt: skip


def code_faults(source: str, path: str) -> Iterator[str]:
    """Each rule that a Python source breaks, with its line."""
    for name, line in _names_in(ast.parse(source)):
        for rule in CODE_RULES:
            is_named = any(name == each or name.startswith(f"{each}.") for each in rule.names)
            if is_named and not path.startswith(rule.allowed):
                yield f"{path}:{line}: {name}: {rule.why}"


def template_faults(source: str, path: str) -> Iterator[str]:
    for rule in TEMPLATE_RULES:
        for found in re.finditer(rule.pattern, source, re.IGNORECASE):
            line = source.count("\n", 0, found.start()) + 1
            yield f"{path}:{line}: {found[0].strip()}: {rule.why}"


def _names_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """What is imported, and what is called by a plain or dotted name."""
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from ((alias.name, node.lineno) for alias in node.names)
            case ast.ImportFrom(module=str(module)):
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)
            case ast.Call(func=func):
                yield ast.unparse(func), node.lineno


def find_faults() -> list[str]:
    """Every fault in the product's own Python and templates."""
    faults: list[str] = []
    for file in sorted((ROOT / "pingadmin").rglob("*.py")):
        faults += code_faults(file.read_text(), file.relative_to(ROOT).as_posix())
    for file in sorted((ROOT / "templates").rglob("*.html")):
        faults += template_faults(file.read_text(), file.relative_to(ROOT).as_posix())
    return faults


if __name__ == "__main__":
    found = find_faults()
    print("\n".join(found) or "No rule of our own is broken.")
    sys.exit(bool(found))
