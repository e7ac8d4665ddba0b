"""The guards of the database come and go with their migration."""

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
def test_the_guards_can_be_lowered_and_raised_again_by_migration(own_database):
    question, names = TRIGGERS[connections[OWN].vendor]
    assert _names(question) == set(names.split())

    migrate(own_database, "audit", "0001")
    assert _names(question) == set()

    migrate(own_database)
    assert _names(question) == set(names.split())


def _names(question: str) -> set[str]:
    with connections[OWN].cursor() as cursor:
        cursor.execute(question)
        return {name for (name,) in cursor.fetchall()}
