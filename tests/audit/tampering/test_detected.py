"""Every attempt on the rows is named: the first bad event, and how it is bad."""

import json

import pytest
from django.core.management import call_command

from pingadmin.audit.integrity import checkpoints, stored_rows, verification
from tests.audit.factories import story
from tests.audit.tampering.attempts import ON_ROWS
from tests.audit.tampering.tools import drop_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def anchored_log():
    """Six events; a checkpoint vouches for the first four."""
    story(
        shown={"state": "paused", "age": 12},
        outcome={"upstream_status": 200, "detail": {"message": "ok"}},
    )
    story("unknown", outcome={"detail": {"message": "timed out"}})
    checkpoints.make()
    story("rejected", session_id="ses_2")


def test_an_untouched_log_is_whole(anchored_log):
    walk = verify()
    assert (walk.fault, walk.seq, walk.anchored.seq) == (None, 6, 4)


def test_taking_the_guards_down_alone_changes_nothing(anchored_log):
    drop_triggers()
    assert verify().fault is None


@pytest.mark.parametrize("attempt", ON_ROWS)
def test_every_attempt_is_named(anchored_log, attempt):
    act, word, seq = ON_ROWS[attempt]
    drop_triggers()
    act()

    found = verify().fault

    assert found is not None, "nothing was noticed"
    assert (found.kind, found.seq) == (word, seq), found.sentence
    assert found.sentence.startswith((f"Event #{seq} ", "The log ends at #"))


@pytest.mark.parametrize("chunk", [1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize(
    "attempt", ["nothing", "delete two in the middle", "let two events have one number"]
)
def test_where_the_reader_pauses_makes_no_difference(anchored_log, monkeypatch, chunk, attempt):
    monkeypatch.setattr(stored_rows, "CHUNK", chunk)
    act, word, seq = ON_ROWS.get(attempt, (lambda: None, None, None))
    drop_triggers()
    act()

    walk = verify()

    assert (walk.fault and (walk.fault.kind, walk.fault.seq)) == (word and (word, seq))
    assert walk.seq == (6 if word is None else walk.seq)


def test_what_is_appended_while_the_reader_pauses_is_read_too_and_is_no_gap(
    anchored_log, monkeypatch
):
    monkeypatch.setattr(stored_rows, "CHUNK", 8)
    reader = stored_rows.rows_after(0)
    read = [next(reader)["seq"] for _ in range(6)]
    for _ in range(6):
        story("")

    assert read + [row["seq"] for row in reader] == list(range(1, 13))


@pytest.mark.parametrize("attempt", ["edit reason", "empty the table", "swap neighbours"])
def test_the_command_names_it_and_exits_with_1(anchored_log, capsys, attempt):
    act, word, seq = ON_ROWS[attempt]
    drop_triggers()
    act()

    with pytest.raises(SystemExit) as ended:
        call_command("audit_verify", "--json", "--no-event")

    result = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1 and result["whole"] is False
    assert (result["faults"][0]["word"], result["faults"][0]["seq"]) == (word, seq)


def verify() -> verification.Verification:
    return verification.verify(checkpoints.load_all().anchors())
