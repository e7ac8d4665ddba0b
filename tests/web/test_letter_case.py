"""Capitals make no difference, in any alphabet and on both databases."""

import pytest

from pingadmin.oversight.models import SavedView
from tests.audit.factories import record_event
from tests.factories import RemoteSessionFactory, SavedViewFactory
from tests.support.html import parse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "words", ["überlastung", "ÜBERLASTUNG", "lastung", "ÜBER", "überlastung hamburg"]
)
def test_words_of_a_reason_are_found_in_any_case(as_auditor, words):
    record_event(reason="Überlastung in Hamburg")
    record_event(reason="Something else")
    page = parse(as_auditor.get("/audit/", {"words": words}))
    assert len(page.rows()) == 1


@pytest.mark.parametrize("words", ["ćevap", "ĆEVAP", "ПРИВЕТ", "привет", "ć%p", "ć_vap"])
def test_a_client_is_found_in_any_case_and_no_character_is_a_wildcard(as_viewer, words):
    RemoteSessionFactory(client_name="Ćevap Привет")
    rows = parse(as_viewer.get("/sessions/", {"words": words, "view": "all"})).texts(
        "#board tbody tr:not(.group)"
    )
    assert len(rows) == (0 if set(words) & set("%_") else 1)


def test_two_views_differ_by_more_than_capitals(as_support):
    SavedViewFactory(name="Übersicht")
    answer = as_support.post("/sessions/views/", {"name": "übersicht", "query": ""}, follow=True)
    assert "There is already a view named “übersicht”" in answer.text
    assert SavedView.objects.count() == 1
