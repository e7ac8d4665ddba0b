"""T50, T61, T62: a log that went back in time takes nothing until an admin says so in writing."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from pingadmin.audit.integrity import checkpoints, verification
from pingadmin.audit.models import AuditEvent, KeptCheckpoint
from pingadmin.audit.record import restore_guard
from tests.audit.factories import record_event
from tests.audit.tampering.tools import TABLE, drop_triggers
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def restored():
    """Six events, vouched for; the database that is back has three of them."""
    for number in range(6):
        record_event(detail={"number": number})
        if number in (1, 5):
            checkpoints.make()
    with transaction.atomic():
        drop_triggers()
        run_sql(f"DELETE FROM {TABLE} WHERE seq > 3")
        KeptCheckpoint.objects.order_by("-id").first().delete()


def test_nothing_is_appended_and_the_error_says_what_to_do(restored):
    with pytest.raises(DatabaseError, match="ends at #3.*stands at #6.*audit_accept_restore"):
        record_event()

    assert AuditEvent.objects.count() == 3


def test_readyz_says_that_the_log_went_back(restored, client):
    response = client.get("/readyz")

    assert response.status_code == 503
    assert response.text.startswith("audit: the audit log ends at #3")


def test_the_audit_pages_say_that_nothing_can_be_recorded(restored, as_auditor):
    for address in ("/audit/", "/audit/integrity/"):
        assert "Nothing can be recorded, so no action can be taken" in as_auditor.get(address).text


def test_a_whole_log_is_ready(client):
    record_event()
    checkpoints.make()

    assert restore_guard.current_problem() == "" and client.get("/readyz").text == "ready\n"


def test_putting_the_newer_database_back_opens_the_log_again(checkpoint_file):
    record_event()
    checkpoints.make()
    with transaction.atomic():
        drop_triggers()
        run_sql(f"UPDATE {TABLE} SET seq = 0")
        assert restore_guard.current_problem()
        run_sql(f"UPDATE {TABLE} SET seq = 1")
    assert restore_guard.current_problem() == ""


def test_an_old_line_that_is_appended_again_does_not_open_a_restored_log(restored, checkpoint_file):
    lines = checkpoint_file.read_text().splitlines()
    checkpoint_file.write_text("\n".join([*lines, lines[0]]) + "\n")
    assert restore_guard.newest_checkpoint().seq == 6
    with pytest.raises(restore_guard.RestoreNotAccepted):
        record_event()


def test_an_accepted_restore_that_is_appended_again_does_not_open_the_next_one(
    restored, admin, checkpoint_file
):
    call_command("audit_accept_restore", reason="Backup", by="admin")
    accepted = checkpoint_file.read_text().splitlines()[-1]
    for _ in range(4):
        record_event()
    newest = checkpoints.make()
    with checkpoint_file.open("a") as file:
        file.write(f"{accepted}\n")
    assert restore_guard.newest_checkpoint() == newest
    run_sql(f"DELETE FROM {TABLE} WHERE seq > 5")
    with pytest.raises(restore_guard.RestoreNotAccepted):
        record_event()


def test_an_admin_accepts_the_restore_as_an_event_and_the_log_continues(restored, admin, capsys):
    call_command("audit_accept_restore", reason="Disk broke; backup of Monday", by="admin")

    accepted = AuditEvent.objects.get(seq=4)
    assert (accepted.action, accepted.actor_name, accepted.reason) == (
        "accept_restore",
        "admin",
        "Disk broke; backup of Monday",
    )
    assert '"given_up_seq":6' in accepted.detail.replace(" ", "")
    assert record_event().seq == 5
    assert "event #4" in capsys.readouterr().out


def test_an_accepted_log_is_whole_and_lists_the_checkpoints_given_up(restored, admin, capsys):
    call_command("audit_accept_restore", reason="Backup", by="admin")

    known = checkpoints.load_all()
    verified = verification.verify(known.anchors())

    assert (verified.fault, known.faults, verified.anchored.seq) == (None, [], 4)
    assert [checkpoint.seq for checkpoint in known.given_up] == [6]
    assert [checkpoint.seq for checkpoint in known.binding] == [2, 4]
    capsys.readouterr()
    call_command("audit_verify", "--no-event")
    assert "given up when a restored log was accepted: 1." in capsys.readouterr().out


def test_checkpoints_continue_from_the_accepted_head(restored, admin):
    call_command("audit_accept_restore", reason="Backup", by="admin")
    record_event()

    assert checkpoints.make().seq == 5


def test_a_restored_log_that_was_also_tampered_with_stays_closed(restored, admin):
    run_sql(f"UPDATE {TABLE} SET reason = 'x' WHERE seq = 2")

    with pytest.raises(CommandError, match="stays closed: Event #2 was edited"):
        call_command("audit_accept_restore", reason="Backup", by="admin")
    with pytest.raises(DatabaseError):
        record_event()


@pytest.mark.parametrize("name", ["support", "nobody"])
def test_only_an_admin_can_accept(restored, support, name):
    with pytest.raises(CommandError, match="no active admin"):
        call_command("audit_accept_restore", reason="Backup", by=name)


def test_a_log_that_did_not_go_back_has_nothing_to_accept(admin):
    record_event()
    checkpoints.make()

    with pytest.raises(CommandError, match="did not go back"):
        call_command("audit_accept_restore", reason="Backup", by="admin")


def test_an_unreadable_file_does_not_stop_the_log_and_is_a_fault(
    settings, tmp_path, caplog, monkeypatch
):
    monkeypatch.setattr(restore_guard, "_cache", restore_guard._Cache())
    settings.CHECKPOINT_FILE = tmp_path

    assert record_event().seq == 1

    assert "the checkpoints cannot be read" in caplog.text
    assert [fault.kind for fault in checkpoints.load_all().faults] == ["unreadable checkpoints"]


def test_a_missing_copy_is_an_error():
    with pytest.raises(CommandError, match="There is no file"):
        call_command("audit_verify", checkpoints=Path("nowhere.jsonl"))


def test_a_forged_line_in_the_file_cannot_close_the_log(checkpoint_file):
    record_event()
    made = checkpoints.make()
    with checkpoint_file.open("a") as file:
        file.write(made.line.replace('"seq":1', '"seq":99') + "\n")
        file.write("x" * 100_000 + "\n")

    assert record_event().seq == 2
