"""Attempts on the checkpoints themselves, and on the log together with them."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from pingadmin.audit.integrity import checkpoints, verification
from pingadmin.audit.integrity.faults import FaultKind
from pingadmin.audit.models import KeptCheckpoint
from pingadmin.config.secret import Secret
from tests.audit.factories import event
from tests.audit.tampering.tools import TABLE, all_rows, chained, drop_triggers, replace_all, sql

pytestmark = pytest.mark.django_db


def _edited(file: Path, **changed) -> None:
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("".join(json.dumps(line | changed) + "\n" for line in lines))


def _of_another_panel(file: Path) -> None:
    """A checkpoint that is whole but sealed with somebody else's keys."""
    line = json.loads(file.read_text().splitlines()[-1])
    file.write_text(file.read_text() + json.dumps(line | {"key_id": "00000000", "seq": 9}) + "\n")


def _first_line(file: Path) -> str:
    return file.read_text().splitlines()[0] + "\n"


# What is done to the file -> (how, what is said, of which event)
ON_THE_FILE = {
    "edit a hash": (lambda file: _edited(file, row_hash="0" * 64), FaultKind.BAD_CHECKPOINT, None),
    "edit a number": (lambda file: _edited(file, seq=1), FaultKind.BAD_CHECKPOINT, None),
    "edit a time": (
        lambda file: _edited(file, at="2020-01-01T00:00:00.000000Z"),
        FaultKind.BAD_CHECKPOINT,
        None,
    ),
    "claim a restore": (lambda file: _edited(file, restored=1), FaultKind.BAD_CHECKPOINT, None),
    "put another signature": (
        lambda file: _edited(file, signature="00" * 64),
        FaultKind.BAD_CHECKPOINT,
        None,
    ),
    "put another MAC": (lambda file: _edited(file, mac="00" * 32), FaultKind.BAD_CHECKPOINT, None),
    "bump the version": (lambda file: _edited(file, version=2), FaultKind.BAD_CHECKPOINT, None),
    "add one with another key": (_of_another_panel, FaultKind.BAD_CHECKPOINT, None),
    "add something else": (
        lambda file: file.write_text(file.read_text() + "\x00[[[\n"),
        FaultKind.BAD_CHECKPOINT,
        None,
    ),
    "tear the last line": (
        lambda file: file.write_text(file.read_text()[:-40]),
        FaultKind.BAD_CHECKPOINT,
        None,
    ),
    "remove the file": (Path.unlink, FaultKind.LOST_CHECKPOINT, 2),
    "empty the file": (lambda file: file.write_text(""), FaultKind.LOST_CHECKPOINT, 2),
    "roll the file back": (
        lambda file: file.write_text(_first_line(file)),
        FaultKind.LOST_CHECKPOINT,
        4,
    ),
}


@pytest.fixture
def anchored_log(checkpoint_file):
    """Six events with checkpoints at the second and the fourth. A copy of the file lies elsewhere."""
    for number in range(6):
        event(detail={"number": number})
        if number in (1, 3):
            checkpoints.make()
    copy = checkpoint_file.with_name("copy.jsonl")
    copy.write_text(checkpoint_file.read_text())
    return copy


def test_untouched_checkpoints_bind(anchored_log):
    assert [one.seq for one in checkpoints.load_all().binding] == [
        2,
        4,
    ] and checkpoints.load_all().faults == []


@pytest.mark.parametrize("attempt", ON_THE_FILE)
def test_every_attempt_on_the_file_is_named(anchored_log, checkpoint_file, attempt):
    act, word, seq = ON_THE_FILE[attempt]
    act(checkpoint_file)

    first = checkpoints.load_all().faults[0]

    assert (first.kind, first.seq) == (word, seq), first.sentence
    with pytest.raises(SystemExit):
        call_command("audit_verify", "--no-event")


