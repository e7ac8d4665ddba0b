"""Rates equal those of a slow and plain calculation, and are None where they are not known."""

from datetime import timedelta
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pingadmin.remote_sessions.fields import milliseconds
from pingadmin.remote_sessions.history.coverage import CoverageGap
from pingadmin.remote_sessions.history.traffic import (
    MAX_POINTS,
    align_to_step,
    choose_step,
    load_rates,
)
from tests.support.session_histories import add_failure, add_snapshot, at, create_session

pytestmark = pytest.mark.django_db


def rates(session, until, *, step=60, begin=0, gaps=()):
    """(up, down) for each step, in bytes a second; begin, until and step in seconds."""
    points = load_rates(
        session, milliseconds(at(begin)), milliseconds(at(until)), step * 1000, gaps
    )
    return [None if point.up is None else (point.up, point.down) for point in points]


def test_a_rate_is_the_bytes_between_two_edges_divided_by_their_distance():
    session = create_session()
    add_snapshot(session, 0, up=0, down=0)
    add_snapshot(session, 60, up=600, down=6000)
    add_snapshot(session, 120, up=600, down=12000)
    assert rates(session, 120) == [(10, 100), (0, 100)]


def test_counters_grow_evenly_between_two_near_readings():
    session = create_session()
    add_snapshot(session, -30, up=0)
    add_snapshot(session, 90, up=1200)
    assert rates(session, 60) == [(10, 0)]


def test_a_run_of_equal_counters_is_a_rate_of_zero():
    session = create_session()
    add_snapshot(session, 0, up=500, until=7200)
    assert set(rates(session, 7200)) == {(0, 0)}


def test_rates_outside_the_readings_are_unknown():
    session = create_session()
    add_snapshot(session, 60, up=0)
    add_snapshot(session, 120, up=60)
    assert rates(session, 240) == [None, (1, 0), None, None]


def test_unknown_is_not_zero():
    assert rates(create_session(), 180) == [None, None, None]


def test_a_long_silence_is_a_hole_and_a_short_one_is_not():
    session = create_session()
    add_snapshot(session, 0)
    add_snapshot(session, 300, up=3000)
    add_snapshot(session, 601, up=9000)
    assert rates(session, 600, step=300) == [(10, 0), pytest.approx((19.93, 0), abs=0.01)]
    assert rates(session, 600, step=60)[:5] == [(10, 0)] * 5
    assert rates(session, 600, step=60)[5:] == [None] * 5


def test_a_reset_counter_continues_from_its_base():
    session = create_session()
    add_snapshot(session, 0, up=1000)
    add_snapshot(session, 60, up=60, uploaded_before_reset=1000)
    assert rates(session, 60) == [(1, 0)]


def test_a_total_that_falls_is_not_shown():
    session = create_session()
    add_snapshot(session, 0, up=1000)
    add_snapshot(session, 60, up=900)
    assert rates(session, 60) == [None]


def test_failures_and_bare_paused_reports_are_no_readings():
    session = create_session()
    add_snapshot(session, 0)
    add_failure(session, 30, until=90)
    add_snapshot(session, 40, None, None, paused=True, state="")
    add_snapshot(session, 120, up=120)
    assert rates(session, 120) == [(1, 0), (1, 0)]


def test_an_observation_with_one_counter_alone_is_no_reading():
    session = create_session()
    add_snapshot(session, 0)
    add_snapshot(session, 30, up=90, down=None)
    add_snapshot(session, 60, up=60, down=120)
    assert rates(session, 60) == [(1, 2)]


def test_readings_of_other_sessions_do_not_count():
    add_snapshot(create_session(session_id="ses_other"), 0, up=5, until=600)
    assert rates(create_session(), 60) == [None]


def test_rates_across_a_break_in_watching_are_unknown():
    session = create_session()
    for minute in range(5):
        add_snapshot(session, 60 * minute, up=60 * minute)
    gap = CoverageGap(at(130), at(140), "the collector was restarted")
    assert rates(session, 240, gaps=[gap]) == [(1, 0), (1, 0), None, (1, 0)]


def test_a_reading_at_the_edge_of_a_gap_belongs_to_both_sides():
    session = create_session()
    for minute in range(4):
        add_snapshot(session, 60 * minute, up=60 * minute)
    gaps = [CoverageGap(at(60), at(120), "the stream broke off")]
    assert rates(session, 180, gaps=gaps) == [(1, 0), None, (1, 0)]


def test_no_rate_is_given_inside_a_gap_though_somebody_looked_by_hand():
    session = create_session()
    for minute in range(5):
        add_snapshot(session, 60 * minute, up=60 * minute)
    gaps = [CoverageGap(at(-100), None, "watching had not begun")]
    assert rates(session, 240, gaps=gaps) == [None] * 4


def test_totals_may_exceed_what_a_database_can_add_up():
    session = create_session()
    add_snapshot(session, 0, up=2**63 - 1, uploaded_before_reset=2**63 - 1)
    add_snapshot(session, 60, up=2**63 - 1, uploaded_before_reset=2**63 - 1)
    assert rates(session, 60) == [(0, 0)]


