"""The verifier for JSONL exports, run as an auditor runs it: one file in a bare interpreter."""

import hashlib
import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pingadmin.audit.chain import canonical, keys, signing
from pingadmin.audit.export import jsonl_file
from pingadmin.audit.export.views import VERIFIER
from pingadmin.audit.models import AuditEvent
from tests.audit.factories import BEN, record_entry, record_event

# It starts processes.
pytestmark = pytest.mark.server

OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)


@pytest.fixture
def export(as_auditor):
    """Exports eight events of ana and ben, or those that match a query. Returns its lines."""
    first = record_event(
        alias="ping",
        session_id="ses_1",
        reason="Customer é \u202e approved",
        shown={"state": "paused"},
    )
    second = record_event(by=BEN, alias="agi", session_id="ses_2")
    record_event(phase="outcome", story=first.seq, result="ok", verified=True, upstream_status=200)
    record_event(
        phase="outcome", story=second.seq, result="unknown", detail={"message": "\x00\ud800"}
    )
    record_entry("rejected", by=BEN, session_id="ses_3")
    record_entry("ok", session_id="ses_4")

    def exported(query=""):
        return as_auditor.get(f"/audit/export.jsonl{query}").getvalue().splitlines(keepends=True)

    return exported


@pytest.fixture
def verify(tmp_path):
    """Runs the verifier on those lines. Returns its exit status and what it printed."""

    def run(lines, *arguments):
        (tmp_path / "export.jsonl").write_bytes(b"".join(lines))
        done = subprocess.run(
            [sys.executable, "-I", "-S", VERIFIER, tmp_path / "export.jsonl", *arguments],
            capture_output=True,
            text=True,
            env={"LC_ALL": "C"},
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


def public_key_option():
    return ["--public-key", keys.public_key()]


def changed(line: bytes, **values) -> bytes:
    return json.dumps(json.loads(line) | values).encode() + b"\n"


def rehashed(line: bytes, **values) -> bytes:
    """The same with a hash that fits: what a forger would do."""
    row = json.loads(line) | values
    row["row_hash"] = hashlib.sha256(
        canonical.encode({name: row[name] for name in canonical.FIELDS[1]})
    ).hexdigest()
    return json.dumps(row).encode() + b"\n"


@pytest.mark.django_db
def test_a_whole_export_is_proven_with_the_public_key(export, verify):
    status, output = verify(export(), *public_key_option())

    assert status == 0
    assert "WHOLE: 8 events" in output and "8 links to the event before hold." in output
    assert "PROVEN: the panel's key vouches for this export" in output
    assert "Export #9 by auditor at 20" in output


@pytest.mark.django_db
def test_without_a_key_it_says_that_nothing_is_proven(export, verify):
    status, output = verify(export())

    assert status == 0
    assert (
        "WHOLE: 8 events" in output
        and "NOT PROVEN who wrote it" in output
        and keys.public_key() in output
    )


@pytest.mark.django_db
def test_a_filtered_export_is_proven_too_and_says_which_links_it_cannot_check(export, verify):
    status, output = verify(export("?actor=ben"), *public_key_option())

    assert status == 0 and "filter: actor=ben." in output and "WHOLE: 4 events" in output
    assert "2 links could not be checked" in output
    assert "vouches for this export, with all of its events" in output


@pytest.mark.django_db
def test_an_export_of_nothing_is_proven_as_well(export, verify):
    status, output = verify(export("?actor=nobody"), *public_key_option())

    assert status == 0 and "WHOLE: 0 events" in output and "vouches for this export" in output


@pytest.mark.django_db
def test_events_between_export_and_checkpoint_are_followed(export, verify, monkeypatch):
    make = jsonl_file.checkpoints.make
    monkeypatch.setattr(
        jsonl_file.checkpoints, "make", lambda: [record_event(), record_event(), make()]
    )

    lines = export("?actor=ben")
    status, output = verify(lines, *public_key_option())

    assert len(json.loads(lines[0])["between"]) == 2
    assert (status, "vouches for this export" in output) == (0, True)

    between = json.loads(lines[0])["between"]
    for damaged in (between[1:], between[::-1], [None], [{}]):
        status, output = verify(
            [changed(lines[0], between=damaged), *lines[1:]], *public_key_option()
        )
        assert status == 1 and "are not those that followed the export" in output


@pytest.mark.django_db
def test_an_event_that_is_no_export_vouches_for_nothing(export, verify):
    lines = export()
    another = json.loads(
        rehashed(json.dumps(json.loads(lines[0])["export"]).encode(), action="look")
    )

    status, output = verify([changed(lines[0], export=another), *lines[1:]])

    assert status == 1 and "records no export" in output


@pytest.mark.django_db
def test_the_public_key_can_be_read_from_a_file(export, verify, tmp_path):
    (tmp_path / "key.txt").write_text(f"noted on 1 Nov:\n{'0' * 64}\n{keys.public_key()}\n")

    status, output = verify(export(), "--public-key", tmp_path / "key.txt")

    assert (status, "PROVEN: " in output) == (0, True)


@pytest.mark.django_db
def test_macs_are_checked_with_the_audit_key(export, verify, tmp_path, settings):
    (tmp_path / "key").write_text(settings.AUDIT_KEY.reveal() + "\n")
    lines = export()

    status, output = verify(lines, "--key", tmp_path / "key")
    assert status == 0 and "8 of 8 MACs were checked" in output and "PROVEN: " in output

    lines[3] = changed(lines[3], mac="0" * 64)
    status, output = verify(lines, "--key", tmp_path / "key")
    assert status == 1 and "event #3 has a bad MAC" in output


@pytest.mark.django_db
@pytest.mark.parametrize("option", ["--public-key", "--key"])
def test_a_key_that_nothing_was_made_with_is_no_success(export, verify, tmp_path, option):
    (tmp_path / "key").write_text("f" * 64)

    status, output = verify(export(), option, tmp_path / "key")

    assert status == 2 and "NOT PROVEN: nothing that was made with a key that you gave" in output


@pytest.mark.django_db
@pytest.mark.parametrize("name", [*canonical.FIELDS[1], "row_hash", "mac"])
def test_an_edit_of_any_field_is_detected(export, verify, tmp_path, settings, name):
    (tmp_path / "key").write_text(settings.AUDIT_KEY.reveal())
    lines = export()
    old = json.loads(lines[4])[name]
    new = {bool: not old, int: (old or 0) + 1 if isinstance(old, int) else 0}.get(
        type(old), f"{old}x"
    )

    lines[4] = changed(lines[4], **{name: new})
    status, output = verify(lines, *public_key_option(), "--key", tmp_path / "key")

    assert status in (1, 2) and ("NOT WHOLE" in output or "newer verifier" in output)
    assert "Line 5" in output or name == "schema_version"


TAMPERED = {
    "a line is missing": (lambda lines: lines[:3] + lines[4:], "1 of 8 events are missing"),
    "the first event is missing": (
        lambda lines: lines[:1] + lines[2:],
        "1 of 8 events are missing",
    ),
    "the last event is missing": (lambda lines: lines[:-1], "1 of 8 events are missing"),
    "all events are missing": (lambda lines: lines[:1], "8 of 8 events are missing"),
    "two lines are swapped": (
        lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]],
        "event #3 stands after #4",
    ),
    "a line stands twice": (
        lambda lines: [*lines[:3], lines[2], *lines[3:]],
        "event #2 stands after #2",
    ),
    "the file is cut within a line": (
        lambda lines: [*lines[:-1], lines[-1][:-20]],
        "Line 9 ends in the middle",
    ),
    "the last line end is cut": (
        lambda lines: [*lines[:-1], lines[-1][:-1]],
        "Line 9 ends in the middle",
    ),
    "a line is garbage": (
        lambda lines: [*lines[:4], b"\xff\x00{[\n", *lines[5:]],
        "Line 5 is no event",
    ),
    "a line is no object": (lambda lines: [*lines[:4], b"[]\n", *lines[5:]], "Line 5 is no event"),
    "a line is an empty object": (
        lambda lines: [*lines[:4], b"{}\n", *lines[5:]],
        "Line 5: this is no event",
    ),
    "a line is nested without end": (
        lambda lines: [*lines[:4], b"[" * 100_000 + b"\n", *lines[5:]],
        "Line 5 is no event",
    ),
    "values are lists": (
        lambda lines: [*lines[:4], rehashed(lines[4], key_id=[], seq=4), *lines[5:]],
        "Line 5: this is no",
    ),
    "the version is a list": (
        lambda lines: [*lines[:4], changed(lines[4], schema_version=[]), *lines[5:]],
        "Line 5: this is",
    ),
    "a line is blank": (lambda lines: [*lines[:4], b"\n", *lines[4:]], "Line 5 is no event"),
    "a name stands twice": (
        lambda lines: [
            *lines[:4],
            lines[4].replace(b'"alias"', b'"alias": "agi", "alias"', 1),
            *lines[5:],
        ],
        "a name stands twice",
    ),
    "a number is no integer": (
        lambda lines: [*lines[:4], changed(lines[4], upstream_status=1.5), *lines[5:]],
        "no such number",
    ),
    "a field is added": (
        lambda lines: [*lines[:4], changed(lines[4], note="ok"), *lines[5:]],
        "its hash does not cover",
    ),
    "seq is a word": (
        lambda lines: [*lines[:4], changed(lines[4], seq="4"), *lines[5:]],
        "its hash does not cover",
    ),
    "an event is rewritten and rehashed": (
        lambda lines: [*lines[:4], rehashed(lines[4], result="ok"), *lines[5:]],
        "event #5 does not follow #4",
    ),
    "the last event is rewritten and rehashed": (
        lambda lines: [*lines[:-1], rehashed(lines[-1], result="rejected")],
        "not the events that export #9 recorded",
    ),
    "an event is added and rehashed": (
        lambda lines: [*lines, rehashed(lines[-1], seq=11)],
        "8 events were exported, and the file holds 9",
    ),
    "the manifest claims fewer": (
        lambda lines: [changed(lines[0], events=7), *lines[1:-1]],
        "events is not what event #9",
    ),
    "the manifest claims another filter": (
        lambda lines: [changed(lines[0], filter="a=b"), *lines[1:]],
        "filter is not what",
    ),
    "the manifest claims another person": (
        lambda lines: [changed(lines[0], exported_by="eve"), *lines[1:]],
        "exported_by is not what",
    ),
    "the manifest has lost the export's event": (
        lambda lines: [changed(lines[0], export=None), *lines[1:]],
        "it is missing",
    ),
    "the export's event is another event": (
        lambda lines: [changed(lines[0], export=json.loads(lines[1])), *lines[1:]],
        "records no export",
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("how", TAMPERED)
def test_tampering_is_detected_and_named(export, verify, how):
    tamper, sentence = TAMPERED[how]

    status, output = verify(tamper(export()), *public_key_option())

    assert status == 1
    assert sentence in output and output.endswith("NOT WHOLE. Do not rely on this file.\n")


@pytest.mark.django_db
def test_a_forger_who_rehashes_everything_is_stopped_by_the_signature(export, verify):
    lines = export()
    row, rows = rehashed(lines[8], result="rejected"), lines[1:8]
    digest = hashlib.sha256(
        b"".join(json.loads(line)["row_hash"].encode() + b"\n" for line in [*rows, row])
    )
    manifest = json.loads(lines[0])
    # A forger takes the seal off: exports of earlier releases have none.
    del manifest["seal"]
    detail = json.loads(manifest["export"]["detail"]) | {"digest": digest.hexdigest()}
    facts = {"detail": json.dumps(detail), "prev_hash": json.loads(row)["row_hash"]}
    manifest["export"] = json.loads(rehashed(json.dumps(manifest["export"]).encode(), **facts))
    forged = [json.dumps(manifest | {"digest": digest.hexdigest()}).encode() + b"\n", *rows, row]

    assert verify(forged)[0] == 0, "hashes alone prove nothing, and without a key it says so"
    status, output = verify(forged, *public_key_option())
    assert (
        status == 1 and "event #9 was rewritten: the checkpoint at #9 vouches for another" in output
    )

    unsigned = [changed(forged[0], checkpoints=[]), *forged[1:]]
    assert verify(unsigned, *public_key_option())[0] == 2
    resigned = [changed(forged[0], checkpoints=[signed_by(OTHER, manifest)]), *forged[1:]]
    assert verify(resigned, *public_key_option())[0] == 2
    as_if = [
        changed(forged[0], checkpoints=[signed_by(OTHER, manifest, claim=keys.public_key())]),
        *forged[1:],
    ]
    status, output = verify(as_if, *public_key_option())
    assert status == 1 and "The checkpoint at #9 has a bad signature" in output


def signed_by(key, manifest, claim="") -> dict:
    claim = claim or key.public_key().public_bytes_raw().hex()
    statement = {
        name: value
        for name, value in manifest["checkpoints"][-1].items()
        if name not in ("mac", "signature")
    }
    statement |= {
        "row_hash": manifest["export"]["row_hash"],
        "public_key_id": signing.compute_public_key_id(claim),
    }
    signature = key.sign(signing.CHECKPOINT_PREFIX + canonical.encode(statement)).hex()
    return statement | {"mac": "0" * 64, "signature": signature}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "damage",
    [{"signature": "zz"}, {"signature": None}, {"seq": None}, {"public_key_id": []}, {"seq": 8}],
)
def test_a_damaged_checkpoint_is_named(export, verify, damage):
    lines = export()
    (checkpoint,) = json.loads(lines[0])["checkpoints"]

    status, output = verify(
        [changed(lines[0], checkpoints=[checkpoint | damage]), *lines[1:]], *public_key_option()
    )

    assert status == 1 and "heckpoint" in output


