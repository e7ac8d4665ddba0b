"""`setup` prepares any database and may be repeated; readiness names what is missing of it."""

import io
import os

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from tests.support.panel import Panel, Person, panel_environment
from tests.support.people import PASSWORD


def lines_of(text: str) -> list[str]:
    return text.splitlines()


def test_a_role_that_differs_from_the_settings_makes_it_unready_until_setup(client, db):
    group = Group.objects.get(name="auditor")
    group.permissions.clear()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert (
        answer.text
        == "roles: auditor in the database is not as settings say: run pingadmin setup\n"
    )


def test_a_role_that_is_gone_or_that_nobody_knows_makes_it_unready(client, db):
    Group.objects.get(name="viewer").delete()
    Group.objects.create(name="guests")
    answer = client.get("/readyz")
    assert answer.status_code == 503 and answer.text.startswith("roles: guests, viewer in the ")


def test_a_changed_setting_makes_it_unready(client, db, settings):
    settings.PAUSE_ROLES = ["support"]
    assert client.get("/readyz").text.startswith("roles: support in the database")


def test_a_role_of_the_database_is_refused_where_there_are_none(db):
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("SQLite has no roles")
    with pytest.raises(CommandError, match="Only PostgreSQL has roles"):
        call_command("setup", role="panel", stdout=io.StringIO())


@pytest.mark.process
def test_it_prepares_an_empty_sqlite_file_and_may_be_repeated(tmp_path, simulator):
    url = f"sqlite:///{tmp_path}/new/directory/panel.sqlite3"
    panel = Panel(tmp_path, panel_environment(tmp_path, url, simulator), simulator, start=False)
    first = lines_of(panel.manage("setup").stdout)
    assert first[0].endswith("migrations applied")
    assert first[-1] == "The database is prepared."
    again = lines_of(panel.manage("setup").stdout)
    assert again == ["tables: nothing to change", "roles: nothing to change", first[-1]]


@pytest.fixture
def owner(postgres, tmp_path, simulator):
    """Commands on an empty PostgreSQL database, as its owner. The server is not started."""
    url = postgres.create_database()
    return Panel(tmp_path, panel_environment(tmp_path, url, simulator), simulator, start=False)


def readiness(panel: Panel) -> str:
    return panel.visitor().get("/readyz").text


@pytest.mark.postgres
@pytest.mark.process
def test_on_postgresql_the_documented_order_ends_ready_and_people_sign_in(owner, postgres):
    role = f"panel_{os.getpid()}"
    first = owner.manage("setup", "--role", role, PINGADMIN_ROLE_PASSWORD='it\'s "quoted"')
    assert f"database role: {role} made" in lines_of(first.stdout)
    again = lines_of(owner.manage("setup", "--role", role).stdout)
    assert again[:2] == ["tables: nothing to change", "roles: nothing to change"]
    owner.manage("add_user", "ana", "--role", "support", PINGADMIN_NEW_PASSWORD=PASSWORD)
    url = owner.environment["DATABASE_URL"]
    owner.environment["DATABASE_URL"] = url.replace("postgres@", f"{role}@")
    owner.start()
    try:
        assert readiness(owner) == "ready\n", owner.server.output
        assert isinstance(owner.login("ana"), Person)
        postgres.rows(url, f"REVOKE INSERT ON notifications_notification FROM {role}")
        _await_readiness(
            owner,
            f"privileges: {role} may not read and write notifications_notification: "
            f"run pingadmin setup --role {role} as the owner of the tables\n",
        )
        owner.manage("setup", "--role", role, DATABASE_URL=url)
        _await_readiness(owner, "ready\n")
        postgres.rows(url, f"GRANT UPDATE ON audit_auditevent TO {role}")
        _await_readiness(
            owner,
            f"privileges: {role} may change the audit log: "
            f"run pingadmin setup --role {role} as the owner of the tables\n",
        )
        owner.manage("setup", "--role", role, DATABASE_URL=url)
        _await_readiness(owner, "ready\n")
        refused = owner.manage("setup", "--role", role, check=False)
        assert refused.returncode == 1 and "the owner of the tables" in refused.stderr
    finally:
        owner.close()


@pytest.mark.postgres
@pytest.mark.process
def test_a_database_that_was_not_prepared_is_named_with_the_command(owner, postgres):
    owner.start()
    try:
        text = readiness(owner)
        assert text.startswith("migrations: ") and text.endswith("run pingadmin setup\n")
        owner.manage("setup")
        _await_readiness(owner, "ready\n")
    finally:
        owner.close()


def _await_readiness(panel: Panel, text: str) -> None:
    """A probe's result serves others for a second."""
    from tests.support.processes import until

    assert until(lambda: readiness(panel) == text), readiness(panel)
