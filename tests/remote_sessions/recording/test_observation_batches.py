"""Recording a batch twice changes nothing, the newest wins, and totals survive a reset."""

from dataclasses import replace

import pytest
import time_machine

from pingadmin.remote_sessions.display.paused import judge_paused
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot
from pingadmin.remote_sessions.recording.observation_batches import (
    SessionStateCache,
    forget_sequences,
    record_observations,
)
from pingadmin.remote_sessions.recording.observations import (
    mark_session_changed,
    record_failure,
    record_observation,
    record_paused_report,
)
from pingadmin.upstream.errors import UpstreamError
from pingadmin.upstream.records import SessionRecord
from tests.support.stream_events import NOW, after, event

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["with cache", "without cache"])
def cache(request):
    """Every rule holds for a writer with a cache and for one without."""
    return SessionStateCache() if request.param == "with cache" else None


@pytest.fixture
def record(cache):
    """Records a batch of events."""
    return lambda *events: record_observations("ping", events, "stream", cache)


def current(session_id="ses_1") -> RemoteSession:
    return RemoteSession.objects.get(alias="ping", session_id=session_id)


def history(session_id="ses_1") -> list[StatusSnapshot]:
    return list(current(session_id).snapshots.oldest_first())


def test_an_event_creates_its_session_and_the_first_snapshot(record):
    record(event(7, duration=60, up=10, down=20))
    session = current()
    assert (session.state, session.client_name, session.last_seen_at, session.source) == (
        "connected",
        "client-1",
        NOW,
        "stream",
    )
    assert (session.stream_sequence, session.uploaded_bytes, session.first_seen_at) == (7, 10, NOW)
    assert [(row.state, row.uploaded_bytes, row.first_at) for row in history()] == [
        ("connected", 10, NOW)
    ]


def test_many_sessions_are_written_at_once(record, django_assert_max_num_queries):
    events = [event(number, session=f"ses_{number}", up=number) for number in range(300)]
    with django_assert_max_num_queries(14):
        counts = record(*events)
    assert (counts.written, counts.repeated, counts.late) == (300, 0, 0)
    assert StatusSnapshot.objects.count() == RemoteSession.objects.count() == 300
    assert current("ses_299").uploaded_bytes == 299


def test_names_with_special_characters_are_stored_unchanged(record):
    names = [
        "NULL",
        "",
        "null",
        '"',
        "\\",
        '\\"',
        "a,b",
        "{a}",
        "' OR 1=1",
        " two  spaces ",
        "%s",
        "Zoë \u2028 客户",
    ]
    record(
        *(
            replace(event(number, session=f"ses_{number}"), client_name=name)
            for number, name in enumerate(names)
        )
    )
    assert [current(f"ses_{number}").client_name for number in range(len(names))] == names


def test_a_repeated_event_is_one_observation(record):
    record(event(1, duration=30, up=5), event(2, duration=60, up=9), event(2, duration=60, up=9))
    counts = record(event(1, duration=30, up=5), event(2, duration=60, up=9, at=1))
    assert (counts.written, counts.repeated, counts.late) == (0, 2, 0)
    assert [(row.uploaded_bytes, row.observation_count) for row in history()] == [(5, 1), (9, 1)]
    assert current().last_seen_at == NOW


def test_a_growing_duration_alone_extends_the_snapshot(record):
    record(event(1, duration=30, up=5))
    record(event(2, duration=60, up=5, at=30))
    record(event(3, duration=90, up=5, at=60))
    (row,) = history()
    assert (row.observation_count, row.duration_seconds, row.first_at, row.last_at) == (
        3,
        90,
        NOW,
        after(60),
    )


def test_a_batch_may_extend_one_snapshot_and_add_another(record):
    record(event(1, up=5))
    record(event(2, up=5, at=1), event(3, up=6, at=2), event(4, up=6, at=3))
    assert [(row.uploaded_bytes, row.observation_count, row.last_at) for row in history()] == [
        (5, 2, after(1)),
        (6, 2, after(3)),
    ]


def test_a_batch_is_sorted_by_sequence(record):
    record(event(3, up=30, at=1), event(1, up=10, at=1), event(2, up=20, at=1))
    assert [row.uploaded_bytes for row in history()] == [10, 20, 30]
    assert current().uploaded_bytes == 30 and current().uploaded_before_reset == 0


