"""Which package may import which, read from the source and not from what happens to be loaded."""

import ast
import re
from pathlib import Path

import pytest

from tests.support.imports import (
    aliases_in,
    dotted,
    imports_of,
    labels_of_models_in,
    roots_bound_by,
    texts_in,
)

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "pingadmin"
TEMPLATES = ROOT / "templates"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

# Each package may import itself, `config`, and these. Settings come in through django.conf.
MAY_IMPORT = {
    "session_page": {"oversight", "resumes", "remote_sessions", "audit", "upstream", "web"},
    "client_page": {"oversight", "resumes", "remote_sessions", "audit", "upstream", "web"},
    "collector": {
        "oversight",
        "resumes",
        "notifications",
        "remote_sessions",
        "audit",
        "upstream",
        "web",
        "telemetry",
    },
    "oversight": {"resumes", "remote_sessions", "audit", "upstream", "web"},
    "notifications": {"audit", "http", "web"},
    "resumes": {"remote_sessions", "audit", "upstream", "web"},
    "remote_sessions": {"audit", "upstream", "web"},
    "accounts": {"audit", "http", "web"},
    "audit": {"http", "telemetry", "web"},
    "upstream": {"http", "telemetry"},
    "http": set(),
    "config": set(),
    "telemetry": {"http"},
    "web": {"telemetry"},
    "demo": {
        "session_page",
        "oversight",
        "resumes",
        "remote_sessions",
        "accounts",
        "audit",
        "upstream",
        "web",
    },
}
HTTP_LIBRARIES = {"requests", "urllib3", "httpx", "aiohttp", "http.client", "urllib.request"}
# What could open a connection past `http`, and who has another use for it.
CONNECTING_LIBRARIES = {"socket", "smtplib", "ftplib", "asyncio"}
MAY_CONNECT = {
    "collector/lease.py",  # asks for the name of this host
    "web/arrival.py",  # ends connections that the server accepted
    "web/server.py",  # writes on them
    "web/management/commands/serve.py",  # finds out whether its port is free
}

# What a view may use of `upstream`: names, records and the list of accounts, and no call.
HARMLESS_IN_VIEWS = {
    "pingadmin.upstream",
    *(f"pingadmin.upstream.{name}" for name in ("UnknownAlias", "errors", "ids", "records")),
    *(
        f"pingadmin.upstream.{name}"
        for name in (
            "aliases",
            "can_converse",
            "can_list",
            "canonical_id",
            "get_label",
            "has_limits",
        )
    ),
    "pingadmin.upstream.states_paused",
}

# Templates of third parties' pages that we replace belong to `accounts`, those at the top to `web`.
TEMPLATE_OWNERS = {"account": "accounts", "admin": "accounts", "allauth": "accounts"} | {
    "mfa": "accounts",
    "socialaccount": "accounts",
}

# What still reaches for a package above its own, and why. This list may only become shorter.
ON_THE_SESSION_PAGE = "this panel is only on the session's page, whose views take its forms"
LINK_TO_A_CLIENT = "a client's address is that of its page, and its sessions link to it"
LINK_TO_A_SESSION = "a session's address is that of its page, and many pages link to it"
FRAME = "the frame has the links of the main menu, and a role begins at the first of them"
COLLECTOR_HEALTH = "who is told that something is not received can find out there what is wrong"
ON_THE_FINDINGS = "what was found can be selected for a bulk resume, as on the board"
KNOWN_EXCEPTIONS = {
    ("oversight/team/_assign.html", "url session:assign"): ON_THE_SESSION_PAGE,
    ("oversight/team/_bar.html", "url session:watch"): ON_THE_SESSION_PAGE,
    ("oversight/team/_notes_form.html", "url session:add_note"): ON_THE_SESSION_PAGE,
    ("oversight/team/_poll.html", "url session:poll"): ON_THE_SESSION_PAGE,
    ("remote_sessions/display/_card.html", "url session:refresh"): ON_THE_SESSION_PAGE,
    ("resumes/_resolve.html", "url session:resolve"): ON_THE_SESSION_PAGE,
    ("resumes/_form.html", "url session:resume"): ON_THE_SESSION_PAGE,
    ("resumes/answer/_panel.html", "url session:answer"): ON_THE_SESSION_PAGE,
    ("resumes/_panel.html", "url session:now"): ON_THE_SESSION_PAGE,
    ("resumes/_pause.html", "url session:pause"): ON_THE_SESSION_PAGE,
    ("resumes/scheduled/_fields.html", "url session:schedule"): ON_THE_SESSION_PAGE,
    ("resumes/scheduled/_pending.html", "url session:cancel_schedule"): ON_THE_SESSION_PAGE,
    ("remote_sessions/lookup/findings.html", "url bulk:choose"): ON_THE_FINDINGS,
    ("resumes/bulk/_progress.html", "url session:page"): LINK_TO_A_SESSION,
    ("remote_sessions/models.py", "session:page"): LINK_TO_A_SESSION,
    ("remote_sessions/models.py", "client:page"): LINK_TO_A_CLIENT,
    ("oversight/search/views.py", "client:page"): LINK_TO_A_CLIENT,
    ("oversight/board/_live.html", "url collector:health"): COLLECTOR_HEALTH,
    ("notifications/wording.py", "collector:health"): COLLECTOR_HEALTH,
    ("web/_account_menu.html", "url collector:health"): FRAME,
    ("web/_header.html", "url oversight:board"): FRAME,
    ("web/_header.html", "url oversight:suggest"): FRAME,
    ("web/_header.html", "url bulk:choose"): FRAME,
    ("web/_header.html", "url audit:log"): FRAME,
    ("web/_header.html", "url people:list"): FRAME,
    ("web/home.py", "oversight:board"): FRAME,
    ("web/home.py", "audit:log"): FRAME,
}

