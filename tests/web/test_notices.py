"""Features say what is wrong, and every page of whoever is signed in shows it at the top."""

import pytest

from pingadmin.web import notices
from tests.support.html import parse

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The addresses of the requests for which a registered source was asked."""
    paths: list[str] = []

    def source(request):
        paths.append(request.path)
        return [notices.Notice("web/_error.html", None)]

    monkeypatch.setattr(notices, "_sources", [])
    notices.register(source)
    return paths


def test_every_page_shows_what_a_feature_registered(as_viewer, asked):
    page = parse(as_viewer.get("/accounts/2fa/"))
    assert page.has("main > .notice[role=alert]") and asked == ["/accounts/2fa/"]


def test_nobody_is_asked_for_a_visitor(client, asked):
    assert client.get("/accounts/login/").status_code == 200
    assert asked == []


def test_nobody_is_asked_for_a_part_of_a_page(as_viewer, asked):
    assert as_viewer.get("/sessions/rows/?since=x").status_code == 400
    assert as_viewer.get("/collector/now/").status_code == 200
    assert asked == ["/sessions/rows/"], "a refusal is a page of its own, a part is none"