def test_an_event_late_by_its_sequence_is_only_history(record):
    record(event(5, kind="session_end", up=50, at=1))
    before = current()
    counts = record(event(4, up=40, at=2))
    assert (counts.written, counts.late) == (0, 1)
    session = current()
    assert (session.state, session.uploaded_bytes, session.last_seen_at) == (
        "disconnected",
        50,
        after(1),
    )
    assert session.changed_at == before.changed_at, "nothing that people see changed"
    assert [row.uploaded_bytes for row in history()] == [40, 50], "before what is newer than it"
    assert record(event(4, up=40, at=3)).repeated == 1
    assert len(history()) == 2


def test_an_event_late_by_its_sequence_goes_before_longer_durations(record):
    record(
        event(1, duration=30, up=1),
        event(3, duration=90, up=3, at=1),
        event(4, duration=120, up=4, at=2),
    )
    record(event(5, duration=150, up=5, at=3))
    record(event(2, duration=60, up=2, at=4))
    assert [row.uploaded_bytes for row in history()] == [1, 2, 3, 4, 5]


def test_an_event_late_by_its_sequence_stays_after_a_reset(record):
    record(event(1, duration=90, up=9), event(4, duration=60, up=6, at=2))
    record(event(5, duration=90, up=8, at=3))
    record(event(3, duration=30, up=3, at=4))
    assert [row.uploaded_bytes for row in history()] == [9, 3, 6, 8]


def test_a_late_snapshot_counts_from_the_base_of_the_one_before_it(record):
    record(event(1, up=100, duration=100), event(3, kind="session_start", up=2, duration=1, at=1))
    record(event(5, up=9, duration=9, at=2))
    record(event(4, up=6, duration=6, at=3))
    assert [(row.uploaded_before_reset, row.uploaded_bytes) for row in history()] == [
        (0, 100),
        (100, 2),
        (100, 6),
        (100, 9),
    ]


def test_a_counter_that_falls_in_a_newer_event_was_reset(record):
    record(event(1, duration=60, up=100, down=900))
    record(event(2, duration=3, up=4, down=1000, at=1))
    session = current()
    assert (session.uploaded_before_reset, session.uploaded_bytes) == (100, 4)
    assert (session.downloaded_before_reset, session.downloaded_bytes) == (0, 1000)
    assert [row.uploaded_before_reset for row in history()] == [0, 100]


def test_counters_are_compared_across_an_event_without_counters(record):
    record(event(1, up=100, down=1))
    record(event(2, kind="session_end", at=1))
    assert current().uploaded_bytes is None
    record(event(3, up=30, down=2, at=2))
    assert (current().uploaded_before_reset, current().uploaded_bytes) == (100, 30)


def test_without_sequences_lower_counters_in_a_heartbeat_are_ambiguous(record):
    record(event(duration=600, up=100))
    counts = record(event(duration=10, up=3, at=60))
    assert (counts.late, counts.ambiguous) == (1, {"ses_1"})
    assert (
        current().duration_seconds,
        current().uploaded_bytes,
        current().uploaded_before_reset,
    ) == (
        600,
        100,
        0,
    )
    assert [(row.duration_seconds, row.uploaded_bytes) for row in history()] == [
        (600, 100),
        (10, None),
    ]
    record_observation(alias="ping", record=answer(61, duration=11, up=3), source="poll")
    assert (current().uploaded_bytes, current().uploaded_before_reset) == (3, 100), (
        "the answer decides it"
    )


def test_without_sequences_a_start_event_resets_counters(record):
    record(event(duration=600, up=100))
    counts = record(event(kind="session_start", duration=0, up=0, at=60))
    assert (counts.written, counts.ambiguous) == (1, set())
    assert (current().uploaded_bytes, current().uploaded_before_reset) == (0, 100)


def test_a_stream_that_numbers_from_the_start_again_is_followed(record, cache):
    record(event(500, up=10, duration=10))
    forget_sequences("ping", cache or SessionStateCache())
    record(event(1, up=20, duration=20, at=5), event(2, up=30, duration=30, at=6))
    assert (current().uploaded_bytes, current().stream_sequence) == (30, 2)


def answer(seconds, *, duration, up, state="connected"):
    return SessionRecord(
        session_id="ses_1",
        state=state,
        is_known_state=True,
        client_name="client-1",
        paused=None,
        answered_at=after(seconds),
        duration_seconds=duration,
        uploaded_bytes=up,
    )


def test_an_event_that_an_answer_overtook_is_no_reset(record):
    record(event(1, duration=10, up=100))
    record_observation(alias="ping", record=answer(20, duration=30, up=300), source="look-up")
    counts = record(event(2, duration=29, up=299, at=20.5))
    assert (counts.written, counts.late) == (0, 1)
    assert (
        current().uploaded_bytes,
        current().uploaded_before_reset,
        current().source,
    ) == (
        300,
        0,
        "look-up",
    )