# The namespace of addresses -> the package whose urls.py declares it.
NAMESPACES = {
    re.search(r'^app_name = "(\w+)"', path.read_text(), re.M)[1]: path.relative_to(PACKAGE).parts[0]
    for path in PACKAGE.rglob("*/urls.py")
    if "app_name = " in path.read_text()
}

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
    assert aside == {"demo"}
    assert all("demo" not in allowed for allowed in MAY_IMPORT.values())
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
    allowed = {package, *MAY_IMPORT[package], "config"}
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] == package
        for name in packages_reached_by(path.read_text())
        if name.startswith("pingadmin.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


def test_the_simulator_imports_nothing_of_the_panel_that_it_is_asked_by():
    parts = [*(PACKAGE / "demo/simulator").glob("*.py"), PACKAGE / "demo/__main__.py"]
    own = ("pingadmin.demo.simulator", "pingadmin.demo.cast")
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in parts
        for name in packages_reached_by(path.read_text())
        if name.startswith("pingadmin.") and not name.startswith(own) and name != "pingadmin.demo"
    ]
    assert len(parts) > 10 and wrong == []


def test_every_import_says_in_full_what_it_needs():
    """`import pingadmin` would put every package in reach, and a dot hides which one is meant."""
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in FILES
        # Django writes the imports of migrations.
        if path.parent.name != "migrations"
        for name in [
            *(name for name in imports_of(path.read_text()) if name.startswith(".")),
            *(roots_bound_by(path.read_text()) & {"pingadmin"}),
        ]
    ]
    assert wrong == []


def test_only_the_settings_the_addresses_and_the_entry_are_in_no_package():
    loose = {path.name for path in PACKAGE.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "settings.py", "urls.py", "wsgi.py"}


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
        for name in libraries_reached_by(path.read_text())
        if any(name == library or name.startswith(f"{library}.") for library in HTTP_LIBRARIES)
    ]
    assert wrong == []


def test_only_http_connects():
    connecting = {
        path.relative_to(PACKAGE).as_posix()
        for path in FILES
        if path.relative_to(PACKAGE).parts[0] not in ("http", "demo")
        for name in imports_of(path.read_text())
        if name.split(".")[0] in CONNECTING_LIBRARIES
    }
    assert connecting == MAY_CONNECT


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
    known = {key for key in KNOWN_EXCEPTIONS if key[0].endswith(".html")}
    assert reaching_up - known == set(), "a template reaches up"
    assert known - reaching_up == set(), "no longer needed: take it from the list"


def test_code_names_templates_and_addresses_only_of_packages_that_it_may_import():
    reaching_up = {
        (path.relative_to(PACKAGE).as_posix(), name)
        for path in FILES
        if (package := path.relative_to(PACKAGE).parts[0]) in MAY_IMPORT
        for name, owner in packages_named_in(path.read_text()).items()
        if owner not in {package, *MAY_IMPORT[package]}
    }
    known = {key for key in KNOWN_EXCEPTIONS if key[0].endswith(".py")}
    assert reaching_up - known == set(), "a module reaches up"
    assert known - reaching_up == set(), "no longer needed: take it from the list"


