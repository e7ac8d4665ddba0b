"""Times between two spans are gaps with their reasons, whatever happened to the clock."""

import pytest

from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.history.coverage import (
    COLLECTOR_SILENT,
    NEVER_WATCHED,
    CoverageGap,
    end_watching,
    extend_watching,
    find_gaps,
    find_last_watched_at,
)
from pingadmin.remote_sessions.models import WatchSpan
from tests.support.session_histories import add_watch_span, at

pytestmark = pytest.mark.django_db


def gaps_in(begin, end, alias="ping"):
    """(begin, end or None, why) of each gap, in seconds."""
    seconds = lambda moment: moment and (moment - at(0)).total_seconds()  # noqa: E731
    return [
        (seconds(gap.from_at), seconds(gap.until_at), gap.why)
        for gap in find_gaps(alias, at(begin), at(end))
    ]


def test_an_account_that_was_never_watched_is_one_gap():
    assert find_gaps("ping", at(0), at(100)) == [CoverageGap(at(0), None, NEVER_WATCHED)]


def test_watching_recorded_every_few_seconds_is_one_span():
    for second in range(0, 200, 5):
        extend_watching("ping", at(second))
    assert [(row.from_at, row.until_at) for row in WatchSpan.objects.all()] == [(at(0), at(195))]
    assert gaps_in(0, 200) == []


def test_current_watching_may_be_recorded_a_little_late():
    extend_watching("ping", at(0))
    assert gaps_in(0, 30) == []
    assert gaps_in(0, 31) == [(0, None, COLLECTOR_SILENT)]


def test_a_span_that_was_not_extended_in_time_is_over():
    extend_watching("ping", at(0))
    extend_watching("ping", at(30))
    extend_watching("ping", at(61))
    assert gaps_in(0, 61) == [(30, 61, COLLECTOR_SILENT)]


def test_a_gap_with_a_recorded_reason_begins_at_once():
    extend_watching("ping", at(0))
    end_watching("ping", at(10), "the stream broke off")
    assert gaps_in(0, 11) == [(10, None, "the stream broke off")]
    extend_watching("ping", at(12))
    assert gaps_in(0, 15) == [(10, 12, "the stream broke off")]


def test_a_killed_collector_leaves_a_gap_until_the_next_record():
    extend_watching("ping", at(0))
    extend_watching("ping", at(5))
    extend_watching("ping", at(500))
    assert gaps_in(0, 500) == [(5, 500, COLLECTOR_SILENT)]


def test_accounts_are_independent():
    extend_watching("ping", at(0))
    end_watching("agi", at(1), "the list failed")
    assert gaps_in(0, 10, "agi") == [(0, None, NEVER_WATCHED)]
    assert gaps_in(0, 10) == []


def test_the_time_before_the_first_span_is_a_gap():
    add_watch_span(50, 100)
    assert gaps_in(0, 100) == [(0, 50, NEVER_WATCHED)]


def test_a_range_inside_a_gap_is_cut_off_at_both_ends():
    add_watch_span(0, 10, "the collector was stopped")
    add_watch_span(90, 200)
    assert gaps_in(20, 80) == [(20, 80, "the collector was stopped")]


@pytest.mark.parametrize(("begin", "end"), [(10, 20), (0, 100), (50, 100)])
def test_a_range_inside_a_span_has_no_gap(begin, end):
    add_watch_span(0, 100, "the collector was stopped")
    assert gaps_in(begin, end) == []


def test_a_range_that_only_touches_a_span():
    add_watch_span(0, 10, "the stream broke off")
    add_watch_span(100, 200)
    assert gaps_in(10, 100) == [(10, 100, "the stream broke off")]


def test_overlapping_spans_count_once_and_the_longest_gives_the_reason():
    add_watch_span(0, 100, "the long one ended")
    add_watch_span(20, 50, "the short one ended")
    add_watch_span(90, 110, "the last one ended")
    add_watch_span(90, 95)
    add_watch_span(200, 300)
    assert gaps_in(0, 300) == [(110, 200, "the last one ended")]


def test_a_span_inside_a_longer_one_does_not_end_it():
    add_watch_span(0, 100)
    add_watch_span(40, 50, "the short one ended")
    assert gaps_in(0, 110) == []


def test_a_past_range_ends_in_a_gap_even_of_seconds():
    add_watch_span(0, 90)
    add_watch_span(95, 200)
    assert gaps_in(0, 93) == [(90, 93, COLLECTOR_SILENT)]


def test_a_clock_that_was_set_back_does_not_claim_the_future():
    extend_watching("ping", at(3600))
    extend_watching("ping", at(0))
    assert find_last_watched_at("ping") == at(0)
    extend_watching("ping", at(5))
    assert gaps_in(0, 3700) == [(5, None, COLLECTOR_SILENT)]


def test_watching_ends_now_after_the_clock_was_set_back():
    extend_watching("ping", at(0))
    extend_watching("ping", at(20))
    WatchSpan.objects.update(until_at=at(4000))
    end_watching("ping", at(30), "the collector was stopped")
    assert gaps_in(0, 40) == [(30, None, "the collector was stopped")]


def test_a_clock_that_jumped_ahead_leaves_a_gap():
    extend_watching("ping", at(0))
    extend_watching("ping", at(7200))
    assert gaps_in(0, 7200) == [(0, 7200, COLLECTOR_SILENT)]


def test_an_older_record_does_not_shorten_a_span():
    extend_watching("ping", at(0))
    extend_watching("ping", at(20))
    extend_watching("ping", at(15))
    assert find_last_watched_at("ping") == at(20)


def test_many_gaps_take_few_queries(django_assert_max_num_queries):
    for number in range(200):
        add_watch_span(number * 100, number * 100 + 50, "the stream broke off")
    with django_assert_max_num_queries(1):
        assert len(gaps_in(0, 20_000)) == 200


def test_an_account_was_last_watched_at_the_latest_end():
    assert find_last_watched_at("ping") is None
    add_watch_span(0, 100)
    add_watch_span(20, 50)
    assert find_last_watched_at("ping") == at(100)
    assert coverage.WATCH_TIMEOUT.total_seconds() == 30


def test_watching_recorded_late_with_its_start_leaves_no_gap():
    extend_watching("ping", at(0))
    extend_watching("ping", at(44), since=at(0))
    assert gaps_in(0, 44) == []
    extend_watching("ping", at(120), since=at(100))
    assert gaps_in(0, 120) == [(44, 120, COLLECTOR_SILENT)]
