"""What the numbers of events tell: that some are missing, that they are repeated, that they began anew."""

from dataclasses import replace
from datetime import timedelta

import pytest

from pingadmin.collector.steps.sequence_tracker import Numbering
from tests.collector.streams import event


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def numbering(clock):
    numbering = Numbering(clock)
    numbering.connected()
    return numbering


def events(*places):
    return [event(place, duration=place) for place in places]


def test_numbers_that_follow_each_other_lack_nothing(numbering, clock):
    assert not numbering.begins_anew(events(*range(1, 20)))
    assert not numbering.begins_anew(events(20, 21))
    clock.now = 100
    assert not numbering.lacks_some()


def test_a_jump_means_that_some_are_missing_once_they_had_time_to_come(numbering, clock):
    numbering.begins_anew(events(*range(1, 20)))
    numbering.begins_anew(events(25))
    assert not numbering.lacks_some()
    clock.now = 2.1
    assert numbering.lacks_some()
    assert not numbering.lacks_some(), "said once"


def test_what_is_missing_was_lost_between_its_neighbours(numbering, clock):
    heard = events(*range(20), 23, 24, 40)
    numbering.begins_anew(heard)
    clock.now = 5.0
    assert numbering.lacks_some()
    assert numbering.lost == (heard[19].received_at, heard[22].received_at)


def test_what_is_missing_amid_events_that_were_read_at_once_was_lost_since_those_before(
    numbering, clock
):
    earlier = events(*range(20))
    at_once = [
        replace(each, received_at=each.received_at + timedelta(minutes=1))
        for each in events(20, 21, 30, 31)
    ]
    at_once = [replace(each, received_at=at_once[0].received_at) for each in at_once]
    numbering.begins_anew(earlier)
    numbering.begins_anew(at_once)
    clock.now = 5.0
    assert numbering.lacks_some()
    assert numbering.lost == (earlier[-1].received_at, at_once[0].received_at)


def test_what_was_only_overtaken_is_not_missing(numbering, clock):
    numbering.begins_anew(events(*range(1, 20)))
    numbering.begins_anew(events(21))
    numbering.begins_anew(events(20))
    clock.now = 5
    assert not numbering.lacks_some()


def test_a_huge_jump_is_said_at_once_and_costs_no_memory(numbering):
    numbering.begins_anew(events(*range(1, 20)))
    numbering.begins_anew(events(10**15))
    assert numbering.lacks_some()


def test_a_stream_that_never_numbers_one_by_one_lacks_nothing(numbering, clock):
    numbering.begins_anew(events(*range(1000, 100_000, 1000)))
    clock.now = 5
    assert not numbering.lacks_some()


def test_numbers_that_fall_back_on_a_new_connection_begin_anew(numbering):
    numbering.begins_anew(events(*range(500, 520)))
    numbering.connected()
    assert numbering.begins_anew(events(1, 2, 3))
    assert not numbering.begins_anew(events(4, 5))


def test_a_repetition_on_a_new_connection_does_not_begin_anew(numbering):
    numbering.begins_anew(events(*range(500, 520)))
    numbering.connected()
    assert not numbering.begins_anew(events(*range(510, 530)))


def test_a_number_that_falls_on_the_same_connection_is_disorder(numbering):
    numbering.begins_anew(events(*range(500, 520)))
    assert not numbering.begins_anew(events(3))


def test_what_was_missed_between_connections_is_no_jump(numbering, clock):
    numbering.begins_anew(events(*range(1, 20)))
    numbering.connected()
    numbering.begins_anew(events(*range(100, 120)))
    clock.now = 5
    assert not numbering.lacks_some()


def test_events_without_numbers_are_nothing_to_it(numbering):
    assert not numbering.begins_anew(events(None, None))
    assert not numbering.lacks_some()
