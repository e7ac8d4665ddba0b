"""Which package may import which, read from the source and not from what happens to be loaded."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.imports import imports_of

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pingadmin"
TEMPLATES = ROOT / "templates"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

# Each package may import itself, `config`, and these. Settings come in through django.conf.
MAY_IMPORT = {
    "session_page": {"oversight", "resumes", "remote_sessions", "audit", "upstream", "web"},
    "collector": {
        "oversight",
        "resumes",
        "notifications",
        "remote_sessions",
        "audit",
        "upstream",
        "web",
    },
    "oversight": {"resumes", "remote_sessions", "audit", "upstream", "web"},
    "notifications": {"audit", "http", "web"},
    "resumes": {"remote_sessions", "audit", "upstream", "web"},
    "remote_sessions": {"audit", "upstream", "web"},
    "accounts": {"audit", "web"},
    "audit": {"http", "web"},
    "upstream": {"http"},
    "http": set(),
    "config": set(),
    "web": set(),
    "demo": set(),
}
HTTP_LIBRARIES = {"requests", "urllib3", "httpx", "aiohttp", "http.client", "urllib.request"}

# What a view may use of `upstream`: names, records and the list of accounts, and no call.
HARMLESS_IN_VIEWS = {
    "pingadmin.upstream",
    *(f"pingadmin.upstream.{name}" for name in ("UnknownAlias", "errors", "ids", "records")),
    *(
        f"pingadmin.upstream.{name}"
        for name in ("aliases", "can_list", "canonical_id", "get_label")
    ),
    "pingadmin.upstream.states_paused",
}

# Templates of third parties' pages that we replace belong to `accounts`, those at the top to `web`.
TEMPLATE_OWNERS = {"account": "accounts", "admin": "accounts", "allauth": "accounts"} | {
    "mfa": "accounts"
}

# Templates that still reach for a package above their own. This list may only become shorter.
KNOWN_EXCEPTIONS: set[tuple[str, str]] = set()

# Within audit, each room may import these. What is in no room is for all of them from record up.
CHAIN_AND_RECORD = {"chain", "record"}
AUDIT_ROOMS = {
    "chain": set(),
    "record": {"chain"},
    "entries": CHAIN_AND_RECORD,
    "review": CHAIN_AND_RECORD | {"entries"},
    "integrity": CHAIN_AND_RECORD | {"entries"},
    "log": CHAIN_AND_RECORD | {"entries", "review", "integrity"},
    "export": CHAIN_AND_RECORD | {"entries", "review", "integrity", "log"},
}


def test_every_package_is_in_the_table():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == set(MAY_IMPORT)


def test_the_readme_draws_the_same_house():
    """Its picture is read from the top: a package imports only from lines below its own."""
    picture = re.search(r"## The house\n\n((?:    .*\n)+)", (ROOT / "README.md").read_text())[1]
    rows = [set(re.findall(r"[a-z_]+", line[:36])) for line in picture.splitlines()]
    *layers, aside = rows
    assert aside == {"demo"} and MAY_IMPORT["demo"] == set()
    assert sorted(name for row in rows for name in row) == sorted(MAY_IMPORT)
    for index, row in enumerate(layers):
        below = set().union(*layers[index + 1 :])
        assert all(MAY_IMPORT[package] <= below for package in row)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_the_files_that_it_names_are_there(document):
    """`upstream/ping.py` is in the package; a bare `agi.py` is beside the file named before it."""
    missing, directory = [], ROOT
    for name in re.findall(
        r"`([\w./-]+(?:\.(?:py|html|css|md)|/))`", (ROOT / document).read_text()
    ):
        candidates = [parent / name for parent in (ROOT, PACKAGE, directory)]
        found = next((path for path in candidates if path.exists()), None)
        if found is None:
            missing.append(name)
        else:
            directory = found if found.is_dir() else found.parent
    assert missing == []


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_arrows_point_one_way(package):
    allowed = {package, *MAY_IMPORT[package]} | ({"config"} if package != "demo" else set())
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] == package
        for name in imports_of(path.read_text())
        if name.startswith("pingadmin.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("room", AUDIT_ROOMS)
def test_arrows_between_the_rooms_of_audit_point_one_way(room):
    closed = AUDIT_ROOMS.keys() - AUDIT_ROOMS[room] - {room}
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.relative_to(PACKAGE).parts[:2] == ("audit", room)
        for name in imports_of(path.read_text())
        if name.startswith(tuple(f"pingadmin.audit.{other}" for other in closed))
    ]
    assert wrong == []


def test_every_room_of_audit_is_in_the_table():
    rooms = {path.parent.name for path in (PACKAGE / "audit").glob("*/__init__.py")}
    assert rooms - {"management", "migrations", "templatetags"} == set(AUDIT_ROOMS)


def test_only_http_speaks_http():
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        # The demo stands apart: it waits for its own web server and asks nobody else.
        if path.relative_to(PACKAGE).parts[0] not in ("http", "demo")
        for name in imports_of(path.read_text())
        if any(name == library or name.startswith(f"{library}.") for library in HTTP_LIBRARIES)
    ]
    assert wrong == []


def test_views_never_call_an_upstream():
    wrong = [
        f"{path.relative_to(PACKAGE)} uses {name}"
        for path in FILES
        if has_views(ast.parse(path.read_text()))
        for name in upstream_calls_in(path.read_text())
    ]
    assert wrong == []


def test_templates_reach_only_for_packages_that_their_own_may_import():
    reaching_up = {
        (path.relative_to(TEMPLATES).as_posix(), tag)
        for path in TEMPLATES.rglob("*.html")
        for tag, package in packages_used_by(path.read_text()).items()
        if package not in {owner_of(path), *MAY_IMPORT[owner_of(path)]}
    }
    assert reaching_up - KNOWN_EXCEPTIONS == set(), "a template reaches up"
    assert KNOWN_EXCEPTIONS - reaching_up == set(), "no longer needed: take it from the list"


def test_only_the_trail_creates_audit_events():
    makers = [
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if makes_audit_events(ast.parse(path.read_text()))
    ]
    assert makers == ["audit/record/trail.py"]


def test_a_migration_spells_out_what_it_needs():
    """A list that grows later must not change what an old migration does; fields are fine."""
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.parent.name == "migrations"
        for name in imports_of(path.read_text())
        if name.startswith("pingadmin.") and name.split(".")[-1] != "fields"
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import requests.adapters as a", {"requests.adapters"}),
        (
            "def late():\n    from pingadmin.resumes import form_token",
            {"pingadmin.resumes", "pingadmin.resumes.form_token"},
        ),
        ("from pingadmin import audit", {"pingadmin", "pingadmin.audit"}),
        ("import_module('pingadmin.demo.simulator.server')", {"pingadmin.demo.simulator.server"}),
        ("import urllib.request", {"urllib.request"}),
        ("from urllib import request", {"urllib", "urllib.request"}),
    ],
)
def test_the_reader_sees_every_way_to_import(source, found):
    assert imports_of(source) == found


@pytest.mark.parametrize(
    ("template", "found"),
    [
        (
            "{% load humanize panel team_text %}",
            {"load panel": "web", "load team_text": "oversight"},
        ),
        ("{% load moment from panel %}", {"load panel": "web"}),
        ('{% include "web/_mark.html" with x=y %}', {"include web/_mark.html": "web"}),
        ('{% extends "base.html" %}', {"extends base.html": "web"}),
        ('{% extends "admin/base.html" %}{% include live %}', {}),
    ],
)
def test_the_reader_sees_what_a_template_uses(template, found):
    assert packages_used_by(template) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from pingadmin import upstream\nupstream.aliases()", set()),
        ("from pingadmin.upstream.errors import UpstreamError", set()),
        (
            "from pingadmin import upstream\nupstream.api_for('ping').look_up('x')",
            {"pingadmin.upstream.api_for"},
        ),
        ("from pingadmin.upstream import api_for", {"pingadmin.upstream.api_for"}),
        (
            "from pingadmin.upstream import ping",
            {"pingadmin.upstream.ping"},
        ),
    ],
)
def test_the_reader_sees_every_way_to_call_an_upstream(source, found):
    assert upstream_calls_in(source) == found


def test_the_reader_knows_a_view_whatever_its_file_is_called():
    assert has_views(ast.parse("def page(request: HttpRequest) -> HttpResponse: ..."))
    assert not has_views(ast.parse("def name_of(request: HttpRequest) -> str: ..."))


@pytest.mark.parametrize(
    "source",
    [
        "AuditEvent(seq=1)",
        "models.AuditEvent(seq=1).save()",
        "AuditEvent.objects.create()",
        "AuditEvent.objects.bulk_create([])",
        "AuditEvent._base_manager.get_or_create()",
    ],
)
def test_the_reader_sees_every_way_to_make_an_event(source):
    assert makes_audit_events(ast.parse(source))
    assert not makes_audit_events(
        ast.parse("AuditEvent.objects.filter(seq=1)\nclass AuditEvent(Model): pass")
    )


def makes_audit_events(tree: ast.AST) -> bool:
    """Whether code calls AuditEvent, or a method on it that writes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            *owners, act = _dotted(node.func)
            if act == "AuditEvent" or ("AuditEvent" in owners and "create" in act):
                return True
    return False