@pytest.mark.parametrize("room", AUDIT_ROOMS)
def test_templates_of_a_room_of_audit_include_only_those_of_rooms_below(room):
    allowed = AUDIT_ROOMS[room] | {room}
    wrong = [
        f"{path.relative_to(TEMPLATES)}: {tag}"
        for path in (TEMPLATES / "audit" / room).rglob("*.html")
        for tag in packages_used_by(path.read_text())
        if (other := audit_room_of(tag)) and other not in allowed
    ]
    wrong += [
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in (PACKAGE / "audit" / room).rglob("*.py")
        for name in packages_named_in(path.read_text())
        if (other := audit_room_of(name)) and other not in allowed
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
        ("importlib.import_module('pingadmin.demo')", {"pingadmin.demo"}),
        ("importlib.import_module(name='pingadmin.demo')", {"pingadmin.demo"}),
        ("module_loading.import_string('pingadmin.demo.cast')", {"pingadmin.demo.cast"}),
        ("__import__('pingadmin.demo')", {"pingadmin.demo"}),
        ("builtins.__import__('pingadmin.demo')", {"pingadmin.demo"}),
        ("from .forms import NoteForm", {".forms"}),
        ("from .. import audit", {"..audit"}),
        ("import urllib.request", {"urllib.request"}),
        ("from urllib import request", {"urllib", "urllib.request"}),
    ],
)
def test_the_reader_sees_every_way_to_import(source, found):
    assert imports_of(source) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("apps.get_model('resumes', 'Attempt')", {"pingadmin.resumes"}),
        ("apps.get_model('resumes.Attempt')", {"pingadmin.resumes"}),
        ("get_model(app_label='resumes')", {"pingadmin.resumes"}),
        ("apps.get_app_config('resumes')", {"pingadmin.resumes"}),
        ("apps.get_model('auth', 'Group')", set()),
    ],
)
def test_the_reader_sees_models_that_are_asked_for_by_label(source, found):
    assert packages_reached_by(source) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import pingadmin", {"pingadmin"}),
        ("import pingadmin.audit", {"pingadmin"}),
        ("import pingadmin.audit as audit", set()),
        ("from pingadmin import audit", set()),
    ],
)
def test_the_reader_sees_an_import_that_puts_every_package_in_reach(source, found):
    assert roots_bound_by(source) == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import urllib", {"urllib.request"}),
        ("import http", {"http.client"}),
        ("import urllib.parse", {"urllib.request"}),
        ("from urllib.parse import quote", set()),
        ("from http import HTTPStatus", set()),
    ],
)
def test_the_reader_sees_http_behind_the_name_of_its_package(source, found):
    libraries = {name for name in libraries_reached_by(source) if name in HTTP_LIBRARIES}
    assert libraries == found


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            "render(request, 'oversight/board/board.html')",
            {"oversight/board/board.html": "oversight"},
        ),
        ("render_to_string('500.html')", {"500.html": "web"}),
        ("class Page(View): template_name = 'web/error.html'", {"web/error.html": "web"}),
        ("reverse('oversight:board')", {"oversight:board": "oversight"}),
        ("redirect(f'{reverse(\"bulk:choose\")}?a=b')", {"bulk:choose": "resumes"}),
        ("reverse('admin:index')", {}),
    ],
)
def test_the_reader_sees_templates_and_addresses_that_code_names(source, found):
    assert packages_named_in(source) == found


def test_the_reader_knows_the_room_of_a_template_of_audit():
    assert audit_room_of("include audit/log/_table.html") == "log"
    assert audit_room_of("include web/_mark.html") == audit_room_of("load audit") == ""


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
        ("{% url 'oversight:board' %}", {"url oversight:board": "oversight"}),
        ('{% url "session:page" alias as address %}', {"url session:page": "session_page"}),
        ("{% url 'account_logout' %}{% url 'admin:index' %}", {}),
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
        (
            "from pingadmin import upstream as u\nu.api_for('ping')",
            {"pingadmin.upstream.api_for"},
        ),
        (
            "import pingadmin.upstream as u\nu.api_for('ping')",
            {"pingadmin.upstream.api_for"},
        ),
        ("from pingadmin import upstream as u\nu.aliases()", set()),
    ],
)
def test_the_reader_sees_every_way_to_call_an_upstream(source, found):
    assert upstream_calls_in(source) == found


