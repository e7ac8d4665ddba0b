"""What the sequence numbers of events show: missing ones, repeated ones, and a new beginning."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pingadmin.collector.steps.sequence_tracker import SequenceTracker
from tests.support.stream_events import event


@pytest.fixture
def tracker(clock):
    tracker = SequenceTracker(clock)
    tracker.connected()
    return tracker


def events(*sequences):
    return [event(sequence, duration=sequence) for sequence in sequences]


def test_numbers_that_follow_each_other_lack_nothing(tracker, clock):
    assert not tracker.observe(events(*range(1, 20)))
    assert not tracker.observe(events(20, 21))
    clock.now = 100
    assert not tracker.take_missing()


def test_a_jump_means_that_some_are_missing_once_they_had_time_to_come(tracker, clock):
    tracker.observe(events(*range(1, 20)))
    tracker.observe(events(25))
    assert not tracker.take_missing()
    clock.now = 2.1
    assert tracker.take_missing()
    assert not tracker.take_missing(), "said once"


def test_what_is_missing_was_lost_between_its_neighbours(tracker, clock):
    received = events(*range(20), 23, 24, 40)
    tracker.observe(received)
    clock.now = 5.0
    assert tracker.take_missing()
    assert tracker.lost == (received[19].received_at, received[22].received_at)


def test_what_is_missing_amid_events_that_were_read_at_once_was_lost_since_those_before(
    tracker, clock
):
    earlier = events(*range(20))
    at_once = [
        replace(each, received_at=each.received_at + timedelta(minutes=1))
        for each in events(20, 21, 30, 31)
    ]
    at_once = [replace(each, received_at=at_once[0].received_at) for each in at_once]
    tracker.observe(earlier)
    tracker.observe(at_once)
    clock.now = 5.0
    assert tracker.take_missing()
    assert tracker.lost == (earlier[-1].received_at, at_once[0].received_at)


def test_what_was_only_overtaken_is_not_missing(tracker, clock):
    tracker.observe(events(*range(1, 20)))
    tracker.observe(events(21))
    tracker.observe(events(20))
    clock.now = 5
    assert not tracker.take_missing()


def test_a_huge_jump_is_said_at_once_and_costs_no_memory(tracker):
    tracker.observe(events(*range(1, 20)))
    tracker.observe(events(10**15))
    assert tracker.take_missing()


def test_a_stream_that_never_numbers_one_by_one_lacks_nothing(tracker, clock):
    tracker.observe(events(*range(1000, 100_000, 1000)))
    clock.now = 5
    assert not tracker.take_missing()


def test_numbers_that_fall_back_on_a_new_connection_start_again(tracker):
    tracker.observe(events(*range(500, 520)))
    tracker.connected()
    assert tracker.observe(events(1, 2, 3))
    assert not tracker.observe(events(4, 5))


def test_a_repetition_on_a_new_connection_does_not_start_again(tracker):
    tracker.observe(events(*range(500, 520)))
    tracker.connected()
    assert not tracker.observe(events(*range(510, 530)))


def test_a_number_that_falls_on_the_same_connection_is_disorder(tracker):
    tracker.observe(events(*range(500, 520)))
    assert not tracker.observe(events(3))


def test_what_was_missed_between_connections_is_no_jump(tracker, clock):
    tracker.observe(events(*range(1, 20)))
    tracker.connected()
    tracker.observe(events(*range(100, 120)))
    clock.now = 5
    assert not tracker.take_missing()


def test_events_without_numbers_are_nothing_to_it(tracker):
    assert not tracker.observe(events(None, None))
    assert not tracker.take_missing()
