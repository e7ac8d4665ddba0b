"""Exports: exactly the filtered view, recorded before the first byte, in flat memory."""

import json
import re
import tracemalloc
import uuid
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from pingadmin.audit.chain import canonical, keys
from pingadmin.audit.export import exports
from pingadmin.audit.export.views import VERIFIER
from pingadmin.audit.integrity import checkpoints
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import trail
from pingadmin.config.secret import Secret
from tests.audit.factories import BEN, record_entry, record_event
from tests.support.html import parse
from tests.support.queries import refuse_lock

pytestmark = pytest.mark.django_db

BOTH = ["/audit/export.csv", "/audit/export.jsonl"]


@pytest.fixture
def some_entries():
    """Ana's and ben's, entwined: outcomes stand apart from their intents."""
    first = record_event(
        alias="ping", session_id="ses_1", reason="Customer approved", ticket="INC-1"
    )
    second = record_event(by=BEN, alias="agi", session_id="ses_2", reason="False alarm")
    record_event(phase="outcome", story=first.seq, result="ok", verified=True)
    record_event(phase="outcome", story=second.seq, result="unknown")
    record_entry("rejected", by=BEN, session_id="ses_3", ticket="")
    record_entry("", session_id="ses_4")
    record_event(phase="closure", action="close_unknown", story=second.seq, reason="Seen active")


def exported(client, query=""):
    """The manifest and the rows of a JSONL export."""
    response = client.get(f"/audit/export.jsonl{query}")
    assert response.status_code == 200
    manifest, *rows = map(json.loads, response.getvalue().splitlines())
    return manifest, rows


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("support", 403), ("auditor", 200), ("admin", 403)]
)
def test_only_auditors_export(request, address, role, status):
    client = request.getfixturevalue(f"as_{role}")
    record_entry("ok")

    response = client.get(address)

    assert response.status_code == status
    assert AuditEvent.objects.filter(action="export").count() == (status == 200)


@pytest.mark.parametrize(
    ("role", "status"), [("viewer", 403), ("support", 200), ("auditor", 200), ("admin", 200)]
)
def test_everybody_who_may_read_the_log_can_download_the_verifier(request, role, status):
    response = request.getfixturevalue(f"as_{role}").get("/audit/verify.py")

    assert response.status_code == status
    if status == 200:
        assert response.getvalue() == VERIFIER.read_bytes()
        assert response["Content-Disposition"] == 'attachment; filename="verify_export.py"'


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize("method", ["head", "post", "put", "delete"])
def test_only_a_get_request_exports(as_auditor, address, method):
    assert getattr(as_auditor, method)(address).status_code == 405
    assert not AuditEvent.objects.filter(action="export").exists()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?actor=ana",
        "?actor=ben&result=unknown",
        "?result=none",
        "?words=alarm",
        "?session=ses_3",
        "?ticket=INC-1",
        "?since=2026-01-01&until=2190-01-01",
        "?alias=agi&before=2&after=1",
        "?actor=nobody",
        "?review=pending",
    ],
)
@pytest.mark.parametrize("address", BOTH)
def test_an_export_is_exactly_the_filtered_view(as_auditor, some_entries, query, address):
    as_auditor.get("/audit/")  # the reading is recorded, and is then an entry like others
    page = parse(as_auditor.get("/audit/" + query.split("&before")[0]))
    shown = sorted({int(seq) for seq in page.attributes("[data-seq]", "data-seq")})

    lines = as_auditor.get(address + query).getvalue().decode().splitlines()[1:]

    if address.endswith(".csv"):
        assert [int(line.split('"')[1]) for line in lines] == shown
    else:
        events = AuditEvent.objects.filter(story__in=shown).order_by("seq")
        assert [json.loads(line)["seq"] for line in lines] == list(
            events.values_list("seq", flat=True)
        )


def test_without_a_filter_it_is_the_whole_log(as_auditor, some_entries):
    manifest, rows = exported(as_auditor)

    assert [row["seq"] for row in rows] == list(range(1, 9))
    assert (manifest["events"], manifest["first"], manifest["last"]) == (8, 1, 8)
    assert (
        manifest["coverage"] == "Every event from #1 to #8: each link between two can be checked."
    )


def test_every_field_is_exported_as_it_was_hashed(as_auditor):
    head = record_event(
        shown={"state": "paused\u202e\ud800"},
        detail={"n": 2**70, "x": [1, None]},
        snapshot_before=7,
        client="é",
    )

    _, (row,) = exported(as_auditor)

    assert canonical.encode(
        {name: row[name] for name in canonical.FIELDS[1]}
    ) == canonical.canonical_form(head)
    assert (row["row_hash"], row["mac"]) == (head.row_hash, head.mac)
    assert set(row) == {field.attname for field in AuditEvent._meta.concrete_fields}


