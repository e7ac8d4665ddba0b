"""Heads that leave the database: when, where to, and sealed with which keys."""

import http.server
import json
import logging
import threading

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from pingadmin.audit.chain import keys, signing
from pingadmin.audit.chain.checkpoint import seal_checkpoint
from pingadmin.audit.integrity import checkpoints, sinks, verification
from pingadmin.audit.models import AuditEvent, KeptCheckpoint
from pingadmin.config import environment
from pingadmin.config.secret import Secret
from tests.audit.factories import record_event
from tests.audit.tampering.tools import TABLE, drop_triggers
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db

NEW_KEY = "the key of the year after, of many characters"


def test_a_checkpoint_states_the_head_and_goes_to_file_database_and_log(checkpoint_file, caplog):
    head = record_event()
    with caplog.at_level(logging.INFO, logger="pingadmin.audit.integrity.checkpoints"):
        made = checkpoints.make()

    assert (made.seq, made.row_hash) == (head.seq, head.row_hash)
    assert checkpoint_file.read_text() == made.line + "\n"
    assert KeptCheckpoint.objects.get().line == made.line
    assert f"checkpoint {made.line}" in caplog.messages


def test_the_file_is_for_its_owner_alone(checkpoint_file):
    record_event()
    checkpoints.make()
    assert checkpoint_file.stat().st_mode & 0o777 == 0o600


def test_an_empty_log_is_not_signed(checkpoint_file, capsys):
    """It would vouch for nothing, and a wiped log would look anchored."""
    assert checkpoints.make_if_due() is None
    with pytest.raises(checkpoints.NotSigned, match="no event"):
        checkpoints.make()
    with pytest.raises(CommandError, match="nothing to vouch for"):
        call_command("audit_checkpoint", "--now")
    assert not checkpoint_file.exists() or checkpoint_file.read_text() == ""


def test_the_checkpoint_of_an_empty_log_that_an_earlier_release_made_still_counts(checkpoint_file):
    line = seal_checkpoint(
        seq=0, row_hash="0" * 64, at="2026-11-22T14:00:00.000000Z", restored=None
    ).line
    checkpoint_file.write_text(f"{line}\n")
    record_event()
    assert checkpoints.make().seq == 1
    assert [each.seq for each in checkpoints.load_all().binding] == [0, 1]


def test_a_checkpoint_is_due_after_a_number_of_events(settings):
    settings.CHECKPOINT_EVENTS = 3
    record_event()
    assert checkpoints.make_if_due().seq == 1, "the first is always due"
    record_event()
    record_event()
    assert checkpoints.make_if_due() is None
    record_event()
    assert checkpoints.make_if_due().seq == 4
    assert checkpoints.make_if_due() is None


def test_a_checkpoint_is_due_after_some_time_even_if_nothing_happened():
    with time_machine.travel("2026-11-22 14:00:00Z", tick=False) as now:
        record_event()
        assert checkpoints.make_if_due()
        now.shift(899)
        assert checkpoints.make_if_due() is None
        now.shift(1)
        assert checkpoints.make_if_due().seq == 1


def test_a_clock_that_was_set_back_does_not_stop_the_checkpoints():
    with time_machine.travel("2026-11-22 14:00:00Z", tick=False):
        record_event()
        checkpoints.make()
    with time_machine.travel("2026-11-21 14:00:00Z", tick=False):
        assert checkpoints.make_if_due()


def test_a_line_that_a_crash_cut_off_does_not_spoil_the_next_one(checkpoint_file):
    record_event()
    first = checkpoints.make()
    with checkpoint_file.open("a") as file:
        file.write('{"version":1,"seq"')
    record_event()

    second = checkpoints.make()

    assert [checkpoint.seq for checkpoint in checkpoints.load_all().binding] == [
        first.seq,
        second.seq,
    ]
    assert [fault.sentence for fault in checkpoints.load_all().faults] == [
        "The checkpoint in line 2 of checkpoints.jsonl cannot be trusted: "
        "it is no whole line of JSON with a checkpoint's fields."
    ]


def test_anybody_can_check_the_signature_with_the_public_key_alone(capsys):
    record_event()
    statement = json.loads(checkpoints.make().line)
    signature = bytes.fromhex(statement.pop("signature"))
    del statement["mac"]
    call_command("audit_checkpoint", public_key=True)
    public_key = capsys.readouterr().out.strip()

    message = json.dumps(statement, sort_keys=True, separators=(",", ":")).encode()

    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
    key.verify(signature, b"pingadmin-audit-checkpoint:" + message)


def test_a_separate_signing_key_is_used_where_it_is_set(settings):
    derived = keys.public_key()
    settings.AUDIT_SIGNING_KEY = Secret("01" * 32)

    assert keys.public_key() != derived
    record_event()
    assert checkpoints.make().public_key_id == signing.compute_public_key_id(keys.public_key())


