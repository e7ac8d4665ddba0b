"""The snapshots of an older version become compact rows with the same values and ids."""

import json
import subprocess
import sys

import pytest

from tests.support.processes import CHECKOUT, clean_environment

MIGRATE = """
import json, django
django.setup()
from django.core.management import call_command
from django.db import connection

call_command("migrate", "auth", verbosity=0, skip_checks=True)
call_command("migrate", "remote_sessions", "0002", verbosity=0, skip_checks=True)
with connection.cursor() as cursor:
    for statement in STATEMENTS:
        cursor.execute(statement)
call_command("migrate", "remote_sessions", verbosity=0, skip_checks=True)

from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
first = StatusSnapshot.objects.get(pk=3)
StatusSnapshot.objects.create(
    session_id=5, source="poll", first_at=first.first_at, last_at=first.last_at
)
rows = RemoteSession.objects.get(pk=5).snapshots.order_by("id")
print(json.dumps([[str(getattr(row, name)) for name in TIMES]
    + [getattr(row, name) for name in COLUMNS] for row in rows]))
"""
TIMES = ["first_at", "last_at"]
COLUMNS = [
    "id",
    "source",
    "state",
    "paused",
    "duration_seconds",
    "uploaded_bytes",
    "downloaded_bytes",
    "failure",
    "observation_count",
    "uploaded_before_reset",
]
STATEMENTS = [
    "INSERT INTO remote_sessions_remotesession (id, alias, session_id, state, state_is_known, "
    "who, source, paused_said_source, failure, failure_message) "
    "VALUES (5, 'ping', 'ses_old', 'connected', true, '', '', '', '', '')",
    "INSERT INTO remote_sessions_statussnapshot (id, session_id, source, state, paused, "
    "duration_seconds, uploaded_bytes, downloaded_bytes, failure, first_at, last_at, times) VALUES "
    "(3, 5, 'look-up', 'connected', NULL, 60, 10, 20, '', "
    "'2026-11-22 14:02:11.5', '2026-11-22 14:03:11', 4), "
    "(9, 5, 'resume', 'c', true, NULL, NULL, NULL, '', "
    "'2026-11-22 14:02:12', '2026-11-22 14:02:12', 1), "
    "(7, 5, 'poll', '', NULL, NULL, NULL, NULL, 'timed_out', "
    "'2026-11-22 14:01:12', '2026-11-22 14:01:12', 1)",
]
HALF, AT_11, AT_12 = (
    "2026-11-22 14:02:11.500000+00:00",
    "2026-11-22 14:03:11+00:00",
    "2026-11-22 14:02:12+00:00",
)
EARLIER = "2026-11-22 14:01:12+00:00"
CARRIED = [
    [HALF, AT_11, 3, "look-up", "connected", None, 60, 10, 20, "", 4, 0],
    [EARLIER, EARLIER, 7, "poll", "", None, None, None, None, "timed_out", 1, 0],
    [AT_12, AT_12, 9, "resume", "c", True, None, None, None, "", 1, 0],
    [HALF, AT_11, 10, "poll", "", None, None, None, None, "", 1, 0],
]


@pytest.mark.process
def test_old_snapshots_are_migrated_on_sqlite(tmp_path):
    assert migrated(f"sqlite:///{tmp_path}/old.sqlite3") == CARRIED


@pytest.mark.process
@pytest.mark.postgres
def test_old_snapshots_are_migrated_on_postgresql(postgres):
    assert migrated(postgres.create_database()) == CARRIED


def migrated(url: str) -> list:
    """All rows after the migration, and one more that was written after it."""
    script = MIGRATE.replace("STATEMENTS", repr(STATEMENTS))
    script = script.replace("COLUMNS", repr(COLUMNS)).replace("TIMES", repr(TIMES))
    environment = clean_environment(DATABASE_URL=url, DJANGO_SETTINGS_MODULE="tests.settings")
    command = [sys.executable, "-c", script]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
