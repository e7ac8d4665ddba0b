"""What the one writer promises."""

import json
import logging
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction

from pingadmin.audit.chain import canonical
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record import trail
from pingadmin.audit.record.actors import Actor
from tests.audit.factories import ANA, record_entry, record_event

EVERYTHING = {
    "action": "resume",
    "phase": "outcome",
    "by": ANA,
    "result": "ok",
    "verified": False,
    "alias": "ping",
    "session_id": "ses_8f2c71d09a",
    "client": "acme-eu",
    "reason": "Customer approved, žádost č. 5 🙂",
    "ticket": "INC-4420",
    "upstream_status": 200,
    "upstream_code": "session_resumed",
    "shown": {
        "state": "disconnected",
        "paused": True,
        "last_seen_at": datetime(2026, 11, 22, 14, 2, 11, 5, UTC),
    },
    "detail": {"message": "Done", "elapsed_ms": 204, "skew": 0.5},
    "attempt": str(uuid.UUID(int=1)),
    "batch": str(uuid.UUID(int=2)),
    "snapshot_before": 2**62,
    "snapshot_after": 18,
}


@pytest.mark.django_db
def test_every_column_is_stored_as_given_and_the_hash_recomputes():
    head = record_event(action="resume")
    AuditEvent.objects.get(seq=record_event(**EVERYTHING, story=head.seq).seq)

    row = AuditEvent.objects.get(seq=2)

    same = set(EVERYTHING) - {"by", "shown", "detail"}
    assert {name: getattr(row, name) for name in same} == {name: EVERYTHING[name] for name in same}
    assert (row.seq, row.story) == (2, 1)
    assert (row.actor_kind, row.actor_id, row.actor_name, row.actor_role) == (
        "person",
        ANA.id,
        "ana",
        "support",
    )
    assert (row.source_address, row.request_id) == ("192.0.2.7", "req-1")
    assert json.loads(row.shown) == {
        "state": "disconnected",
        "paused": True,
        "last_seen_at": "2026-11-22T14:02:11.000005+00:00",
    }
    assert json.loads(row.detail) == {"message": "Done", "elapsed_ms": 204, "skew": "0.5"}
    assert row.schema_version == 1
    assert row.key_id == canonical.compute_key_id(settings.AUDIT_KEY.reveal())
    assert row.row_hash == canonical.hash_event(row)
    assert row.mac == canonical.compute_mac(row.row_hash, settings.AUDIT_KEY.reveal())


@pytest.mark.django_db
def test_events_are_numbered_from_one_and_each_holds_the_previous_hash():
    for _ in range(3):
        record_event()

    rows = list(AuditEvent.objects.order_by("seq"))

    assert [row.seq for row in rows] == [1, 2, 3]
    assert [row.prev_hash for row in rows] == [
        canonical.GENESIS,
        rows[0].row_hash,
        rows[1].row_hash,
    ]


@pytest.mark.django_db
def test_a_head_begins_its_own_entry_and_later_events_join_it():
    first, second = record_entry("ok"), record_entry("")

    assert list(AuditEvent.objects.order_by("seq").values_list("seq", "story")) == [
        (1, 1),
        (2, 1),
        (3, 3),
    ]
    assert (first.story, second.story) == (1, 3)


def test_an_append_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction.atomic"):
        trail.append(action="resume", phase="intent", by=ANA)


@pytest.mark.django_db
def test_a_rolled_back_append_leaves_no_event_and_no_gap():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        trail.append(action="resume", phase="intent", by=ANA)
        raise ZeroDivisionError

    assert record_event().seq == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "Resume!"},
        {"action": ""},
        {"phase": "begin"},
        {"phase": "outcome", "story": 1, "result": "success"},
        {"phase": "outcome", "story": 1},
        {"phase": "intent", "result": "ok"},
        {"phase": "intent", "story": 1},
        {"phase": "evidence"},
        {"phase": "evidence", "story": 99},
        {"phase": "evidence", "story": 2},
    ],
)
def test_unknown_words_and_entries_are_refused(wrong):
    record_entry("ok")

    with pytest.raises(ValueError):
        record_event(**wrong)

    assert AuditEvent.objects.count() == 2


