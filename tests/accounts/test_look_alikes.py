"""User names that people could take for another are refused, wherever somebody is added."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from pingadmin.accounts.models import User
from tests.factories import person

pytestmark = pytest.mark.django_db

CYRILLIC_A, CYRILLIC_ADA, GREEK_O = "\u0430", "\u0430\u0501\u0430", "\u03bf"


@pytest.fixture
def ada():
    return person("ada", "support")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (f"{CYRILLIC_A}da", "mixes Cyrillic and Latin"),
        (f"r{GREEK_O}b", "mixes Greek and Latin"),
        (CYRILLIC_ADA, "looks like that of the user ada"),
    ],
)
def test_a_name_that_looks_like_another_is_refused(ada, as_admin, monkeypatch, name, sentence):
    monkeypatch.setenv("PINGADMIN_NEW_PASSWORD", "a-long-enough-password")
    with pytest.raises(CommandError, match=sentence):
        call_command("add_user", name, "--role", "support")
    fields = {"username": name, "role": "support", "password": "a-long-enough-password"}
    answer = as_admin.post("/people/add/", fields)
    assert answer.status_code == 400 and sentence in answer.text
    assert not User.objects.filter(username=name).exists()


@pytest.mark.parametrize(
    "name",
    [
        "\u0438\u0432\u0430\u043d",
        "\u0391\u03b8\u03b7\u03bd\u03ac",
        "jos\u00e9",
        "\u6f22\u3072\u30ab",
        "eva",
    ],
)
def test_an_honest_name_is_taken(ada, name, monkeypatch):
    monkeypatch.setenv("PINGADMIN_NEW_PASSWORD", "a-long-enough-password")
    call_command("add_user", name, "--role", "support")
    assert User.objects.get(username=name).role == "support"


def test_somebody_who_has_such_a_name_already_can_still_be_changed(ada):
    old = person("temporary", "support")
    User.objects.filter(pk=old.pk).update(username=f"{CYRILLIC_A}da")
    old.refresh_from_db()
    old.is_active = False
    old.full_clean()
    with pytest.raises(ValidationError, match="mixes"):
        User(username=f"{CYRILLIC_A}da2", password="x").full_clean()