@pytest.mark.parametrize(
    "source",
    [
        "def page(request: HttpRequest) -> HttpResponse: ...",
        "async def page(request: HttpRequest) -> HttpResponse: ...",
        "def page(req): ...",
        "def page(asked: PanelRequest, alias: str) -> HttpResponse: ...",
        "class Page(View): ...",
        "class Page(generic.TemplateView): ...",
    ],
)
def test_the_reader_knows_a_view_whatever_its_file_is_called(source):
    assert has_views(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        "def name_of(request: HttpRequest) -> str: ...",
        "class Row(NamedTuple): ...",
        "def page(row: BoardRow) -> HttpResponse: ...",
    ],
)
def test_the_reader_takes_nothing_else_for_a_view(source):
    assert not has_views(ast.parse(source))


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
            *owners, act = dotted(node.func)
            if act == "AuditEvent" or ("AuditEvent" in owners and "create" in act):
                return True
    return False


def has_views(tree: ast.Module) -> bool:
    """Whether a module has a view: a view's class, or a function from a request to a response."""
    return any(_is_view(node) for node in tree.body)


def _is_view(node: ast.stmt) -> bool:
    match node:
        case ast.ClassDef(bases=bases):
            return any(dotted(base)[-1].endswith("View") for base in bases)
        case ast.FunctionDef() | ast.AsyncFunctionDef() if node.args.args:
            first = node.args.args[0]
            type_name = ast.unparse(first.annotation) if first.annotation else ""
            takes_request = first.arg in ("request", "req") or type_name.endswith("Request")
            returns = ast.unparse(node.returns) if node.returns else "HttpResponse"
            return takes_request and "Response" in returns
    return False


def upstream_calls_in(source: str) -> set[str]:
    """What of `upstream` a file imports or uses that can call one."""
    imported = {name for name in imports_of(source) if name.startswith("pingadmin.upstream")}
    harmless = {name for name in imported if ".".join(name.split(".")[:3]) in HARMLESS_IN_VIEWS}
    aliases = aliases_in(source)
    used = {
        f"pingadmin.upstream.{node.attr}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and (name := dotted(node.value)[-1])
        and (name == "upstream" or aliases.get(name) == "pingadmin.upstream")
    }
    return (imported - harmless) | (used - HARMLESS_IN_VIEWS)


def packages_reached_by(source: str) -> set[str]:
    """What a file imports, and the packages whose models it asks for by their label."""
    labels = labels_of_models_in(source) & MAY_IMPORT.keys()
    return imports_of(source) | {f"pingadmin.{label}" for label in labels}


def libraries_reached_by(source: str) -> set[str]:
    """What a file imports; `import urllib` reaches urllib.request too, once anybody imported it."""
    behind = {"urllib": "urllib.request", "http": "http.client"}
    return imports_of(source) | {behind[root] for root in roots_bound_by(source) & behind.keys()}


def packages_named_in(source: str) -> dict[str, str]:
    """The templates and the addresses that a file names -> the package of each."""
    named = {}
    for text in texts_in(source):
        namespace, _, name = text.partition(":")
        if text.endswith(".html") and (TEMPLATES / text).exists():
            named[text] = owner_of(TEMPLATES / text)
        elif namespace in NAMESPACES and name.isidentifier():
            named[text] = NAMESPACES[namespace]
    return named


def audit_room_of(name: str) -> str:
    """The room of the template of audit that a name ends with, "" for any other template."""
    found = re.search(r"(?:^| )audit/(\w+)/", name)
    return found[1] if found else ""


def packages_used_by(template: str) -> dict[str, str]:
    """The tags of a template that name tags, templates or addresses of ours -> their packages."""
    used = {}
    for libraries in re.findall(r"{%-?\s*load\s+(.*?)%}", template):
        for library in re.sub(r"^.*\bfrom\b", "", libraries).split():
            if homes := [*PACKAGE.glob(f"*/templatetags/{library}.py")]:
                used[f"load {library}"] = homes[0].relative_to(PACKAGE).parts[0]
    for kind, name in re.findall(r"{%-?\s*(include|extends)\s+[\"'](.*?)[\"']", template):
        if (TEMPLATES / name).exists():
            used[f"{kind} {name}"] = owner_of(TEMPLATES / name)
    for namespace, name in re.findall(r"{%-?\s*url\s+[\"'](\w+):(\w+)[\"']", template):
        if namespace in NAMESPACES:
            used[f"url {namespace}:{name}"] = NAMESPACES[namespace]
    return used


def owner_of(template: Path) -> str:
    """The package that a template belongs to."""
    *folders, _ = template.relative_to(TEMPLATES).parts
    return TEMPLATE_OWNERS.get(folders[0], folders[0]) if folders else "web"
