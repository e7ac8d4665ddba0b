"""A database that goes away under a running collector: it lives, loses nothing that fits, and
counts the rest.
"""

import sqlite3
from contextlib import closing, contextmanager

import pytest

from tests.collector.conftest import FAST, CollectorProcesses
from tests.support.panel import panel_environment
from tests.support.processes import until

pytestmark = pytest.mark.process

CONNECTED = "SELECT * FROM collector_feed WHERE alias = 'ping' AND up_since IS NOT NULL"
OF_STORM = """
    SELECT max(r.duration_seconds) AS duration, count(s.id) AS beats,
        count(DISTINCT s.uploaded_bytes) AS different
    FROM remote_sessions_remotesession r
    JOIN remote_sessions_statussnapshot s ON s.session_id = r.id
    WHERE r.who LIKE 'storm-%' GROUP BY r.id
"""
ENDED = "SELECT why_ended FROM remote_sessions_watchspan WHERE alias = 'ping' AND why_ended <> ''"
COULD_NOT = "write ping could not use the database"
# A storm's sessions count 30 s in a blink: no true session's answers overtake its events as far.
UNASKED = {"COLLECT_POLLS_A_SECOND": "0.1"}


@pytest.mark.postgres
def test_postgresql_ends_and_comes_back_and_nothing_is_lost(
    tmp_path, postgres, furnished_database, simulator
):
    url = postgres.create_database(like=furnished_database)
    collectors = CollectorProcesses(
        tmp_path, None, panel_environment(tmp_path, url, simulator) | FAST | UNASKED
    )
    collectors.rows = lambda query: postgres.rows(url, query)
    collector = collectors.start()
    try:
        assert collectors.until(CONNECTED), collector.output
        simulator.storm(sessions=100, heartbeats=30, per_second=1000)
        assert until(lambda: collectors.rows(OF_STORM))
        postgres.stop()
        try:
            assert until(lambda: not simulator.storm_report()["running"], seconds=30)
            assert until(lambda: COULD_NOT in collector.output), collector.output
        finally:
            postgres.start()
        assert collector.is_alive()
        whole = [{"duration": 900, "beats": 31, "different": 31}] * 100
        assert until(lambda: collectors.rows(OF_STORM) == whole, seconds=30), collector.output
        assert collector.end() == 0
        assert [span["why_ended"] for span in collectors.rows(ENDED)] == [
            "the collector was stopped"
        ], "it received events all along"
        (feed,) = collectors.rows("SELECT * FROM collector_feed WHERE alias = 'ping'")
        assert feed["events"] >= 3100 and (feed["dropped"], feed["reconnects"]) == (0, 0)
        assert "Traceback" not in collector.output
    finally:
        collector.kill()


def test_a_locked_file_costs_what_does_not_fit_and_that_is_counted(collectors):
    collector = collectors.start(COLLECT_QUEUE_EVENTS="100", DATABASE_WAIT_SECONDS="0.1", **UNASKED)
    assert collectors.until(CONNECTED), collector.output
    with locked(collectors.database):
        collectors.simulator.storm(sessions=50, heartbeats=39)
        assert until(lambda: not collectors.simulator.storm_report()["running"], seconds=30)
        assert until(lambda: COULD_NOT in collector.output), collector.output
    assert until(
        lambda: [row["duration"] for row in collectors.rows(OF_STORM)] == [39 * 30] * 50
    ), collector.output
    assert collector.end() == 0
    (feed,) = collectors.rows("SELECT * FROM collector_feed WHERE alias = 'ping'")
    missing = 2000 - sum(row["beats"] for row in collectors.rows(OF_STORM))
    of_others = feed["events"] - 2000
    assert 0 < missing <= feed["dropped"] <= missing + of_others
    assert "more events came than could be written" in [
        span["why_ended"] for span in collectors.rows(ENDED)
    ]


@contextmanager
def locked(database):
    """Nobody else may write meanwhile."""
    with closing(sqlite3.connect(database, timeout=10, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