@pytest.mark.parametrize("seconds", [60, 900, 5400, 21600, 86400, 604800, 10**7, 10**9, 6 * 10**9])
def test_there_are_at_most_500_points_on_round_edges(seconds):
    step = choose_step(at(0), at(seconds))
    begin, end = align_to_step(at(7), at(7 + seconds), step)
    assert (end - begin) / step <= MAX_POINTS
    assert begin % step == 0
    assert begin <= milliseconds(at(7)) < milliseconds(at(7 + seconds)) <= end


def test_the_step_is_no_finer_than_a_thinned_out_history():
    session = create_session()
    long_ago = -20 * 86_400
    for seconds in range(0, 21_601, 900):
        add_snapshot(session, long_ago + seconds, up=seconds)
    step = choose_step(at(long_ago), at(long_ago + 21_600))
    assert step == 900_000
    assert rates(session, long_ago + 21_600, begin=long_ago, step=900) == [(1, 0)] * 24


def test_rates_take_one_query(django_assert_num_queries):
    session = create_session()
    with django_assert_num_queries(1):
        rates(session, 6000)


moments = st.integers(-900, 1500)
spans = st.tuples(moments, st.integers(0, 400))
counts = st.integers(0, 10**6)
rows = st.one_of(
    st.tuples(st.just("observation"), spans, counts, counts),
    st.tuples(st.just("reset"), spans, counts, counts),
    st.tuples(st.just("failure"), spans, counts, counts),
    st.tuples(st.just("late"), spans, counts, counts),
)
not_watched = st.lists(spans, max_size=3)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    history=st.lists(rows, max_size=30), unwatched=not_watched, step=st.sampled_from([7, 60, 200])
)
def test_rates_equal_those_of_a_slow_exact_calculation(history, unwatched, step):
    session = create_session()
    session.snapshots.all().delete()
    write_history(session, history)
    gaps = [CoverageGap(at(begin), at(begin + length), "why") for begin, length in unwatched]
    ours = rates(session, 1400, step=step, gaps=gaps)
    exact = rates_by_reading_all(session, 1400, step, gaps)
    assert [point is None for point in ours] == [point is None for point in exact]
    for point, other in zip(ours, exact, strict=True):
        assert point is None or point == pytest.approx(other)


def write_history(session, history):
    """Counters grow from row to row, and a reset starts them at zero again.

    A late row is stored after the rows that follow it.
    """
    up = down = up_before = down_before = 0
    late = []
    for kind, (begin, length), more_up, more_down in sorted(history, key=lambda row: row[1]):
        if kind == "failure":
            add_failure(session, begin, until=begin + length)
            continue
        if kind == "reset":
            up_before, down_before, up, down = up_before + up, down_before + down, 0, 0
        up, down = up + more_up, down + more_down
        bases = {"uploaded_before_reset": up_before, "downloaded_before_reset": down_before}
        add = partial(add_snapshot, session, begin, up, down, until=begin + length, **bases)
        if kind == "late":
            late.append(add)
        else:
            add()
    for add in late:
        add()


def rates_by_reading_all(session, until, step, gaps):
    """Reads all rows for every moment, as the promise puts it and not as the code does it."""
    all_rows = sorted(
        session.snapshots.exclude(uploaded_bytes=None), key=lambda row: (row.first_at, row.pk)
    )
    edges = [at(seconds) for seconds in range(0, until, step)]
    edges.append(edges[-1] + timedelta(seconds=step))
    silence = max(timedelta(seconds=300), timedelta(seconds=2 * step))
    borders = {moment for gap in gaps for moment in (gap.from_at, gap.until_at)}
    totals = [total_at(edge, all_rows, borders, silence) for edge in edges]
    rates_found = []
    for begin, end, before, after in zip(edges, edges[1:], totals, totals[1:], strict=False):
        inside = any(gap.from_at <= begin and end <= gap.until_at for gap in gaps)
        across = any(begin < border < end for border in borders)
        if before is None or after is None or inside or across:
            rates_found.append(None)
            continue
        both = tuple((late - early) / step for early, late in zip(before, after, strict=True))
        rates_found.append(both if min(both) >= 0 else None)
    return rates_found


def total_at(moment, all_rows, borders, silence):
    before = following = None
    for row in all_rows:
        if row.first_at <= moment:
            before = row
        elif following is None:
            following = row
    if before is None:
        return None
    counted = [
        (
            row.uploaded_before_reset + row.uploaded_bytes,
            row.downloaded_before_reset + row.downloaded_bytes,
        )
        for row in (before, following)
        if row
    ]
    if moment <= before.last_at:
        return counted[0]
    if following is None or following.first_at - before.last_at > silence:
        return None
    if any(before.last_at < border < following.first_at for border in borders):
        return None
    share = (moment - before.last_at) / (following.first_at - before.last_at)
    return tuple(early + share * (late - early) for early, late in zip(*counted, strict=True))