@pytest.mark.parametrize("attempt", ON_THE_FILE)
def test_the_copy_in_the_database_still_tells_a_log_that_was_cut_off(
    anchored_log, checkpoint_file, attempt
):
    ON_THE_FILE[attempt][0](checkpoint_file)
    drop_triggers()
    sql(f"DELETE FROM {TABLE} WHERE seq > 3")

    assert _fault(checkpoints.load_all()) == (FaultKind.SHORTER, 4)


def test_the_file_tells_it_where_the_copy_in_the_database_is_gone(anchored_log):
    drop_triggers()
    sql(f"DELETE FROM {TABLE} WHERE seq > 3")
    KeptCheckpoint.objects.all().delete()

    assert _fault(checkpoints.load_all()) == (FaultKind.SHORTER, 4)


def test_where_both_are_gone_the_copy_elsewhere_tells_it(anchored_log, checkpoint_file, capsys):
    drop_triggers()
    sql(f"DELETE FROM {TABLE} WHERE seq > 3")
    KeptCheckpoint.objects.all().delete()
    checkpoint_file.unlink()
    assert _fault(checkpoints.load_all()) is None, "nothing on this server can tell"

    with pytest.raises(SystemExit):
        call_command("audit_verify", "--no-event", checkpoints=anchored_log)

    assert "The log ends at #3, but the checkpoint" in capsys.readouterr().out


def test_a_copy_elsewhere_may_be_older_than_the_file(anchored_log):
    event()
    checkpoints.make()

    kept = checkpoints.load_all(copy=anchored_log)

    assert kept.faults == [] and [one.seq for one in kept.binding] == [2, 4, 7]


def test_a_copy_elsewhere_tells_a_log_that_was_written_anew_with_its_checkpoints(
    anchored_log, checkpoint_file, capsys
):
    """The thief holds the server, all its keys, and all its files."""
    drop_triggers()
    changed = all_rows()
    changed[0]["reason"] = "another reason"
    replace_all(chained(changed, _stolen()))
    KeptCheckpoint.objects.all().delete()
    checkpoint_file.unlink()
    checkpoints.make()
    assert _fault(checkpoints.load_all()) is None

    with pytest.raises(SystemExit):
        call_command("audit_verify", "--no-event", checkpoints=anchored_log)

    assert "Event #2 differs from the checkpoint" in capsys.readouterr().out


def test_what_came_after_the_last_checkpoint_rests_on_this_server(anchored_log):
    """The limit that the page states: with the stolen key, the newest events can be written anew unnoticed."""
    drop_triggers()
    present = all_rows()
    changed = chained(
        [*present[:4], present[4] | {"reason": "another reason"}, present[5]], _stolen()
    )
    replace_all(changed)

    walk = verification.verify(checkpoints.load_all().anchors())

    assert walk.fault is None
    assert (walk.seq, walk.anchored.seq) == (6, 4), "and no more is claimed"


def test_an_old_head_is_not_signed_again(anchored_log):
    drop_triggers()
    sql(f"DELETE FROM {TABLE} WHERE seq > 3")

    with pytest.raises(checkpoints.NotSigned, match="The log ends at #3"):
        checkpoints.make()


def test_a_head_after_a_bad_event_is_not_signed(anchored_log):
    drop_triggers()
    sql(f"UPDATE {TABLE} SET reason = 'x' WHERE seq = 5")

    with pytest.raises(checkpoints.NotSigned, match="Event #5 was edited"):
        checkpoints.make()


def test_a_key_of_the_past_that_is_no_longer_named_is_not_believed(anchored_log, settings):
    settings.AUDIT_KEY = Secret("a new key that nobody told about the old one")

    assert _fault(checkpoints.load_all()) == (FaultKind.UNKNOWN_KEY, 1)
    assert {fault.kind for fault in checkpoints.load_all().faults} == {FaultKind.BAD_CHECKPOINT}


def _fault(kept: checkpoints.CheckpointSet) -> tuple | None:
    found = verification.verify(kept.anchors()).fault
    return (found.kind, found.seq) if found else None


def _stolen() -> str:
    from django.conf import settings

    return settings.AUDIT_KEY.reveal()
