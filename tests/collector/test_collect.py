"""`manage.py collect` as people run it: one for a database, ended by SIGTERM, killed, started
again.
"""

import signal

import pytest

from pingadmin.demo import cast
from tests.support.processes import until

pytestmark = pytest.mark.process

RUNNING_COLLECTORS = "SELECT * FROM collector_beat WHERE stopped_at IS NULL"
SPANS = "SELECT * FROM remote_sessions_watchspan WHERE alias = ? ORDER BY from_at"
CONNECTED = "SELECT * FROM collector_feed WHERE alias = 'ping' AND up_since IS NOT NULL"
OF_STORM = """
    SELECT r.duration_seconds, count(s.id) AS rows_, count(DISTINCT s.uploaded_bytes) AS different
    FROM remote_sessions_remotesession r
    JOIN remote_sessions_statussnapshot s ON s.session_id = r.id
    WHERE r.who LIKE 'storm-%' GROUP BY r.id
"""


def test_a_collector_receives_both_systems_and_ends_cleanly_on_sigterm(collectors):
    collector = collectors.start()
    assert collectors.until(CONNECTED), collector.output
    collectors.simulator.storm(sessions=300, heartbeats=2, per_second=2000)
    assert until(lambda: len(collectors.rows(OF_STORM)) > 100, seconds=40), collector.output
    second = collectors.start()
    assert second.wait() == 1
    assert f"process {collector.pid}" in second.output and "Stop it first." in second.output
    assert until(lambda: all(row["duration_seconds"] == 60 for row in collectors.rows(OF_STORM)))
    assert collectors.until(f"{CONNECTED} AND events >= 900")
    assert collector.end(signal.SIGTERM) == 0
    assert not collectors.rows(RUNNING_COLLECTORS)
    for alias in ("ping", "agi"):
        assert [span["why_ended"] for span in collectors.rows(SPANS, alias)] == [
            "the collector was stopped"
        ]
    rows = collectors.rows(OF_STORM)
    assert len(rows) == 300 and all(row["rows_"] == row["different"] == 3 for row in rows)
    assert collectors.rows(
        "SELECT * FROM remote_sessions_remotesession WHERE session_id = ?", cast.AGI_PAUSED
    )
    assert collectors.rows("SELECT * FROM audit_keptcheckpoint"), "it makes checkpoints too"
    assert "Traceback" not in collector.output


def test_killed_in_the_middle_it_leaves_a_true_gap_and_nothing_doubled(collectors):
    first = collectors.start()
    assert collectors.until(CONNECTED), first.output
    collectors.simulator.storm(sessions=200, heartbeats=80, per_second=1500)
    assert until(lambda: len(collectors.rows(OF_STORM)) > 100, seconds=40), first.output
    # The coverage of a batch is written after its events.
    assert collectors.until(SPANS, "ping")
    first.kill()
    # A storm's sessions count 30 s in a blink: answers to polls would overtake its events as no
    # true session's do.
    second = collectors.start(COLLECT_POLLS_A_SECOND="0.1")
    assert until(lambda: not collectors.simulator.storm_report()["running"], seconds=40)
    newest = 80 * 30
    assert until(
        lambda: all(row["duration_seconds"] == newest for row in collectors.rows(OF_STORM)),
        seconds=40,
    )
    assert all(row["rows_"] == row["different"] for row in collectors.rows(OF_STORM))
    before, after = collectors.rows(SPANS, "ping")
    assert before["why_ended"] == "the collector did not run"
    assert before["until_at"] < after["from_at"]
    assert second.end() == 0


def test_once_lists_polls_and_ends(collectors):
    open_session = """INSERT INTO remote_sessions_remotesession (
        alias, session_id, state, state_is_known, who, source,
        seen_at, paused_said_source, failure, failure_message)
        VALUES ('ping', ?, 'connected', 1, '', 'look-up', '2026-01-01 00:00:00', '', '', '')"""
    collectors.write(open_session, cast.PING_CONNECTED)
    collector = collectors.start("--once")
    assert collector.wait(60) == 0, collector.output
    (session,) = collectors.rows("SELECT * FROM remote_sessions_remotesession WHERE alias = 'ping'")
    assert (session["source"], session["who"]) == ("poll", "acme-frankfurt-014")
    listed = collectors.rows("SELECT * FROM remote_sessions_remotesession WHERE alias = 'agi'")
    assert len(listed) == len(cast.AGI_SESSIONS)
    assert not collectors.rows(RUNNING_COLLECTORS)
