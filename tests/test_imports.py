"""The arrows of the house: who may import whom, read from the source and not from what is loaded."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pingadmin"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

# Beside itself, each package may import these. `settings` comes in through django.conf.
GROUND = {"config"}
MAY_IMPORT = {
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
    "notifications": {"audit", "upstream", "web"},
    "resumes": {"remote_sessions", "audit", "upstream", "web"},
    "remote_sessions": {"audit", "upstream", "web"},
    "accounts": {"audit", "web"},
    "audit": {"web"},
    "upstream": {"http"},
    "http": {"upstream"},
    "config": {"accounts"},
    "web": set(),
    "demo": set(),
}
HTTP_LIBRARIES = {"requests", "urllib3", "httpx", "aiohttp", "http.client"}


def test_every_package_is_in_the_table():
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == set(MAY_IMPORT)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_arrows_point_one_way(package):
    ground = set() if package == "demo" else GROUND
    allowed = {package} | MAY_IMPORT[package] | ground
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] == package
        for name in imports_of(path.read_text())
        if name.startswith("pingadmin.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


def test_only_http_speaks_http():
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] != "http"
        for name in imports_of(path.read_text())
        if any(name == library or name.startswith(f"{library}.") for library in HTTP_LIBRARIES)
    ]
    assert wrong == []


def test_views_never_touch_upstream():
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.stem == "views" or path.parent.name == "views"
        for name in imports_of(path.read_text())
        if name.startswith("pingadmin.upstream") and not is_harmless(name)
    ]
    assert wrong == []


def test_only_the_trail_creates_audit_events():
    makers = [
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if makes_audit_events(ast.parse(path.read_text()))
    ]
    assert makers == ["audit/record/trail.py"]


def test_a_migration_spells_out_what_it_needs():
    """A list that grows later must not change what an old migration does; field classes are its one import."""
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
        ("import_module('pingadmin.demo.server')", {"pingadmin.demo.server"}),
    ],
)
def test_the_reader_sees_every_way_to_import(source, found):
    assert imports_of(source) == found


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


def imports_of(source: str) -> set[str]:
    """Every module that a file imports, at any depth; names imported from a package count as its modules."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), level=0, names=names):
                found |= {module} | {f"{module}.{alias.name}" for alias in names}
            case ast.Call(
                func=ast.Name(id="import_module" | "import_string"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                found.add(name)
    return found


def makes_audit_events(tree: ast.AST) -> bool:
    """Whether code calls AuditEvent, or a method on it that writes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            *owners, act = _dotted(node.func)
            if act == "AuditEvent" or ("AuditEvent" in owners and "create" in act):
                return True
    return False


def is_harmless(name: str) -> bool:
    """Words, records and the list of accounts are not calls to an upstream."""
    return name in {"pingadmin.upstream"} or name.split(".")[2] in {
        "errors",
        "ids",
        "records",
        "aliases",
    }


def _dotted(node: ast.AST) -> list[str]:
    match node:
        case ast.Attribute(value=value, attr=name):
            return [*_dotted(value), name]
        case ast.Name(id=name):
            return [name]
    return [""]
