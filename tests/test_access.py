"""Every address x role x method, against one table. An address that is not in it fails (T84).

The table says who may, and with which methods. Whoever may reaches the view, which then answers
with what it finds: the test holds no session and no audit event, so that is often a 404. All others
are sent to sign in (nobody is signed in) or refused.

One test walks all addresses as one role, and its failure lists every request that went wrong. Each
request begins as the first did: what it wrote is undone, and whoever it signed out is signed in.
"""

import contextlib
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories import person

NOBODY = ""
ROLES = ["viewer", "support", "auditor", "admin"]
METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"]

EVERYBODY = set(ROLES)
OPEN = EVERYBODY | {NOBODY}
LOOK = {"viewer", "support", "auditor"}
RESUME = {"support"}
TEAM = {"support"}
AUDIT = {"support", "auditor", "admin"}
REVIEW = {"auditor"}
EXPORT = {"auditor"}
ADMIN = {"admin"}
NO_ONE = set()

READ = {"GET", "HEAD"}
WRITE = {"POST"}
FORM = READ | WRITE

TABLE = {
    "": (EVERYBODY, FORM),
    "sessions/": (LOOK, READ),
    "sessions/rows/": (LOOK, READ),
    "sessions/suggestions/": (LOOK, READ),
    "sessions/columns/": (LOOK, WRITE),
    "sessions/views/": (RESUME, WRITE),
    "sessions/views/<int:view_id>/rename/": (RESUME, WRITE),
    "sessions/views/<int:view_id>/delete/": (RESUME, WRITE),
    "sessions/<alias:alias>/discover/": (LOOK, WRITE),
    "sessions/<session_id:session_id>/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/refresh/": (LOOK, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/chart/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/history.csv": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/now/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/resume/": (RESUME, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/resume-later/": (RESUME, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/resume-later/<uuid:scheduled_id>/cancel/": (
        RESUME,
        WRITE,
    ),
    "sessions/<alias:alias>/<session_id:session_id>/answer/": (RESUME, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/pause/": (NO_ONE, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/conversation/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/resumes/<uuid:attempt_id>/close/": (
        RESUME,
        WRITE,
    ),
    "sessions/handover/": (TEAM, FORM),
    "sessions/<alias:alias>/<session_id:session_id>/team/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/watch/": (TEAM, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/assign/": (TEAM, WRITE),
    "sessions/<alias:alias>/<session_id:session_id>/notes/": (LOOK, READ),
    "sessions/<alias:alias>/<session_id:session_id>/notes/add/": (TEAM, WRITE),
    "clients/<alias:alias>/<client_name:client_name>/": (LOOK, READ),
    "clients/<alias:alias>/<client_name:client_name>/limits/": (LOOK, READ),
    "clients/<alias:alias>/<client_name:client_name>/notes/add/": (TEAM, WRITE),
    "resumes/bulk/": (RESUME, FORM),
    "resumes/bulk/look-up/": (RESUME, WRITE),
    "resumes/bulk/start/": (RESUME, WRITE),
    "resumes/bulk/<uuid:bulk_id>/": (LOOK, READ),
    "resumes/bulk/<uuid:bulk_id>/now/": (LOOK, READ),
    "resumes/bulk/<uuid:bulk_id>/stop/": (RESUME, WRITE),
    "resumes/bulk/<uuid:bulk_id>/retry/": (RESUME, WRITE),
    "audit/": (AUDIT, READ),
    "audit/<int:seq>/": (AUDIT, READ),
    "audit/export.csv": (EXPORT, {"GET"}),
    "audit/export.jsonl": (EXPORT, {"GET"}),
    "audit/verify.py": (AUDIT, READ),
    "audit/<int:seq>/review/": (REVIEW, WRITE),
    "audit/counts/": (AUDIT, READ),
    "audit/rows/": (AUDIT, READ),
    "audit/rows/<int:seq>/": (AUDIT, READ),
    "audit/integrity/": (AUDIT, READ),
    "audit/integrity/check/": (AUDIT, WRITE),
    "collector/": (EVERYBODY, READ),
    "collector/now/": (EVERYBODY, READ),
    "collector/alarm/": (EVERYBODY, READ),
    # Open to a scraper on this machine, as a test client seems to be; the others are in
    # tests/collector/test_metrics.py.
    "metrics": (OPEN, READ),
    "healthz": (OPEN, READ),
    "readyz": (OPEN, READ),
    "accounts/login/": (OPEN, FORM),
    "accounts/logout/": (OPEN, FORM),
    "accounts/inactive/": (OPEN, READ),
    "accounts/reauthenticate/": (EVERYBODY, FORM),
    "accounts/settings/": (EVERYBODY, WRITE),
    "accounts/sign-ins/": (EVERYBODY, FORM),
    "accounts/password/change/": (EVERYBODY, FORM),
    "accounts/2fa/": (EVERYBODY, READ),
    "accounts/2fa/authenticate/": (EVERYBODY, FORM),
    "accounts/2fa/reauthenticate/": (EVERYBODY, FORM),
    "accounts/2fa/totp/qr.svg": (EVERYBODY, READ),
    "accounts/2fa/totp/activate/": (EVERYBODY, FORM),
    "accounts/2fa/totp/deactivate/": (EVERYBODY, FORM),
    "accounts/2fa/recovery-codes/": (EVERYBODY, READ),
    "accounts/2fa/recovery-codes/generate/": (EVERYBODY, FORM),
    "accounts/2fa/recovery-codes/download/": (EVERYBODY, FORM),
    "accounts/2fa/webauthn/": (EVERYBODY, READ),
    "accounts/2fa/webauthn/add/": (EVERYBODY, FORM),
    "accounts/2fa/webauthn/reauthenticate/": (EVERYBODY, FORM),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": (EVERYBODY, FORM),
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": (EVERYBODY, FORM),
    # Open to a passkey; without one in the request it, too, leads to the sign-in.
    "accounts/2fa/webauthn/login/": (EVERYBODY, FORM),
    "people/": (ADMIN, READ),
    "people/add/": (ADMIN, FORM),
    "people/<int:person_id>/": (ADMIN, READ),
    "people/<int:person_id>/details/": (ADMIN, WRITE),
    "people/<int:person_id>/role/": (ADMIN, WRITE),
    "people/<int:person_id>/password/": (ADMIN, WRITE),
    "people/<int:person_id>/active/": (ADMIN, WRITE),
    "people/<int:person_id>/second-factor/reset/": (ADMIN, WRITE),
    "people/<int:person_id>/sign-ins/end/": (ADMIN, WRITE),
    # For superusers, who have no role: tests/accounts/test_admin.py.
    "admin/": (NO_ONE, FORM),
    "admin/login/": (NO_ONE, FORM),
    "admin/logout/": (NO_ONE, WRITE),
    "admin/password_change/": (NO_ONE, FORM),
    "admin/password_change/done/": (NO_ONE, READ),
    "admin/autocomplete/": (NO_ONE, READ),
    "admin/jsi18n/": (NO_ONE, READ),
    "admin/r/<path:content_type_id>/<path:object_id>/": (NO_ONE, FORM),
    "admin/accounts/user/": (NO_ONE, FORM),
    "admin/accounts/user/add/": (NO_ONE, FORM),
    "admin/accounts/user/<id>/password/": (NO_ONE, FORM),
    "admin/accounts/user/<path:object_id>/": (NO_ONE, FORM),
    "admin/accounts/user/<path:object_id>/change/": (NO_ONE, FORM),
    "admin/accounts/user/<path:object_id>/history/": (NO_ONE, FORM),
    "admin/accounts/user/<path:object_id>/delete/": (NO_ONE, FORM),
    "admin/^(?P<app_label>accounts)/$": (NO_ONE, FORM),
    "admin/(?P<url>.*)$": (NO_ONE, FORM),
}
SAMPLES = {
    "<alias:alias>": "ping",
    "<session_id:session_id>": "ses_1",
    "<client_name:client_name>": "acme~20gmbh",
    "<uuid:attempt_id>": "00000000-0000-0000-0000-000000000000",
    "<uuid:scheduled_id>": "00000000-0000-0000-0000-000000000000",
    "<uuid:bulk_id>": "00000000-0000-0000-0000-000000000000",
    "<int:seq>": "1",
    "<int:person_id>": "0",
    "<int:pk>": "1",
    "<int:view_id>": "1",
    "<id>": "1",
    "<path:content_type_id>": "1",
    "<path:object_id>": "1",
    "^(?P<app_label>accounts)/$": "accounts/",
    "(?P<url>.*)$": "nowhere/",
}


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    """The routes of all views, with their placeholders."""
    found = []
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        is_group = isinstance(pattern, URLResolver)
        found += addresses(pattern.url_patterns, route) if is_group else [route]
    return found


ADDRESSES = addresses(get_resolver().url_patterns)


def path_of(address: str) -> str:
    for placeholder, sample in SAMPLES.items():
        address = address.replace(placeholder, sample)
    return f"/{address}"


def expected(allowed: set[str], methods: set[str], role: str, method: str) -> set[str]:
    if method not in FORM | {"OPTIONS"}:
        return {"wrong method"}
    if role not in allowed:
        return {"sign in"} if role == NOBODY else {"refused", "wrong method"}
    if method == "OPTIONS":
        return {"reached", "wrong method"}
    return {"reached"} if method in methods else {"wrong method"}


def outcome_of(answer: HttpResponse) -> str:
    location = answer.get("Location", "")
    if answer.status_code == 302 and location.startswith("/accounts/login/"):
        return "sign in"
    if answer.status_code == 302 and location.startswith("/admin/"):
        person = answer.wsgi_request.user
        if person.is_active and person.is_superuser:
            return "reached"
        return "refused" if person.pk else "sign in"
    words = {403: "refused", 405: "wrong method"}
    return words.get(answer.status_code, "reached" if answer.status_code < 500 else "broken")


class Walker:
    """Sends requests as one role, or as nobody, each from the same state of the database."""

    def __init__(self, role: str, **options: bool):
        self.client = Client(**options)
        if role:
            self.client.force_login(person(role, role))
        self._cookies = {name: cookie.value for name, cookie in self.client.cookies.items()}

    @contextlib.contextmanager
    def _undone(self) -> Iterator[None]:
        atomic = transaction.atomic()
        # As Django's own TestCase does: a durable block of a view may stand inside.
        atomic._from_testcase = True
        with atomic:
            yield
            transaction.set_rollback(True)
        self.client.cookies.clear()
        self.client.cookies.load(self._cookies)

    def send(self, method: str, address: str, **more) -> HttpResponse:
        with self._undone():
            return self.client.generic(method, path_of(address), **more)


def test_the_table_holds_every_address_and_no_other():
    assert set(ADDRESSES) == set(TABLE)


@pytest.mark.parametrize("role", [NOBODY, *ROLES], ids=lambda role: role or "nobody")
def test_who_may_do_what(db, role):
    walker, wrong = Walker(role), []
    for address, (allowed, methods) in TABLE.items():
        for method in METHODS:
            answer = walker.send(method, address)
            outcome = outcome_of(answer)
            lists_methods_only = (
                method == "OPTIONS" and answer.status_code == 200 and not answer.content
            )
            if outcome in expected(allowed, methods, role, method) or lists_methods_only:
                continue
            wrong.append(f"{method} /{address}: {outcome} ({answer.status_code})")
    assert wrong == []


def test_no_address_takes_a_post_without_the_token(db):
    walker, wrong = Walker("support", enforce_csrf_checks=True), []
    for address in ADDRESSES:
        answer = walker.send("POST", address)
        if answer.status_code != 403 or b"nothing was sent" not in answer.content:
            wrong.append(f"/{address}: {answer.status_code}")
    assert wrong == []


def test_a_method_cannot_be_smuggled_in(db):
    """T93: neither a header nor a field turns one method into another."""
    headers = {
        "X-HTTP-Method-Override": "POST",
        "X-HTTP-Method": "POST",
        "X-Method-Override": "POST",
    }
    walker, wrong = Walker("viewer"), []
    for address in ADDRESSES:
        plain = outcome_of(walker.send("GET", address))
        smuggled = walker.send("GET", address, headers=headers, query_params={"_method": "POST"})
        if outcome_of(smuggled) != plain:
            wrong.append(f"/{address}: {outcome_of(smuggled)} where a GET is {plain}")
    assert wrong == []
