"""A log without events proves nothing, and what else was left behind is asked."""

import json

import pytest
from django.core.management import call_command

from pingadmin.audit.integrity import checkpoints, log_identity
from pingadmin.audit.models import AuditEvent, KeptCheckpoint, VerificationRun
from pingadmin.resumes.models import Attempt
from tests.audit.factories import record_event
from tests.audit.tampering.tools import TABLE, drop_triggers
from tests.factories import AttemptFactory
from tests.support.html import parse
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db


def wipe(checkpoint_file) -> None:
    """All events and all checkpoints, as whoever has the database and the files can do it."""
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE}")
    KeptCheckpoint.objects.all().delete()
    checkpoint_file.unlink(missing_ok=True)


def verify(capsys, *options) -> tuple[int, str]:
    status = 0
    try:
        call_command("audit_verify", *options)
    except SystemExit as ended:
        status = ended.code
    return status, capsys.readouterr().out


def test_an_empty_log_is_not_intact_and_gets_no_event(capsys):
    status, output = verify(capsys)
    assert status == 2 and output.startswith("NOTHING TO VOUCH FOR")
    assert not AuditEvent.objects.exists() and not VerificationRun.objects.exists()
    status, output = verify(capsys, "--json")
    assert status == 2
    assert json.loads(output)["whole"] is False and json.loads(output)["log"] is None


def test_the_page_is_not_green_over_nothing(as_auditor):
    as_auditor.post("/audit/integrity/check/")
    assert VerificationRun.objects.get().outcome == VerificationRun.Outcome.EMPTY
    page = parse(as_auditor.get("/audit/integrity/"))
    assert "Nothing to vouch for" in page.text("#verification")
    assert not page.has("#verification .notice-ok") and "Intact" not in page.text("#verification")


def test_a_wiped_log_is_told_by_the_resumes_that_name_it(checkpoint_file, capsys, as_auditor):
    intent = [record_event() for _ in range(3)][-1]
    AttemptFactory(intent_seq=intent.seq)
    checkpoints.make()
    wipe(checkpoint_file)
    status, output = verify(capsys)
    assert status == 1
    assert "The log ends at #0, but a resume or pause names event #3" in output
    as_auditor.post("/audit/integrity/check/")
    assert "names event #3" in parse(as_auditor.get("/audit/integrity/")).text("#verification")


def test_a_log_that_begins_anew_has_another_name(checkpoint_file, capsys):
    record_event()
    before = log_identity.identify_log().id
    assert verify(capsys, "--log", before)[0] == 0
    wipe(checkpoint_file)
    record_event()
    checkpoints.make()
    status, output = verify(capsys)
    assert status == 0 and f"This is the log {log_identity.identify_log().id}" in output
    assert log_identity.identify_log().id != before
    assert verify(capsys, "--log", before)[0] == 2


def test_resumes_that_the_log_holds_are_no_fault(capsys):
    AttemptFactory(intent_seq=record_event().seq)
    assert Attempt.objects.exists()
    assert verify(capsys)[0] == 0