def test_after_a_key_rotation_old_keys_verify_and_new_ones_write(settings):
    old = settings.AUDIT_KEY
    record_event()
    checkpoints.make()
    settings.AUDIT_KEY, settings.AUDIT_OLD_KEYS = Secret(NEW_KEY), [old]
    record_event()
    checkpoints.make()

    known = checkpoints.load_all()
    verified = verification.verify(known.anchors())

    assert (verified.fault, known.faults, verified.anchored.seq) == (None, [], 2)
    assert len(set(AuditEvent.objects.values_list("key_id", flat=True))) == 2
    assert len({checkpoint.key_id for checkpoint in known.binding}) == 2
    assert len({checkpoint.public_key_id for checkpoint in known.binding}) == 2


def test_while_two_releases_overlap_both_keys_may_write(settings):
    old, new = settings.AUDIT_KEY, Secret(NEW_KEY)
    for current, other in ((old, new), (new, old), (old, new)):
        settings.AUDIT_KEY, settings.AUDIT_OLD_KEYS = current, [other]
        record_event()

    assert verification.verify().fault is None


def test_an_old_public_key_can_be_listed_as_trusted(settings):
    settings.AUDIT_SIGNING_KEY = Secret("01" * 32)
    past = keys.public_key()
    record_event()
    checkpoints.make()
    settings.AUDIT_SIGNING_KEY = Secret("02" * 32)
    assert "its public key is not known" in checkpoints.load_all().faults[0].sentence

    settings.AUDIT_OLD_PUBLIC_KEYS = [past]
    assert checkpoints.load_all().faults == []


def test_a_checkpoint_is_sent_by_mail(settings):
    record_event()
    settings.CHECKPOINT_SINKS = ["mail:audit@example.org"]

    made = checkpoints.make()
    sinks.send_all_due()

    assert mail.outbox[0].to == ["audit@example.org"] and mail.outbox[0].body == f"{made.line}\n"


def test_a_checkpoint_is_sent_to_a_webhook(settings, webhook):
    record_event()
    settings.CHECKPOINT_SINKS = [webhook.url]

    made = checkpoints.make()
    sinks.send_all_due()

    assert webhook.bodies == [made.line.encode()]


@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (500, "reported an internal error"),
        (302, "answered with a redirect, which is not followed"),
    ],
)
def test_a_sink_that_fails_is_named_and_the_others_still_receive(
    settings, webhook, answer, failure, as_auditor
):
    record_event()
    webhook.answer = answer
    settings.CHECKPOINT_SINKS = [webhook.url, "mail:audit@example.org"]

    checkpoints.make()
    sinks.send_all_due()

    assert KeptCheckpoint.objects.get().failed_sinks == f"{webhook.url}: {failure}"
    assert len(mail.outbox) == 1, "the others are still sent to"
    assert f"Not sent to {webhook.url}" in as_auditor.get("/audit/integrity/").text
    assert len(webhook.bodies) == 1, "a redirect is not followed"


def test_the_command_makes_a_checkpoint_if_due_or_at_once(capsys):
    record_event()
    call_command("audit_checkpoint")
    call_command("audit_checkpoint")
    call_command("audit_checkpoint", now=True)

    lines = capsys.readouterr().out.splitlines()
    assert json.loads(lines[0])["seq"] == json.loads(lines[2])["seq"] == 1
    assert lines[1] == "No checkpoint is due."


def test_the_command_says_why_it_does_not_sign():
    record_event()
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET reason = 'x'")

    with pytest.raises(CommandError, match="Event #1 was edited"):
        call_command("audit_checkpoint", now=True)


def test_the_listed_lines_can_replace_a_lost_file(checkpoint_file, capsys):
    record_event()
    checkpoints.make()
    checkpoint_file.unlink()
    call_command("audit_checkpoint", list=True)

    checkpoint_file.write_text(capsys.readouterr().out)

    assert checkpoints.load_all().faults == []


@pytest.mark.parametrize(
    "sink", ["http://example.org/", "mail:nobody", "ftp://example.org/", "example.org"]
)
def test_an_unsafe_sink_is_refused_at_start(monkeypatch, sink):
    monkeypatch.setenv("CHECKPOINT_SINKS", sink)
    with pytest.raises(ImproperlyConfigured, match="mail:name@host or an address with https"):
        environment.sinks("CHECKPOINT_SINKS")


@pytest.mark.parametrize(
    ("given", "taken"),
    [("ab" * 32, "ab" * 32), ("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "01" * 32), ("", "")],
)
def test_a_signing_key_is_hex_or_base64(monkeypatch, given, taken):
    monkeypatch.setenv("AUDIT_SIGNING_KEY", given)
    assert environment.signing_key("AUDIT_SIGNING_KEY").reveal() == taken


@pytest.mark.parametrize("given", ["ab" * 31, "not a key", "AQEB"])
def test_a_signing_key_of_another_length_is_refused(monkeypatch, given):
    monkeypatch.setenv("AUDIT_SIGNING_KEY", given)
    with pytest.raises(ImproperlyConfigured, match="32 bytes"):
        environment.signing_key("AUDIT_SIGNING_KEY")


@pytest.fixture
def webhook():
    """A server on this machine that keeps what it is sent, and answers as told."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802 - the library's name
            server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(server.answer)
            self.send_header("Location", server.url)
            self.end_headers()

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    server.bodies, server.answer, server.url = (
        [],
        204,
        f"http://127.0.0.1:{server.server_port}/checkpoint",
    )
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
