"""A client's name may hold any character; its address holds the name exactly, on one segment."""

import re

import pytest
from django.urls import resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from pingadmin.remote_sessions.converters import ClientNameConverter
from pingadmin.remote_sessions.models import RemoteSession
from tests.factories import RemoteSessionFactory
from tests.support.html import parse

NAMES = [
    "acme-frankfurt-014",
    "a/b",
    "/",
    ".",
    "..",
    "...",
    ".hidden",
    "a.b",
    "#top",
    "a?b=c",
    "%2F",
    "100 %",
    "~2F",
    "~",
    "é",
    "e\u0301",
    "two words",
    " ",
    "client-\u202e4102\u202c",
    "عميل",
    "😀",
    "\"quoted\" & 'quoted'",
    "<script>alert(1)</script>",
    "a\\b",
    "notes/add",
    "limits",
    "x" * 200,
    "😀" * 200,
]


def address_of(name: str) -> str:
    return reverse("client:page", args=["ping", name])


@pytest.mark.parametrize("name", NAMES)
def test_an_address_leads_back_to_exactly_its_name(name):
    address = address_of(name)
    assert re.fullmatch(r"/clients/ping/[A-Za-z0-9_.~-]+/", address)
    found = resolve(address)
    assert (found.view_name, found.kwargs) == (
        "client:page",
        {"alias": "ping", "client_name": name},
    )


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_every_name_has_one_address(name):
    converter = ClientNameConverter()
    value = converter.to_url(name)
    assert re.fullmatch(converter.regex, value) and value.strip(".")
    if len(name) <= 200:
        assert converter.to_python(value) == name


@pytest.mark.parametrize(
    "segment",
    ["~61", "~2f", "~", "~2", "~FF", "~C3", "~00", "a~00b", "..", "x" * 201, "a%20b", "~C3~28"],
)
def test_another_spelling_is_no_address(as_viewer, segment):
    assert as_viewer.get(f"/clients/ping/{segment}/").status_code == 404


@pytest.mark.parametrize("name", NAMES)
def test_each_client_has_a_page_of_its_own(as_viewer, name):
    session = RemoteSessionFactory(client_name=name)
    RemoteSessionFactory(client_name="somebody else")
    page = parse(as_viewer.get(address_of(name)))
    assert page.attributes("#board label a", "href") == [session.get_absolute_url()]


def test_the_name_must_be_exactly_that_of_the_upstream(as_viewer):
    RemoteSessionFactory(client_name="Acme")
    assert as_viewer.get(address_of("Acme")).status_code == 200
    for name in ("acme", "Acme ", "Acm", "Acme%"):
        answer = as_viewer.get(address_of(name))
        assert answer.status_code == 404
        assert "No session of this client is known" in answer.text


def test_the_same_name_in_another_account_is_another_client(as_viewer):
    RemoteSessionFactory(alias="agi", client_name="Acme")
    assert as_viewer.get(address_of("Acme")).status_code == 404


def test_a_session_without_a_client_leads_to_none():
    assert RemoteSession(alias="ping", session_id="ses_1").client_address == ""


def test_a_sessions_page_leads_to_its_client(as_viewer):
    session = RemoteSessionFactory(client_name="<b>/..")
    card = parse(as_viewer.get(session.get_absolute_url())).one("#card")
    link = card.one('a[href^="/clients/"]')
    assert link.text() == "<b>/.."
    assert as_viewer.get(link["href"]).status_code == 200
