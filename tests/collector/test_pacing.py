"""An upstream is asked within a budget, not at all while it asked us to wait, and slowly when it
comes back.
"""

import pytest

from pingadmin.collector.steps.pacing import Pacing


def calls(pacing, clock, seconds):
    """How many calls a caller that always wants more gets in that time."""
    made = 0
    for _ in range(int(seconds * 20)):
        clock.now += 0.05
        made += pacing.take(10**6)
    return made


def test_the_budget_holds_over_time(clock):
    assert calls(Pacing(20, clock), clock, 10) == pytest.approx(200, abs=5)


def test_what_was_not_asked_is_not_saved_up(clock):
    pacing = Pacing(20, clock)
    clock.now += 3600
    assert pacing.take(10**6) <= 2


def test_nothing_goes_during_a_pause_and_then_it_begins_slowly(clock):
    pacing = Pacing(100, clock)
    pacing.pause(60)
    assert calls(pacing, clock, 60) == 0
    clock.now = 72.0
    first = calls(pacing, clock, 1)
    assert 0 < first <= 6
    calls(pacing, clock, 10)
    assert calls(pacing, clock, 1) == pytest.approx(100, abs=10), "back at the whole budget"


def test_a_shorter_pause_does_not_end_a_longer_one(clock):
    pacing = Pacing(100, clock)
    pacing.pause(60)
    pacing.pause(1)
    assert calls(pacing, clock, 59) == 0


def test_no_two_come_back_at_the_same_moment(clock):
    back = set()
    for _ in range(5):
        pacing = Pacing(10, clock)
        pacing.pause(1000)
        back.add(pacing._paused_until)
    assert len(back) == 5
