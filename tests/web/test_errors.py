"""Refusals and faults: designed, with what to do next, the status kept, a fragment for htmx."""

import json
import logging

import pytest
from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.test import Client, RequestFactory

from pingadmin.web import errors
from tests.support.html import parse

HTMX = {"HX-Request": "true"}


def is_whole_page(answer) -> bool:
    return answer.content.lstrip().lower().startswith(b"<!doctype html>")


def test_a_missing_page_says_what_to_try(as_support):
    answer = as_support.get("/nothing/")
    assert answer.status_code == 404 and is_whole_page(answer)
    assert b"Nothing at this address" in answer.content and b"search box" in answer.content
    assert answer["X-Request-ID"].encode() in answer.content


def test_a_missing_page_tells_a_stranger_nothing_more(client, db):
    answer = client.get("/nothing/")
    assert answer.status_code == 404 and not parse(answer).has('[href="/audit/"]')


def test_a_forbidden_page_says_who_can_help(as_viewer):
    answer = as_viewer.get("/audit/")
    assert (
        answer.status_code == 403 and is_whole_page(answer) and b"administrator" in answer.content
    )


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/audit/", 403)])
def test_htmx_gets_a_notice_with_the_status_kept(as_viewer, path, status):
    answer = as_viewer.get(path, headers=HTMX)
    assert answer.status_code == status and not is_whole_page(answer)
    (notice,) = parse(answer).css("body > *")
    assert "notice" in notice["class"].split() and notice["role"] == "alert"


def csrf_client(user) -> Client:
    """Somebody signed in, with the token's cookie but not yet with the token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    client.get("/accounts/2fa/")
    return client


def test_a_form_without_its_token_is_refused_in_kind_words(support):
    answer = csrf_client(support).post("/sessions/ping/ses_1/resume/", {"reason": "x"})
    assert answer.status_code == 403 and is_whole_page(answer)
    assert b"Reload this page: nothing was sent" in answer.content


def test_an_htmx_post_without_its_token_is_told_to_reload(support):
    answer = csrf_client(support).post("/sessions/ping/ses_1/resume/", headers=HTMX)
    assert answer.status_code == 403 and not is_whole_page(answer) and b"Reload" in answer.content


def test_a_token_from_before_the_sign_in_is_refused_in_kind_words(support):
    client = Client(enforce_csrf_checks=True)
    old = csrf_token(client.get("/accounts/login/"))
    sign_in = {"login": "support", "password": "pingadmin-demo", "csrfmiddlewaretoken": old}
    assert client.post("/accounts/login/", sign_in).status_code == 302
    answer = client.post("/accounts/logout/", {"csrfmiddlewaretoken": old})
    assert answer.status_code == 403 and b"nothing was sent" in answer.content


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example"]
)
def test_another_origin_is_refused_even_with_the_token(support, origin):
    client = csrf_client(support)
    token = csrf_token(client.get("/accounts/logout/"))
    answer = client.post(
        "/accounts/logout/", {"csrfmiddlewaretoken": token}, headers={"Origin": origin}
    )
    assert answer.status_code == 403 and "_auth_user_id" in client.session


def test_htmx_sends_the_token_from_the_page(support):
    client = csrf_client(support)
    sent = json.loads(parse(client.get("/accounts/2fa/")).one("[hx-headers]")["hx-headers"])
    assert set(sent) == {"X-CSRFToken"}
    answer = client.post("/accounts/logout/", headers={**sent, **HTMX})
    assert answer.status_code == 302


def test_too_large_a_body_is_called_so():
    request = RequestFactory().post("/")
    assert errors.bad_request(request, RequestDataTooBig()).status_code == 413


def test_a_body_over_the_limit_is_refused(support):
    answer = csrf_client(support).post(
        "/sessions/ping/ses_1/refresh/",
        "x=" + "y" * 300_000,
        content_type="application/x-www-form-urlencoded",
    )
    assert answer.status_code == 413 and b"nothing was sent" in answer.content


def test_ten_thousand_fields_are_refused(support):
    client = csrf_client(support)
    answer = client.post("/sessions/ping/ses_1/refresh/", {f"f{n}": "1" for n in range(10_000)})
    assert answer.status_code == 400


@pytest.fixture
def broken(monkeypatch):
    client = Client()
    client.raise_request_exception = False

    def answer(error, **headers):
        def fail(*args):
            raise error

        monkeypatch.setattr("pingadmin.web.probes.find_faults", fail)
        return client.get("/readyz", headers=headers)

    return answer


def test_a_fault_of_ours_is_a_page_without_the_fault_in_it(broken):
    answer = broken(RuntimeError("a secret of the inside"))
    assert answer.status_code == 500 and is_whole_page(answer)
    assert b"secret" not in answer.content and b"before you click again" in answer.content
    assert parse(answer).has('[href="/static/pingadmin.css"]')
    assert answer["X-Request-ID"].encode() in answer.content


def test_a_fault_of_ours_is_a_notice_for_htmx(broken):
    answer = broken(RuntimeError("x"), **HTMX)
    assert (
        answer.status_code == 500
        and not is_whole_page(answer)
        and parse(answer).has(".notice-failed")
    )


def test_a_database_that_does_not_answer_is_called_so_without_asking_it(broken):
    # There is no database in this test: any query would fail it.
    answer = broken(OperationalError("no such host db.internal"))
    assert answer.status_code == 503 and "The database isn’t answering" in answer.text
    assert b"db.internal" not in answer.content


def test_the_fault_itself_is_in_the_log(broken, caplog):
    with caplog.at_level(logging.ERROR):
        broken(RuntimeError("a secret of the inside"))
    assert "a secret of the inside" in caplog.text


def csrf_token(page) -> str:
    return parse(page).css("[name=csrfmiddlewaretoken]")[0]["value"]