def has_views(tree: ast.Module) -> bool:
    """Whether a module has a view: a function with a request that returns a response."""
    return any(
        isinstance(node, ast.FunctionDef)
        and node.args.args[:1]
        and node.args.args[0].arg == "request"
        and (node.returns is None or "Response" in ast.unparse(node.returns))
        for node in tree.body
    )


def upstream_calls_in(source: str) -> set[str]:
    """What of `upstream` a file imports or uses that can call one."""
    imported = {name for name in imports_of(source) if name.startswith("pingadmin.upstream")}
    harmless = {name for name in imported if ".".join(name.split(".")[:3]) in HARMLESS_IN_VIEWS}
    used = {
        f"pingadmin.upstream.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and _dotted(node.value)[-1] == "upstream"
    }
    return (imported - harmless) | (used - HARMLESS_IN_VIEWS)


def packages_used_by(template: str) -> dict[str, str]:
    """The tags of a template that load tags of ours or name templates -> the package of each."""
    used = {}
    for libraries in re.findall(r"{%-?\s*load\s+(.*?)%}", template):
        for library in re.sub(r"^.*\bfrom\b", "", libraries).split():
            if homes := [*PACKAGE.glob(f"*/templatetags/{library}.py")]:
                used[f"load {library}"] = homes[0].relative_to(PACKAGE).parts[0]
    for kind, name in re.findall(r"{%-?\s*(include|extends)\s+[\"'](.*?)[\"']", template):
        if (TEMPLATES / name).exists():
            used[f"{kind} {name}"] = owner_of(TEMPLATES / name)
    return used


def owner_of(template: Path) -> str:
    """The package that a template belongs to."""
    *folders, _ = template.relative_to(TEMPLATES).parts
    return TEMPLATE_OWNERS.get(folders[0], folders[0]) if folders else "web"


def _dotted(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute(value=value, attr=name):
            return [*_dotted(value), name]
        case ast.Name(id=name):
            return [name]
    return [""]
