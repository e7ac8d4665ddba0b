"""Every way to change or remove what the team wrote, by the ORM and in the database, is refused."""

import uuid

import pytest
from django.contrib import admin
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from pingadmin.oversight.models import TeamEntry
from pingadmin.oversight.team import notes
from pingadmin.oversight.team.append_only import TeamEntryImmutableError
from tests.oversight.conftest import acting
from tests.support.coroutines import run_coroutine
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db

ORM = {
    "save": lambda row: row.save(),
    "save of some fields": lambda row: row.save(update_fields=["text"]),
    "delete": lambda row: row.delete(),
    "update_or_create": lambda row: TeamEntry.objects.update_or_create(
        pk=row.pk, defaults={"text": "x"}
    ),
    "queryset update": lambda row: TeamEntry.objects.filter(pk=row.pk).update(text="x"),
    "queryset delete": lambda row: TeamEntry.objects.all().delete(),
    "bulk_update": lambda row: TeamEntry.objects.bulk_update([row], ["text"]),
    "bulk_create over a row": lambda row: TeamEntry.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["text"]
    ),
    "related manager": lambda row: row.session.team_entries.update(text="x"),
    "related delete": lambda row: row.session.team_entries.all().delete(),
    "base manager": lambda row: TeamEntry._base_manager.filter(pk=row.pk).update(text="x"),
    "async update": lambda row: run_coroutine(lambda: TeamEntry.objects.aupdate(text="x")),
}
DATABASE = {
    "save_base": lambda row: row.save_base(),
    "raw delete of a queryset": lambda row: TeamEntry.objects.all()._raw_delete("default"),
    "UPDATE": lambda row: run_sql("UPDATE oversight_teamentry SET text = 'x'"),
    "DELETE": lambda row: run_sql("DELETE FROM oversight_teamentry"),
}
SQLITE = {
    "OR REPLACE of a row": lambda row: _replace(id=row.pk),
    "OR REPLACE by the form's number": lambda row: _replace(id=row.pk + 1, token=row.token.hex),
}
POSTGRESQL = {
    # A deferred foreign key would refuse it first, in a transaction that has just added a row.
    "TRUNCATE": lambda row: run_sql(
        "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE oversight_teamentry CASCADE"
    ),
    "UPDATE of no row": lambda row: run_sql(
        "UPDATE oversight_teamentry SET text = 'x' WHERE id = -1"
    ),
    "ON CONFLICT DO UPDATE": lambda row: run_sql(
        "INSERT INTO oversight_teamentry SELECT * FROM oversight_teamentry"
        " ON CONFLICT (id) DO UPDATE SET text = 'x'"
    ),
}
OF_THIS_DATABASE = {"sqlite": SQLITE, "postgresql": POSTGRESQL}[connection.vendor]


@pytest.fixture
def row(session, support):
    notes.write_note(session=session, text="first", form_id=uuid.uuid4(), by=acting(support))
    return TeamEntry.objects.get()


@pytest.mark.parametrize("path", ORM)
def test_every_orm_path_is_refused_with_the_sentence_that_says_what_to_do(row, path):
    with pytest.raises(TeamEntryImmutableError, match="append-only: write a further one"):
        ORM[path](row)
    assert _untouched()


@pytest.mark.parametrize("path", [*DATABASE, *OF_THIS_DATABASE])
def test_the_database_refuses_what_the_model_cannot_see(row, path):
    row.text = "x"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        (DATABASE | OF_THIS_DATABASE)[path](row)
    assert _untouched()


def test_a_copy_saved_as_new_takes_no_others_place(row):
    copy = TeamEntry(
        pk=row.pk, session=row.session, at=timezone.now(), kind="note", by_id="1", by_name="x"
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        copy.save()
    assert _untouched()


def test_a_session_with_entries_cannot_be_removed(row):
    with pytest.raises(Exception, match="protected|append-only"):
        row.session.delete()
    assert _untouched()


def test_the_admin_site_does_not_know_them():
    assert not admin.site.is_registered(TeamEntry)


def _untouched() -> bool:
    return list(TeamEntry.objects.values_list("text", flat=True)) == ["first"]


def _replace(**changed) -> None:
    """Copy the row with other values, as a program that has not turned recursive triggers on."""
    columns = [field.column for field in TeamEntry._meta.concrete_fields]
    changed = {"text": "x"} | changed
    chosen = ", ".join("%s" if column in changed else column for column in columns)
    values = [changed[column] for column in columns if column in changed]
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers = OFF")
        try:
            cursor.execute(
                f"INSERT OR REPLACE INTO oversight_teamentry ({', '.join(columns)})"
                f" SELECT {chosen} FROM oversight_teamentry",
                values,
            )
        finally:
            cursor.execute("PRAGMA recursive_triggers = ON")