def test_the_manifest_states_the_gaps_that_a_filter_leaves(as_auditor, some_entries):
    manifest, rows = exported(as_auditor, "?actor=ben")

    assert [row["seq"] for row in rows] == [2, 4, 5, 6, 8]
    assert (
        "leaves 2 gaps between #2 and #8" in manifest["coverage"]
        and "each event's own hash can" in manifest["coverage"]
    )


@pytest.mark.parametrize("address", BOTH)
def test_the_export_is_recorded_before_its_first_byte(as_auditor, auditor, some_entries, address):
    response = as_auditor.get(f"{address}?actor=ben&since=2026-01-01")

    recorded = AuditEvent.objects.get(action="export")  # nothing was read from the response yet
    detail = json.loads(recorded.detail)
    assert (recorded.actor_name, recorded.actor_role, recorded.phase) == (
        "auditor",
        "auditor",
        "event",
    )
    assert detail["format"] == address.rpartition(".")[2]
    assert detail["filter"] == "actor=ben&since=2026-01-01"
    assert detail["since"] == "2026-01-01T00:00:00.000000Z"
    assert (detail["first"], detail["last"]) == ((2, 8) if "events" in detail else (2, 5))
    assert detail.get("events", 5) == 5 and detail.get("stories", 2) == 2
    response.close()


@pytest.mark.parametrize("start_export", [exports.start_csv_export, exports.start_jsonl_export])
def test_the_record_of_an_export_is_durable(some_entries, start_export):
    audit_filter = AuditFilter(QueryDict(""))
    assert audit_filter.is_valid()
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        start_export(audit_filter, by=BEN)


@pytest.mark.parametrize("address", BOTH)
def test_nothing_is_exported_that_cannot_be_recorded(
    as_auditor, some_entries, address, monkeypatch
):
    monkeypatch.setattr(trail, "_lock", refuse_lock)

    response = as_auditor.get(address)

    assert response.status_code == 503
    assert "Nothing was exported" in response.text and "INC-1" not in response.text


def test_events_appended_during_a_download_are_not_in_it(as_auditor):
    head = record_event(session_id="ses_1")
    answers = [as_auditor.get(f"{address}?result=none") for address in BOTH]
    record_event(phase="outcome", story=head.seq, result="ok")
    record_event(session_id="ses_2")

    csv, jsonl = (answer.getvalue().decode().splitlines()[1:] for answer in answers)

    assert len(csv) == 1 and '"No outcome yet"' in csv[0]
    assert [json.loads(row)["seq"] for row in jsonl] == [head.seq]


def test_the_manifest_agrees_with_the_event_of_the_export(as_auditor, auditor, some_entries):
    manifest, rows = exported(as_auditor, "?actor=ana")
    recorded = AuditEvent.objects.get(action="export")

    assert manifest["export"]["row_hash"] == recorded.row_hash
    assert manifest["exported_by"] == "auditor" and manifest["exported_at"] == canonical.to_plain(
        recorded.at
    )
    assert json.loads(recorded.detail).items() <= manifest.items()
    assert manifest["checkpoints"][-1]["row_hash"] == recorded.row_hash, "it is signed at once"
    assert manifest["between"] == []


def test_an_export_is_sent_even_if_no_checkpoint_can_be_made(
    as_auditor, some_entries, monkeypatch, caplog
):
    monkeypatch.setattr(checkpoints, "make", fail_for_full_disk)

    manifest, rows = exported(as_auditor)

    assert len(rows) == 8 and manifest["checkpoints"] == []
    assert [
        record.levelname
        for record in caplog.records
        if "no checkpoint vouches for export" in record.message
    ] == ["CRITICAL"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", []),
        ("?actor=ana&result=unknown", ["actor-ana", "result-unknown"]),
        ("?since=2026-11-01&until=2026-11-22", ["from-20261101T000000Z", "to-20261123T000000Z"]),
        ("?words=%22%0D%0ASet-Cookie:%20x=1;/../%E2%80%AE", ["words-Set-Cookie-x-1"]),
        ("?actor=" + "é" * 150 + "&ticket=" + "a" * 100, ["ticket-" + "a" * 23]),
    ],
)
@pytest.mark.parametrize("address", BOTH)
def test_the_file_name_contains_filter_and_range_in_safe_characters(
    as_auditor, address, query, words
):
    disposition = as_auditor.get(f"{address}{query}")["Content-Disposition"]

    name = re.fullmatch(
        r'attachment; filename="([A-Za-z0-9_-]{1,150}\.(?:csv|jsonl))"', disposition
    )[1]
    assert name.startswith("pingadmin-audit") and name.endswith(address.rpartition("/export")[2])
    assert all(f"_{word}_" in name or f"_{word}." in name for word in words)
    assert re.search(r"_to-\d{8}T\d{6}Z\.", name)