@pytest.mark.django_db
def test_without_its_own_checkpoint_an_export_is_proven_as_far_as_an_older_one_reaches(
    export, verify, monkeypatch
):
    older = export()
    monkeypatch.setattr(jsonl_file.checkpoints, "make", lambda: None)
    record_event()

    status, output = verify(export(), *public_key_option())

    assert len(older) == 9 and status == 0
    assert "PROVEN: 9 of 10 events; the others stand after a checkpoint" in output


@pytest.mark.django_db
def test_a_checkpoint_vouches_for_nothing_before_a_gap(export, verify, monkeypatch):
    export()
    record_event(by=BEN)
    record_event(by=BEN)
    jsonl_file.checkpoints.make()
    monkeypatch.setattr(jsonl_file.checkpoints, "make", lambda: None)

    status, output = verify(export("?actor=ben"), *public_key_option())

    assert (status, "PROVEN: 2 of " in output) == (0, True), output


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"seq,at\n", b"{}\n", b'{"pingadmin_audit_export": 2}\n', b"\xff" * 9]
)
def test_a_file_that_is_no_export_is_not_checked(verify, content):
    status, output = verify([content])

    assert status == 2 and output.startswith("NOT CHECKED: ")


@pytest.mark.django_db
def test_an_event_of_a_newer_schema_version_is_not_called_wrong(export, verify):
    lines = export()

    status, output = verify(
        [*lines[:4], changed(lines[4], schema_version=2), *lines[5:]], *public_key_option()
    )

    assert status == 2 and "get a newer verifier" in output


