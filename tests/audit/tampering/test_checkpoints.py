"""Tampering with the checkpoints, and with the log together with them."""

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from pingadmin.audit.integrity import checkpoints, verification
from pingadmin.audit.integrity.faults import FaultKind
from pingadmin.audit.models import KeptCheckpoint
from pingadmin.config.secret import Secret
from tests.audit.factories import record_event
from tests.audit.tampering.tools import (
    TABLE,
    all_rows,
    chained,
    drop_triggers,
    replace_all,
    stolen_key,
)
from tests.support.queries import run_sql

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


# What somebody does to the file -> (how, kind and seq of the first fault)
FILE_TAMPERINGS = {
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
    """Six events with checkpoints at #2 and #4. Returns a copy of the file from elsewhere."""
    for number in range(6):
        record_event(detail={"number": number})
        if number in (1, 3):
            checkpoints.make()
    copy = checkpoint_file.with_name("copy.jsonl")
    copy.write_text(checkpoint_file.read_text())
    return copy


def test_untouched_checkpoints_bind(anchored_log):
    known = checkpoints.load_all()
    assert ([checkpoint.seq for checkpoint in known.binding], known.faults) == ([2, 4], [])


@pytest.mark.parametrize("name", FILE_TAMPERINGS)
def test_every_tampering_with_the_file_is_detected(anchored_log, checkpoint_file, name):
    tamper, kind, seq = FILE_TAMPERINGS[name]
    tamper(checkpoint_file)

    fault = checkpoints.load_all().faults[0]

    assert (fault.kind, fault.seq) == (kind, seq), fault.sentence
    with pytest.raises(SystemExit):
        call_command("audit_verify", "--no-event")


@pytest.mark.parametrize("name", FILE_TAMPERINGS)
def test_the_copy_in_the_database_still_shows_that_the_log_was_cut_off(
    anchored_log, checkpoint_file, name
):
    FILE_TAMPERINGS[name][0](checkpoint_file)
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE} WHERE seq > 3")

    assert _fault(checkpoints.load_all()) == (FaultKind.SHORTER, 4)


def test_the_file_shows_it_when_the_copy_in_the_database_is_gone(anchored_log):
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE} WHERE seq > 3")
    KeptCheckpoint.objects.all().delete()

    assert _fault(checkpoints.load_all()) == (FaultKind.SHORTER, 4)


def test_when_both_are_gone_the_copy_elsewhere_shows_it(anchored_log, checkpoint_file, capsys):
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE} WHERE seq > 3")
    KeptCheckpoint.objects.all().delete()
    checkpoint_file.unlink()
    assert _fault(checkpoints.load_all()) is None, "nothing on this server can show it"

    with pytest.raises(SystemExit):
        call_command("audit_verify", "--no-event", checkpoints=anchored_log)

    assert "The log ends at #3, but the checkpoint" in capsys.readouterr().out


def test_a_copy_elsewhere_may_be_older_than_the_file(anchored_log):
    record_event()
    checkpoints.make()

    known = checkpoints.load_all(copy=anchored_log)

    assert known.faults == []
    assert [checkpoint.seq for checkpoint in known.binding] == [2, 4, 7]


def test_a_copy_elsewhere_shows_a_log_that_was_rewritten_with_its_checkpoints(
    anchored_log, checkpoint_file, capsys
):
    """The thief holds the server, all its keys, and all its files."""
    drop_triggers()
    changed = all_rows()
    changed[0]["reason"] = "another reason"
    replace_all(chained(changed, stolen_key()))
    KeptCheckpoint.objects.all().delete()
    checkpoint_file.unlink()
    checkpoints.make()
    assert _fault(checkpoints.load_all()) is None

    with pytest.raises(SystemExit):
        call_command("audit_verify", "--no-event", checkpoints=anchored_log)

    assert "Event #2 differs from the checkpoint" in capsys.readouterr().out


def test_nothing_vouches_for_events_after_the_last_checkpoint(anchored_log):
    """The limit that the page states: a stolen key can rewrite the newest events unnoticed."""
    drop_triggers()
    present = all_rows()
    changed = chained(
        [*present[:4], present[4] | {"reason": "another reason"}, present[5]], stolen_key()
    )
    replace_all(changed)

    verified = verification.verify(checkpoints.load_all().anchors())

    assert verified.fault is None
    assert (verified.seq, verified.anchored.seq) == (6, 4), "and no more is claimed"


def test_an_old_head_is_not_signed_again(anchored_log):
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE} WHERE seq > 3")

    with pytest.raises(checkpoints.NotSigned, match="The log ends at #3"):
        checkpoints.make()


def test_a_head_after_a_bad_event_is_not_signed(anchored_log):
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET reason = 'x' WHERE seq = 5")

    with pytest.raises(checkpoints.NotSigned, match="Event #5 was edited"):
        checkpoints.make()


def test_an_old_key_that_is_no_longer_configured_is_not_trusted(anchored_log, settings):
    settings.AUDIT_KEY = Secret("a new key that nobody told about the old one")

    assert _fault(checkpoints.load_all()) == (FaultKind.UNKNOWN_KEY, 1)
    assert {fault.kind for fault in checkpoints.load_all().faults} == {FaultKind.BAD_CHECKPOINT}


def _fault(known: checkpoints.CheckpointSet) -> tuple[FaultKind, int | None] | None:
    fault = verification.verify(known.anchors()).fault
    return (fault.kind, fault.seq) if fault else None