@pytest.mark.parametrize("address", BOTH)
@pytest.mark.parametrize(
    "query",
    ["since=9999-99-99", "result=success", "session=%00", "since=2026-02-01&until=2026-01-01"],
)
def test_an_invalid_filter_exports_nothing(as_auditor, address, query):
    assert as_auditor.get(f"{address}?{query}").status_code == 400
    assert not AuditEvent.objects.filter(action="export").exists()


def test_a_forged_event_is_exported_as_it_is_stored(as_auditor):
    head = record_event()
    forged = AuditEvent.objects.get(seq=head.seq)
    forged.seq, forged.event_id, forged.prev_hash, forged.row_hash = (
        2,
        uuid.uuid4(),
        head.row_hash,
        "e" * 64,
    )
    forged.schema_version = 9
    forged.save_base(force_insert=True)

    _, rows = exported(as_auditor)

    assert (rows[1]["schema_version"], rows[1]["row_hash"]) == (9, "e" * 64)


def test_times_are_utc_whatever_the_viewers_zone(as_auditor, monkeypatch):
    as_auditor.cookies["zone"] = "Asia/Tokyo"
    monkeypatch.setattr(
        trail.timezone, "now", lambda: datetime(2026, 11, 22, 13, 2, 11, 42, tzinfo=UTC)
    )
    record_event()

    for address in BOTH:
        assert b"2026-11-22T13:02:11.000042Z" in as_auditor.get(address).getvalue()


@pytest.mark.parametrize(("address", "queries_per_chunk"), [(BOTH[0], 2), (BOTH[1], 1)])
def test_each_chunk_costs_the_same_queries(as_auditor, monkeypatch, address, queries_per_chunk):
    monkeypatch.setattr(exports, "CHUNK", 10)
    as_auditor.get(
        address
    ).getvalue()  # makes the first checkpoint, which costs less than those after it
    costs = []
    for _ in range(3):
        for _ in range(20):
            record_event()
        response = as_auditor.get(f"{address}?action=resume")
        with CaptureQueriesContext(connection) as captured:
            response.getvalue()
        costs.append(len(captured))

    assert costs[2] - costs[1] == costs[1] - costs[0] == 2 * queries_per_chunk


@pytest.mark.parametrize("address", BOTH)
def test_no_secret_leaves_with_an_export(as_auditor, some_entries, address, settings):
    canary = "canary-0123456789abcdefghijklmnopqrstuvwxyz"
    settings.UPSTREAMS = {"ping": {"LABEL": "Ping", "API_KEY": Secret(canary)}}

    content = as_auditor.get(address).getvalue().decode()

    for secret in (
        canary,
        settings.AUDIT_KEY.reveal(),
        settings.SECRET_KEY,
        keys.signing_key().private_bytes_raw().hex(),
    ):
        assert secret not in content


@pytest.mark.parametrize("address", BOTH)
def test_memory_stays_flat_however_many_rows(as_auditor, address):
    append_in_bulk(2_000)
    small = peak_memory(as_auditor, address)
    append_in_bulk(3_000)
    large = peak_memory(as_auditor, address)

    assert large - small < 1_000_000, f"{small:,} -> {large:,} bytes"


def append_in_bulk(count: int) -> None:
    """Adds that many events in one statement; numbers and links fit, but no hash is true."""
    tail = AuditEvent.objects.last() or record_event()
    as_hex = {"sqlite": "printf('%%0{1}x', {0})", "postgresql": "lpad(to_hex({0}), {1}, '0')"}[
        connection.vendor
    ]
    made = {"seq": "i", "story": "i", "row_hash": as_hex.format("i", 64)}
    made["event_id"] = as_hex.format("i", 32) + (
        "::uuid" if connection.vendor == "postgresql" else ""
    )
    made["prev_hash"] = (
        f"CASE i WHEN {tail.seq + 1} THEN '{tail.row_hash}' ELSE {as_hex.format('i - 1', 64)} END"
    )
    names = [field.column for field in AuditEvent._meta.concrete_fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH RECURSIVE numbers(i) AS (
                SELECT %s UNION ALL SELECT i + 1 FROM numbers WHERE i < %s
            )
            INSERT INTO audit_auditevent ({", ".join(names)})
            SELECT {", ".join(made.get(name, name) for name in names)}
            FROM numbers, audit_auditevent WHERE seq = 1 ORDER BY i
            """,
            [tail.seq + 1, tail.seq + count],
        )


def peak_memory(client, address: str) -> int:
    """The most memory that a download held at once, in bytes."""
    tracemalloc.start()
    try:
        lines = sum(piece.count(b"\n") for piece in client.get(address).streaming_content)
        assert lines >= AuditEvent.objects.count() - 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def fail_for_full_disk():
    raise OSError("no space left on device")
