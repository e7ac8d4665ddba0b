"""Notes on a client: plain text, written once, and refused every change."""

import uuid

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from pingadmin.oversight.models import ClientNote
from pingadmin.oversight.team import client_notes
from pingadmin.oversight.team.append_only import ClientNoteImmutableError
from tests.factories import ClientNoteFactory, RemoteSessionFactory
from tests.oversight.conftest import acting
from tests.support.html import parse
from tests.support.queries import run_sql

ADDRESS = "/clients/ping/a~2Fb/"
FORM_ID = "00000000-0000-4000-8000-00000000000a"
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def session(accounts):
    return RemoteSessionFactory(client_name="a/b")


def write(client, text, address=ADDRESS, **fields):
    return client.post(address + "notes/add/", {"text": text, **fields})


def texts() -> list[str]:
    return list(ClientNote.objects.newest_first().values_list("text", flat=True))


def test_everybody_sees_a_note_with_its_author(as_support, as_viewer):
    answer = write(as_support, "Pays late.\r\nBe kind.")
    assert (answer.status_code, answer.url) == (302, ADDRESS + "#notes")
    notes = parse(as_viewer.get(ADDRESS)).one("#notes")
    assert notes.texts(".note strong") == ["support"]
    assert notes.text(".user-text") == "Pays late.Be kind." and notes.has(".user-text br")
    assert not notes.has("form")


def test_with_htmx_the_notes_alone_are_answered(as_support):
    answer = as_support.post(ADDRESS + "notes/add/", {"text": "First"}, headers=HTMX)
    assert "<html" not in answer.text
    assert parse(answer).texts("#notes .user-text") == ["First"]


def test_a_refused_note_comes_back_with_the_reason(as_support):
    for options in ({}, {"headers": HTMX}):
        answer = as_support.post(ADDRESS + "notes/add/", {"text": "x" * 2001}, **options)
        assert answer.status_code == 400
        notes = parse(answer).one("#notes")
        assert notes.text(".field-error").startswith("Keep it under 2,000 characters")
        assert notes.text("textarea") == "x" * 2001
    assert write(as_support, " ").status_code == 400
    assert texts() == []


def test_a_double_click_is_one_note(as_support):
    for _ in range(2):
        assert write(as_support, "Once", form=FORM_ID).status_code == 302
    assert texts() == ["Once"]
    write(as_support, "Another", form=FORM_ID)
    assert texts() == ["Another", "Once"]


def test_of_two_at_once_the_second_finds_the_first(support, monkeypatch):
    note = {"alias": "ping", "client_name": "a/b", "text": "Once"}
    note |= {"by": acting(support), "form_id": uuid.UUID(FORM_ID)}
    client_notes.write_note(**note)
    found = iter([False, True])
    monkeypatch.setattr("django.db.models.QuerySet.exists", lambda notes: next(found))
    client_notes.write_note(**note)
    assert texts() == ["Once"]


def test_notes_belong_to_one_client_of_one_account(as_support):
    RemoteSessionFactory(client_name="A/B")
    RemoteSessionFactory(alias="agi", client_name="a/b")
    write(as_support, "Of this one")
    for address in ("/clients/ping/A~2FB/", "/clients/agi/a~2Fb/"):
        assert not parse(as_support.get(address)).has(".note")


def test_nobody_can_note_anything_about_a_client_that_nobody_knows(as_support):
    answer = write(as_support, "Who?", address="/clients/ping/nobody/")
    assert answer.status_code == 404 and texts() == []


def test_many_notes_are_folded_and_then_cut(as_viewer, monkeypatch):
    monkeypatch.setattr("pingadmin.client_page.page.MAX_NOTES", 10)
    for number in range(11):
        ClientNoteFactory(client_name="a/b", text=f"note {number}")
    notes = parse(as_viewer.get(ADDRESS)).one("#notes")
    assert notes.text("summary") == "Show 2 earlier"
    assert notes.texts("details .user-text") == ["note 2", "note 1"]
    assert "There are older notes" in notes.text()


def test_hostile_text_is_shown_and_does_nothing(as_support):
    write(as_support, "<script>alert(1)</script> \u202e{{ 7*7 }}")
    html = as_support.get(ADDRESS).text
    assert "<script>alert" not in html and "\u202e" not in html and "{{ 7*7 }}" in html


CHANGES = {
    "save": lambda note: note.save(),
    "delete": lambda note: note.delete(),
    "queryset update": lambda note: ClientNote.objects.update(text="x"),
    "queryset delete": lambda note: ClientNote.objects.all().delete(),
    "bulk_create": lambda note: ClientNote.objects.bulk_create([note], ignore_conflicts=True),
    "base manager": lambda note: ClientNote._base_manager.update(text="x"),
}
STATEMENTS = [
    "UPDATE oversight_clientnote SET text = 'x'",
    "DELETE FROM oversight_clientnote",
    {
        "sqlite": "INSERT OR REPLACE INTO oversight_clientnote SELECT id, alias, client_name, at,"
        " by_id, by_name, 'x', token FROM oversight_clientnote",
        "postgresql": "TRUNCATE oversight_clientnote",
    }[connection.vendor],
]


@pytest.mark.parametrize("change", CHANGES)
def test_the_orm_refuses_every_change(change):
    note = ClientNoteFactory(client_name="a/b", text="first")
    with pytest.raises(ClientNoteImmutableError, match="append-only: write a further one"):
        CHANGES[change](note)
    assert texts() == ["first"]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_database_refuses_every_change(statement):
    ClientNoteFactory(client_name="a/b", text="first")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run_sql(statement)
    assert texts() == ["first"]


def test_a_copy_saved_as_new_takes_no_others_place():
    note = ClientNoteFactory(client_name="a/b", text="first")
    copy = ClientNote(pk=note.pk, alias="ping", client_name="a/b", at=timezone.now(), text="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save()
    assert texts() == ["first"]
