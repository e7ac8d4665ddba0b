"""The panel as a PostgreSQL role that may read the audit log and add to it, and nothing else."""

import psycopg
import pytest

from pingadmin.demo import cast
from tests.support.panel import Panel, panel_environment

pytestmark = [pytest.mark.postgres, pytest.mark.process]


@pytest.fixture(scope="module")
def role(postgres):
    postgres.rows(postgres.url("postgres"), "CREATE ROLE panel LOGIN")
    return "panel"


@pytest.fixture
def restricted(tmp_path, postgres, furnished_database, simulator, role):
    """A panel whose database role owns nothing. It is not started."""
    url = postgres.create_database(like=furnished_database)
    owner = panel_environment(tmp_path, url, simulator)
    as_role = url.replace("postgres@", f"{role}@")
    panel = Panel(tmp_path, owner | {"DATABASE_URL": as_role}, simulator, start=False)
    panel.as_role, panel.as_owner = as_role, owner
    return panel


@pytest.fixture
def restricted_and_running(restricted, role):
    owner = restricted.as_owner["DATABASE_URL"]
    restricted.manage("audit_restrict_role", role, DATABASE_URL=owner)
    restricted.start()
    yield restricted
    restricted.close()


def test_the_panel_works_and_its_role_cannot_change_the_log(restricted_and_running, postgres):
    restricted = restricted_and_running
    person = restricted.login("support")
    answer = person.post(
        f"/sessions/ping/{cast.PING_PAUSED}/resume/", {"reason": "Customer approved"}
    )
    assert answer.status_code == 302
    for statement in (
        "UPDATE audit_auditevent SET reason = 'x'",
        "DELETE FROM audit_auditevent",
        "TRUNCATE audit_auditevent",
        "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
        "DROP TABLE audit_auditevent",
        "SET session_replication_role = replica",
        "CREATE TRIGGER mine BEFORE INSERT ON audit_auditevent "
        "EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "DELETE FROM django_migrations",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            postgres.rows(restricted.as_role, statement)
    found = postgres.rows(
        restricted.as_role, "SELECT phase, result FROM audit_auditevent WHERE action = 'resume'"
    )
    assert [(row["phase"], row["result"]) for row in found] == [("intent", ""), ("outcome", "ok")]


def test_a_role_that_no_grant_can_restrict_is_refused(restricted):
    done = restricted.manage(
        "audit_restrict_role",
        "postgres",
        check=False,
        DATABASE_URL=restricted.as_owner["DATABASE_URL"],
    )
    assert done.returncode != 0 and "superuser or owns" in done.stderr


def test_a_missing_role_is_named(restricted):
    done = restricted.manage(
        "audit_restrict_role",
        "nobody",
        check=False,
        DATABASE_URL=restricted.as_owner["DATABASE_URL"],
    )
    assert done.returncode != 0 and "There is no role nobody" in done.stderr