def test_a_missing_file_and_an_invalid_key_are_named(verify, tmp_path):
    assert verify([b"{}\n"], "--public-key", "my key") == (
        2,
        "NOT CHECKED: my key holds no public key: that is 64 hex digits.\n",
    )
    assert verify([b"{}\n"], "--key", tmp_path / "none")[0] == 2


@pytest.mark.django_db
def test_the_seal_says_whose_log_it_is(export, verify, settings):
    settings.PANEL_URL = "https://panel.example"
    lines = export()
    log = json.loads(lines[0])["log"]
    assert log == {"id": AuditEvent.objects.get(seq=1).row_hash[:16], "born_at": log["born_at"]}
    sentence = f"It is of the log {log['id']} of https://panel.example, which began at"

    status, output = verify(lines, *public_key_option(), "--log", log["id"])
    assert status == 0 and sentence in output
    status, output = verify(lines)
    assert status == 0 and "NOT PROVEN whose log it is" in output and sentence not in output
    status, output = verify(lines, *public_key_option(), "--log", "0" * 16)
    assert status == 2 and "NOT THE LOG 0000" in output


@pytest.mark.django_db
@pytest.mark.parametrize(
    "edit",
    [
        {"panel": "https://other.example"},
        {"coverage": "Every event."},
        {"log": {"id": "f" * 16, "born_at": "2020-01-01T00:00:00.000000Z"}},
        {"public_key": "0" * 64},
        {"added": "a field"},
        {"checkpoints": []},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_no_field_of_the_manifest_can_be_edited(export, verify, edit, settings, tmp_path):
    lines = export()
    edited = [changed(lines[0], **edit), *lines[1:]]
    (tmp_path / "key").write_text(settings.AUDIT_KEY.reveal())
    for key in (public_key_option(), ["--key", str(tmp_path / "key")]):
        status, output = verify(edited, *key)
        assert status == 1 and "The manifest was edited: its seal does not fit." in output, key


@pytest.mark.django_db
@pytest.mark.parametrize("seal", [{}, [], "x", {"key_id": 1, "public_key_id": 2}, None])
def test_a_seal_that_is_none_proves_nothing(export, verify, seal):
    lines = export()
    status, output = verify(
        [changed(lines[0], seal=seal), *lines[1:]], *public_key_option(), "--log", "0" * 16
    )
    assert status in (1, 2) and "It is of the log" not in output


@pytest.mark.django_db
def test_an_export_of_an_earlier_release_is_verified_without_a_name(export, verify):
    lines = export()
    manifest = json.loads(lines[0])
    for name in ("seal", "panel", "log"):
        del manifest[name]
    status, output = verify(
        [json.dumps(manifest).encode() + b"\n", *lines[1:]], *public_key_option()
    )
    assert status == 0 and "NOT PROVEN whose log it is" in output and "PROVEN: the panel" in output
