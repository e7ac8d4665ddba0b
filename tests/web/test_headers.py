"""The headers that every answer carries, whoever asked and whatever came of it (T78, T88, T90,
T92).
"""

import pytest
from django.test import Client

POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "font-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "object-src 'none'",
}


@pytest.fixture(
    params=[
        "login",
        "redirect",
        "page",
        "missing",
        "forbidden",
        "csrf",
        "method",
        "static",
        "health",
    ]
)
def answer(request, db, as_viewer, viewer):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(viewer)
    answers = {
        "login": lambda: Client().get("/accounts/login/"),
        "redirect": lambda: Client().get("/sessions/"),
        "page": lambda: as_viewer.get("/sessions/"),
        "missing": lambda: as_viewer.get("/nothing/"),
        "forbidden": lambda: as_viewer.get("/audit/"),
        "csrf": lambda: strict.post("/sessions/ping/ses_1/refresh/"),
        "method": lambda: as_viewer.get("/sessions/ping/ses_1/refresh/"),
        "static": lambda: Client().get("/static/pingadmin.css"),
        "health": lambda: Client().get("/healthz"),
    }
    answer = answers[request.param]()
    yield answer
    answer.close()


def test_every_answer_is_safe(answer):
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"] and "=*" not in answer["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in answer
    assert "Server" not in answer and "X-Powered-By" not in answer


def test_only_static_files_may_be_kept(answer):
    if answer.headers["Content-Type"].startswith("text/css"):
        assert "no-store" not in answer["Cache-Control"]
    else:
        assert "no-store" in answer["Cache-Control"]


def test_every_answer_has_an_id_of_its_own(client, db):
    first, second = (client.get("/healthz", headers={"X-Request-ID": "forged"}) for _ in range(2))
    assert len(first["X-Request-ID"]) == 16 and first["X-Request-ID"] != second["X-Request-ID"]


def test_a_broken_page_is_safe_too(client, monkeypatch):
    client.raise_request_exception = False
    monkeypatch.setattr("pingadmin.web.probes.find_faults", lambda: 1 / 0)
    answer = client.get("/readyz")
    assert answer.status_code == 500
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert answer["X-Frame-Options"] == "DENY" and answer["Cache-Control"] == "no-store"
    assert b"ZeroDivisionError" not in answer.content and b"Traceback" not in answer.content


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "a b", "testserver:x"])
def test_a_foreign_host_is_refused(client, db, host):
    answer = client.get("/accounts/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert host not in answer.content.decode() and answer["X-Frame-Options"] == "DENY"


def test_a_forwarded_host_is_not_believed(as_support):
    answer = as_support.get("/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in answer["Location"]


def test_production_demands_https(client, db, settings):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    # The middleware reads its settings when it is made.
    client = Client()
    assert client.get("/sessions/")["Location"] == "https://testserver/sessions/"
    answer = client.get("/accounts/login/", secure=True)
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
