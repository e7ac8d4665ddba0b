"""What a clock that jumps, or is wrong, may not do: make a live attempt count as lost."""

from datetime import timedelta
from time import monotonic

import pytest
from django.utils import timezone

from pingadmin.config import lease_clock
from pingadmin.resumes.attempts import close_lost_attempt
from tests.factories import AttemptFactory, AuditEventFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("true_lease_clock")]


@pytest.fixture
def attempt(true_lease_clock):
    intent = AuditEventFactory()
    lease_until = lease_clock.now() + timedelta(seconds=60)
    return AttemptFactory(is_open=True, lease_until=lease_until, intent_seq=intent.seq)


@pytest.mark.parametrize("seconds", [300, 86_400, -3600])
def test_a_clock_that_jumps_during_a_call_closes_nothing(attempt, time_machine, seconds):
    time_machine.move_to(timezone.now() + timedelta(seconds=seconds))
    assert not close_lost_attempt()


def test_a_lease_that_ran_out_is_closed_after_a_jump_back_too(attempt, time_machine):
    attempt.lease_until = lease_clock.now() - timedelta(seconds=1)
    attempt.save()
    time_machine.move_to(timezone.now() - timedelta(seconds=3600))
    assert close_lost_attempt()


def test_a_jump_that_lasts_is_believed(monkeypatch, time_machine):
    passed = [0.0]
    began = monotonic()
    monkeypatch.setattr(lease_clock, "monotonic", lambda: began + passed[0])
    start = timezone.now()
    time_machine.move_to(start, tick=False)
    clock = lease_clock.SteadyClock()
    time_machine.move_to(start + timedelta(hours=1), tick=False)
    assert clock.now() == start
    passed[0] = lease_clock.HOLD_SECONDS - 1
    time_machine.move_to(start + timedelta(hours=1, seconds=passed[0]), tick=False)
    assert clock.now() == start + timedelta(seconds=passed[0])
    passed[0] = lease_clock.HOLD_SECONDS + 1
    time_machine.move_to(start + timedelta(hours=1, seconds=passed[0]), tick=False)
    assert clock.now() == timezone.now()


def test_a_clock_that_is_corrected_a_little_is_followed(time_machine):
    clock = lease_clock.SteadyClock()
    corrected = timezone.now() + timedelta(seconds=1)
    time_machine.move_to(corrected, tick=False)
    assert clock.now() == corrected
