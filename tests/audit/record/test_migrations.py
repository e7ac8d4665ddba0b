"""The triggers of the audit log come and go with their migration."""

import pytest
from django.db import connections

from tests.audit.conftest import OWN, migrate

TRIGGERS = {
    "sqlite": (
        "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'audit_%'",
        "audit_no_update audit_no_delete audit_only_append",
    ),
    "postgresql": (
        "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'audit_%' UNION "
        "SELECT proname FROM pg_proc WHERE proname LIKE 'audit_%'",
        "audit_no_change audit_only_append audit_refuse audit_follow",
    ),
}


@pytest.mark.process
def test_migrations_drop_the_triggers_and_create_them_again(own_database):
    query, names = TRIGGERS[connections[OWN].vendor]
    assert _trigger_names(query) == set(names.split())

    migrate(own_database, "audit", "0001")
    assert _trigger_names(query) == set()

    migrate(own_database)
    assert _trigger_names(query) == set(names.split())


def _trigger_names(query: str) -> set[str]:
    with connections[OWN].cursor() as cursor:
        cursor.execute(query)
        return {name for (name,) in cursor.fetchall()}
