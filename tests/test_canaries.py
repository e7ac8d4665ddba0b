"""The sweep for secrets finds what it looks for."""

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import include, path

from tests.support import canaries

SECRETS = {"SECRET_KEY": "s" * 40, "AUDIT_KEY": "a" * 40}


def leak(request):
    from django.conf import settings

    if "header" in request.GET:
        return HttpResponse(headers={"X-Debug": settings.AUDIT_KEY.reveal()})
    return HttpResponse(f"<p>{settings.SECRET_KEY}</p>")


leak.login_required = False
urlpatterns = [path("leak/", leak), path("", include("pingadmin.urls"))]


@pytest.mark.parametrize("query", ["", "?header"])
@pytest.mark.urls("tests.test_canaries")
def test_an_answer_that_holds_a_key_is_noticed(db, query):
    with pytest.raises(AssertionError, match="an answer holds a secret"):
        Client().get(f"/leak/{query}")


def test_a_file_that_holds_a_key_is_noticed(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b"..." + b"a" * 40 + b"...")
    with pytest.raises(AssertionError, match="log"):
        canaries.assert_files_hold_none(tmp_path, SECRETS)


def test_a_key_in_the_log_is_noticed(settings):
    line = f"refused with {settings.SECRET_KEY}"
    assert canaries.logged_secret([("Captured log call", "fine"), ("Captured stderr call", line)])
    assert not canaries.logged_secret([("Captured log call", "fine")])