@pytest.mark.django_db
def test_no_text_can_keep_an_outcome_from_being_written():
    head = record_event()
    hostile = "\x00\ud800\udfff\x1b[31m\r\n\u202e" * 2000

    row = record_event(
        phase="outcome",
        story=head.seq,
        result="unknown",
        by=Actor("person", "9" * 99, hostile, hostile, hostile, hostile),
        **dict.fromkeys(
            ["alias", "session_id", "client", "reason", "ticket", "upstream_code"], hostile
        ),
        shown={hostile: hostile},
        detail={
            "deep": _nested_list(5000),
            "many": 10**5000,
            "big": 2**70,
            "nan": float("nan"),
            "bytes": b"\xff",
        },
    )

    row = AuditEvent.objects.get(seq=row.seq)
    assert canonical.hash_event(row) == row.row_hash
    assert len(row.reason) == 500
    assert row.reason.endswith("…")
    assert not {"\x00", "\ud800", "\x1b", "\r"} & set(row.reason)
    assert len(row.shown) <= 2048 and len(row.detail) <= 2048
    assert json.loads(row.detail)["big"] == str(2**70)


@pytest.mark.django_db
def test_a_detail_of_five_kilobytes_is_cut_to_two_and_marked_as_cut():
    long = record_event(detail={"message": "word " * 1000, "code": "kept"})
    many = record_event(detail={f"key {number}": "x" * 50 for number in range(100)})

    assert len(long.detail) <= 2048
    assert json.loads(long.detail)["code"] == "kept"
    assert json.loads(long.detail)["message"].endswith("…")
    assert len(many.detail) <= 2048
    assert json.loads(many.detail)["cut"] is True


@pytest.mark.django_db
def test_each_committed_append_logs_one_line_with_seq_and_hash(
    caplog, django_capture_on_commit_callbacks
):
    caplog.set_level(logging.INFO, "pingadmin.audit.record.trail")

    with django_capture_on_commit_callbacks(execute=True):
        row = record_event(reason="line\nbreak")

    assert [record.getMessage() for record in caplog.records] == [f"{row.seq} {row.row_hash}"]


@pytest.mark.django_db
def test_a_rolled_back_append_logs_nothing(caplog, django_capture_on_commit_callbacks):
    caplog.set_level(logging.INFO, "pingadmin.audit.record.trail")

    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        record_event()
        raise ZeroDivisionError

    assert caplog.records == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "column",
    [
        field.attname
        for field in AuditEvent._meta.concrete_fields
        if field.attname not in ("row_hash", "mac")
    ],
)
def test_no_column_can_change_without_the_hash(column):
    row = record_event(**EVERYTHING | {"phase": "event"})
    was = getattr(row, column)

    setattr(row, column, _other_value(was))

    if column == "schema_version":
        with pytest.raises(KeyError):
            canonical.hash_event(row)
    else:
        assert canonical.hash_event(row) != row.row_hash


@pytest.mark.django_db
def test_the_database_refuses_a_second_event_after_the_same_one():
    record_event(), record_event()
    fork = AuditEvent.objects.get(seq=2)
    fork.seq, fork.event_id = 3, uuid.uuid4()

    with pytest.raises(IntegrityError), transaction.atomic():
        fork.save_base(force_insert=True)


def test_the_actor_of_a_request_is_the_person_with_their_current_role(rf, support):
    request = rf.get("/", REMOTE_ADDR="192.0.2.9")
    request.user, request.request_id = support, "req-9"

    assert Actor.of(request) == Actor(
        "person", str(support.pk), "support", "support", "192.0.2.9", "req-9"
    )


def _other_value(value):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    return f"{value}x"


def _nested_list(depth: int) -> list:
    nest: list = []
    for _ in range(depth):
        nest = [nest]
    return nest
