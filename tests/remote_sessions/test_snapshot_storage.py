"""A snapshot's row is small and is read as it was written: words, times and counts."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from pingadmin.remote_sessions import models
from pingadmin.remote_sessions.display.card import STATE_TONES
from pingadmin.remote_sessions.fields import MillisecondField
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.observation_batches import record_observations
from pingadmin.remote_sessions.recording.observations import ensure_session, record_failure
from pingadmin.upstream.errors import FAILURES, UpstreamError
from tests.support.stream_events import event

NOW = datetime(2026, 11, 22, 14, 2, 11, 123456, tzinfo=UTC)


def store_and_read(**facts) -> StatusSnapshot:
    """A snapshot as it comes back from the database."""
    facts = {
        "session": ensure_session("ping", "ses_1"),
        "source": "poll",
        "first_at": NOW,
        "last_at": NOW,
    } | facts
    return StatusSnapshot.objects.get(pk=StatusSnapshot.objects.create(**facts).pk)


def stored_value(column: str):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {column} FROM remote_sessions_statussnapshot ORDER BY id DESC LIMIT 1"
        )
        return cursor.fetchone()[0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "state", [*models.STATE_CODES, "", "c", "=", "=c", "==", "resting", "Ω", "x" * 64]
)
def test_every_state_is_read_as_it_was_written(state):
    assert store_and_read(state=state).state == state
    assert StatusSnapshot.objects.get(state=state).state == state


@pytest.mark.django_db
def test_known_words_take_one_letter():
    store_and_read(state="connected", source="stream", failure="timed_out")
    assert [stored_value(column) for column in ("state", "source", "failure")] == ["c", "s", "t"]


@pytest.mark.parametrize("codes", [models.STATE_CODES, models.SOURCE_CODES, models.FAILURE_CODES])
def test_no_two_words_share_a_letter(codes):
    letters = list(codes.values())
    assert len(set(letters)) == len(letters)
    assert all(len(letter) == 1 and letter.isalpha() for letter in letters)


def test_every_known_word_has_its_letter():
    assert set(models.SOURCE_CODES) == set(models.ObservationSource)
    assert set(models.STATE_CODES) == set(STATE_TONES)
    assert set(models.FAILURE_CODES) == set(FAILURES)


@pytest.mark.django_db
def test_times_are_read_in_utc_rounded_down_to_the_millisecond():
    madrid = NOW.astimezone(timezone(timedelta(hours=1)))
    snapshot = store_and_read(first_at=madrid, last_at=NOW + timedelta(hours=1))
    assert snapshot.first_at == NOW.replace(microsecond=123000)
    assert snapshot.first_at.utcoffset() == timedelta()
    assert stored_value("first_at") == 1795356131123
    assert StatusSnapshot.objects.filter(
        first_at__lte=NOW, length__gte=timedelta(minutes=59)
    ).exists()


@pytest.mark.django_db
def test_the_length_of_a_single_observation_takes_no_bytes():
    snapshot = store_and_read()
    assert (snapshot.length, snapshot.last_at) == (timedelta(), snapshot.first_at)
    assert stored_value("lasted") is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "lasted", [timedelta(milliseconds=1), timedelta(days=400), timedelta(seconds=-3)]
)
def test_a_length_is_exact_to_the_millisecond(lasted):
    snapshot = store_and_read(last_at=NOW + lasted + timedelta(microseconds=900))
    assert snapshot.length == lasted
    assert snapshot.last_at == snapshot.first_at + lasted


@pytest.mark.django_db
def test_a_run_of_failures_lasts_until_the_newest():
    session, error = ensure_session("ping", "ses_1"), UpstreamError("timed_out", sent=True)
    record_failure(session=session, error=error, source="poll")
    session.snapshots.update(first_at=datetime.now(UTC) - timedelta(hours=1))
    record_failure(session=session, error=error, source="poll")
    assert timedelta(hours=1) <= session.snapshots.get().length < timedelta(hours=2)


@pytest.mark.django_db
def test_a_newer_sequence_with_an_earlier_time_does_not_shorten_a_snapshot():
    record_observations("ping", [event(1), event(2, at=60), event(3, at=20)], "stream")
    assert StatusSnapshot.objects.get().length == timedelta(seconds=60)


@given(
    st.datetimes(
        min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
    )
)
def test_a_time_survives_to_the_millisecond(when):
    field = MillisecondField()
    back = field.from_db_value(field.get_prep_value(when), None, connection)
    assert timedelta() <= when - back < timedelta(milliseconds=1)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="without a zone"):
        MillisecondField().get_prep_value(datetime(2026, 11, 22))  # noqa: DTZ001


@pytest.mark.django_db
def test_a_counter_base_of_zero_is_stored_as_null():
    assert store_and_read().uploaded_before_reset == 0
    assert stored_value("uploaded_before") is None
    assert store_and_read(uploaded_before_reset=2**63 - 1).uploaded_before_reset == 2**63 - 1


@pytest.mark.django_db
def test_snapshots_can_be_bulk_updated():
    rows = [store_and_read(), store_and_read()]
    for row in rows:
        row.last_at, row.state, row.uploaded_before_reset = NOW + timedelta(minutes=1), "paused", 7
    StatusSnapshot.objects.bulk_update(rows, ["length", "state", "uploaded_before_reset"])
    rows = StatusSnapshot.objects.values_list("length", "state", "uploaded_before_reset")
    assert set(rows) == {(timedelta(minutes=1), "paused", 7)}


@pytest.mark.django_db
def test_one_index_serves_the_history_in_order_of_time():
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, StatusSnapshot._meta.db_table)
    indexes = [
        each["columns"] for each in found.values() if each["index"] and not each["primary_key"]
    ]
    assert indexes == [["session_id", "first_at"]]
    newest = RemoteSession(pk=1).snapshots.newest_first()[:1]
    if connection.vendor == "sqlite":  # an empty table is read whole on PostgreSQL
        assert "snapshot_in_time" in newest.explain()
        assert "TEMP B-TREE" not in newest.explain()
