"""One collector for a database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.collector.lease import AnotherCollectorRuns, Lease
from pingadmin.collector.models import Heartbeat
from tests.factories import HeartbeatFactory

pytestmark = pytest.mark.django_db


def held_by(*, host, process, ago=1):
    at = timezone.now() - timedelta(seconds=ago)
    HeartbeatFactory(pk=1, started_at=at, beat_at=at, host=host, process=process)


def test_the_first_takes_it_and_renews_it():
    lease = Lease()
    lease.take()
    began = Heartbeat.objects.get().beat_at
    lease.renew()
    assert Heartbeat.objects.get().beat_at > began


def test_another_machine_that_lives_keeps_it():
    held_by(host="elsewhere", process=7)
    with pytest.raises(
        AnotherCollectorRuns,
        match=r"elsewhere, process 7, last heartbeat at .* UTC\. Stop it first\.",
    ):
        Lease().take()


def test_a_process_of_this_machine_that_lives_keeps_it():
    held_by(host=Lease()._host, process=1)
    with pytest.raises(AnotherCollectorRuns, match="process 1"):
        Lease().take()


def test_one_that_was_silent_for_long_is_replaced():
    held_by(host="elsewhere", process=7, ago=21)
    Lease().take()
    assert Heartbeat.objects.get().host != "elsewhere"


def test_one_that_crashed_on_this_machine_is_replaced_at_once():
    held_by(host=Lease()._host, process=2**22 + 1)
    Lease().take()
    assert Heartbeat.objects.get().process != 2**22 + 1


def test_one_that_ended_is_replaced_at_once():
    first = Lease()
    first.take()
    first.release()
    assert Heartbeat.objects.get().stopped_at is not None
    Lease().take()
    assert Heartbeat.objects.get().stopped_at is None


def test_who_was_replaced_learns_it():
    first = Lease()
    first.take()
    Heartbeat.objects.update(host="elsewhere")
    with pytest.raises(AnotherCollectorRuns, match="so this one stops"):
        first.renew()
