"""A database of version 0.2.0 keeps its tables and rows, and that release can still run on it."""

import json
import subprocess
import sys

import pytest

from tests.support.processes import CHECKOUT, clean_environment

pytestmark = pytest.mark.process

# What this version adds on purpose: where a checkpoint is still to be sent, the seal of a
# verification, what limits sign-ins, which collector holds the lease, notes on clients, what finds
# a client's sessions, the search indexes, scheduled resumes, the tasks of agents.
# Nothing may disappear, and the release before must still be able to write every table.
TABLES_WITH_ADDITIONS = (
    "keptcheckpoint",
    "verificationrun",
    "accounts_cacheentry",
    "accounts_user",
    "collector_beat",
    "oversight_clientnote",
    "session_of_client",
    "search_",
    "resumes_scheduledresume",
    "agenttask",
    "agent_task",
)


@pytest.fixture(scope="module")
def upgrade(tmp_path_factory):
    return run(f"sqlite:///{tmp_path_factory.mktemp('upgrade')}/old.sqlite3")


def run(url: str) -> dict:
    """What tests/support/upgrading.py tells of a database before and after the upgrade."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.upgrading"],
        cwd=CHECKOUT,
        env=clean_environment(DATABASE_URL=url),
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_renames_leave_the_schema_untouched(upgrade):
    assert_schema_is_kept(upgrade)


def test_rows_of_the_old_release_are_read(upgrade):
    assert_rows_are_read(upgrade["rows"])


def test_permissions_keep_their_rows_and_are_not_doubled(upgrade):
    assert_permissions_are_kept(upgrade)


@pytest.mark.postgres
def test_an_upgrade_on_postgresql_keeps_schema_rows_and_permissions(postgres):
    upgraded = run(postgres.create_database())
    assert_schema_is_kept(upgraded)
    assert_rows_are_read(upgraded["rows"])
    assert_permissions_are_kept(upgraded)


def assert_schema_is_kept(upgraded: dict) -> None:
    old, new = (set(upgraded[which]["schema"]) for which in ("old", "new"))
    assert old, "there was a schema to compare with"
    assert sorted(old - new) == []
    added = sorted(new - old)
    assert [line for line in added if not any(name in line for name in TABLES_WITH_ADDITIONS)] == []


def assert_rows_are_read(rows: dict) -> None:
    first, second = "2026-11-22 14:02:11.500000", "2026-11-22 14:03:11.500000"
    assert rows == {
        "session": [
            ["ses_old", True, "client-2041", 10, 90, 7, "reconcile", second, False, "resume"],
        ],
        "snapshot": [[3, "reconcile", "connected", first, 60, 4, 90, 5]],
        "span": [["ping", first, second, "the event stream broke off"]],
        "attempts": [
            ["pause", True, "", "", 2, None, None, 5],
            ["resume", False, "unknown", "timed_out", 2, second, None, 5],
        ],
        "bulk": [["Customer approved", second, "ana stopped it"]],
        "item": [[1, "ses_old", {"paused": "yes"}, "it was stopped"]],
        "message": [["unknown", "ping", 1, "refused"]],
        "feed": [["ping", "stream", second, 12]],
    }


def assert_permissions_are_kept(upgraded: dict) -> None:
    old, new = upgraded["old"], upgraded["new"]
    assert "resumes.resume" in old["permissions"]
    assert old["permissions"].items() <= new["permissions"].items()
    assert upgraded["stale"] == []
