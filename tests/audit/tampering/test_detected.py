"""Every way of tampering with the rows is detected: the first bad event is named with its fault."""

import json

import pytest
from django.core.management import call_command
from django.db import connection

from pingadmin.audit.integrity import checkpoints, stored_rows, verification
from tests.audit.factories import record_entry
from tests.audit.tampering.tamperings import TAMPERINGS
from tests.audit.tampering.tools import TABLE, drop_triggers
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def anchored_log():
    """Six events; a checkpoint vouches for the first four."""
    record_entry(
        shown={"state": "paused", "age": 12},
        outcome={"upstream_status": 200, "detail": {"message": "ok"}},
    )
    record_entry("unknown", outcome={"detail": {"message": "timed out"}})
    checkpoints.make()
    record_entry("rejected", session_id="ses_2")


def test_an_untouched_log_is_whole(anchored_log):
    verified = verify()
    assert (verified.fault, verified.seq, verified.anchored.seq) == (None, 6, 4)


def test_dropping_the_triggers_alone_changes_nothing(anchored_log):
    drop_triggers()
    assert verify().fault is None


@pytest.mark.parametrize("name", TAMPERINGS)
def test_every_tampering_is_detected(anchored_log, name):
    tamper, kind, seq = TAMPERINGS[name]
    drop_triggers()
    tamper()

    fault = verify().fault

    assert fault is not None, "nothing was noticed"
    assert (fault.kind, fault.seq) == (kind, seq), fault.sentence
    assert fault.sentence.startswith((f"Event #{seq} ", "The log ends at #"))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has one spelling for a value")
@pytest.mark.parametrize(
    "spelling",
    [
        "at = datetime(at, '+23 hours', '+59 minutes') || '.' || substr(at, 21, 6) || '+23:59'",
        "at = replace(at, ' ', 'T')",
        "at = at || '+00:00'",
        "at = at || 'Z'",
        "at = CAST(at AS BLOB)",
        "at = ' ' || at",
        "verified = 2",
        "verified = 'false'",
        "verified = CAST('0' AS BLOB)",
        "event_id = upper(event_id)",
        "event_id = substr(event_id, 1, 8) || '-' || substr(event_id, 9)",
        "event_id = CAST(event_id AS BLOB)",
        "reason = CAST(reason AS BLOB)",
    ],
)
def test_a_value_in_another_spelling_is_an_edit(anchored_log, spelling):
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET {spelling} WHERE seq = 2")

    fault = verify().fault

    assert (fault.kind, fault.seq) == ("edited", 2)


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize(
    "name", ["nothing", "delete two in the middle", "let two events have one number"]
)
def test_where_the_reader_pauses_makes_no_difference(anchored_log, monkeypatch, chunk, name):
    monkeypatch.setattr(stored_rows, "CHUNK", chunk)
    tamper, kind, seq = TAMPERINGS.get(name, (lambda: None, None, None))
    drop_triggers()
    tamper()

    verified = verify()

    assert (verified.fault and (verified.fault.kind, verified.fault.seq)) == (kind and (kind, seq))
    assert verified.seq == (6 if kind is None else verified.seq)


def test_events_appended_while_the_reader_pauses_are_read_too_and_make_no_gap(
    anchored_log, monkeypatch
):
    monkeypatch.setattr(stored_rows, "CHUNK", 8)
    reader = stored_rows.rows_after(0)
    read = [next(reader)["seq"] for _ in range(6)]
    for _ in range(6):
        record_entry("")

    assert read + [row["seq"] for row in reader] == list(range(1, 13))


@pytest.mark.parametrize("name", ["edit reason", "empty the table", "swap neighbours"])
def test_the_command_names_the_fault_and_exits_with_1(anchored_log, capsys, name):
    tamper, kind, seq = TAMPERINGS[name]
    drop_triggers()
    tamper()

    with pytest.raises(SystemExit) as exited:
        call_command("audit_verify", "--json", "--no-event")

    result = json.loads(capsys.readouterr().out)
    assert exited.value.code == 1 and result["whole"] is False
    assert (result["faults"][0]["word"], result["faults"][0]["seq"]) == (kind, seq)


def verify() -> verification.Verification:
    return verification.verify(checkpoints.load_all().anchors())