def test_an_event_that_waited_long_and_was_overtaken_is_no_reset(record):
    record(event(1, duration=200, up=200))
    record_observation(alias="ping", record=answer(100, duration=300, up=300), source="poll")
    counts = record(event(2, duration=230, up=230, at=101), event(3, duration=260, up=260, at=101))
    assert (counts.written, counts.late) == (0, 2)
    record(event(4, duration=310, up=310, at=111))
    assert (
        current().uploaded_bytes,
        current().uploaded_before_reset,
        current().source,
    ) == (
        310,
        0,
        "stream",
    )
    assert [row.uploaded_bytes for row in history()] == [200, 230, 260, 300, 310]


def test_a_slow_answer_that_was_overtaken_is_no_reset(record):
    record(event(1, duration=300, up=300))
    record_observation(alias="ping", record=answer(1, duration=288, up=288), source="poll")
    assert (current().uploaded_bytes, current().uploaded_before_reset) == (300, 0)


def test_lower_counters_that_fit_the_time_since_an_answer_are_a_reset(record):
    record(event(1, duration=200, up=200, at=-100))
    record_observation(alias="ping", record=answer(0, duration=300, up=300), source="poll")
    record(event(2, duration=30, up=3, at=31))
    assert (current().uploaded_bytes, current().uploaded_before_reset) == (3, 300)


def test_an_event_from_before_an_answer_is_late(record):
    record_observation(
        alias="ping", record=answer(20, duration=30, up=300, state="disconnected"), source="look-up"
    )
    assert record(event(2, duration=20, up=200, at=19)).late == 1
    assert (current().state, current().last_seen_at) == ("disconnected", after(20))


def test_changes_by_other_writers_are_noticed(record):
    record(event(1, duration=10, up=100))
    record_failure(session=current(), error=UpstreamError("timed_out", sent=True), source="look-up")
    mark_session_changed(current())
    record(event(2, duration=40, up=100, at=3600 * 24 * 365))
    assert current().failure == ""
    assert [row.failure for row in history()] == ["", "timed_out", ""]


def test_a_paused_report_survives_heartbeats_and_is_doubted_after_a_start(record):
    record(event(1))
    record_paused_report(session=current(), paused=True, at=after(1), source="pause")
    record(event(2, at=2))
    assert doubt() == "", "a heartbeat proves nothing"
    record(event(3, kind="session_start", at=3))
    assert "reported a start since" in doubt()
    record_paused_report(session=current(), paused=False, at=after(4), source="resume")
    assert doubt() == ""
    record(event(4, kind="session_end", at=5))
    assert "reported an end since" in doubt()


def doubt() -> str:
    return judge_paused(current(), now=after(6), status_shows_paused=False).doubt


@pytest.mark.parametrize("microsecond", [0, 120])
def test_a_cached_state_is_read_again_only_after_another_writer(microsecond):
    cache = SessionStateCache()
    with time_machine.travel(NOW.replace(microsecond=microsecond), tick=False):
        record_observations("ping", [event(1, up=1)], "stream", cache)
    cached = cache["ses_1"]
    record_observations("ping", [event(2, up=2, at=1)], "stream", cache)
    assert cache["ses_1"] is cached
    RemoteSession.objects.update(changed_at=after(60), client_name="another")
    record_observations("ping", [event(3, up=3, at=2)], "stream", cache)
    assert cache["ses_1"] is not cached


def test_a_failed_batch_leaves_nothing_behind_and_can_be_repeated(monkeypatch):
    cache = SessionStateCache()
    record_observations("ping", [event(1, up=1)], "stream", cache)
    from pingadmin.remote_sessions.recording import observation_batches

    def full(*_):
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(observation_batches, "update_many", full)
        with pytest.raises(OSError, match="disk full"):
            record_observations("ping", [event(2, up=2, at=1)], "stream", cache)
    assert len(history()) == 1
    counts = record_observations("ping", [event(2, up=2, at=1)], "stream", cache)
    assert (counts.written, current().uploaded_bytes) == (1, 2)


def test_a_list_is_a_batch_and_reports_paused():
    paused = replace(answer(0, duration=None, up=None, state="paused"), paused=True)
    records = [replace(paused, session_id=f"s{number}") for number in range(3)]
    record_observations("agi", records, "list")
    session = RemoteSession.objects.get(alias="agi", session_id="s1")
    assert (
        session.paused_reported,
        session.paused_reported_source,
        session.paused_reported_at,
    ) == (
        True,
        "list",
        NOW,
    )
