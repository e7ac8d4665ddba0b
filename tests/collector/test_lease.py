"""One collector for a database."""

from datetime import timedelta

import pytest
from django.utils import timezone

from pingadmin.collector import process
from pingadmin.collector.lease import AnotherCollectorRuns, Lease
from pingadmin.collector.models import FeedStatus, Heartbeat
from pingadmin.collector.process import Collector
from pingadmin.collector.steps.inbox import Batch, CoverageMark
from pingadmin.remote_sessions.models import RemoteSession, StatusSnapshot, WatchSpan
from pingadmin.upstream.errors import UpstreamError
from tests.factories import HeartbeatFactory, RemoteSessionFactory, WatchSpanFactory
from tests.support.stream_events import event

pytestmark = pytest.mark.django_db


def held_by(*, host="elsewhere", process=7, place="another boot", ago=1):
    at = timezone.now() - timedelta(seconds=ago)
    HeartbeatFactory(pk=1, started_at=at, beat_at=at, host=host, process=process, place=place)


def test_the_first_takes_it_and_renews_it():
    lease = Lease()
    lease.take()
    began = Heartbeat.objects.get().beat_at
    lease.renew()
    assert Heartbeat.objects.get().beat_at > began


def test_another_machine_that_lives_keeps_it():
    held_by()
    with pytest.raises(
        AnotherCollectorRuns,
        match=r"elsewhere, process 7, last heartbeat at .* UTC\. Stop it first\.",
    ):
        Lease().take()


def test_a_process_of_this_machine_that_lives_keeps_it():
    held_by(place=Lease()._place, process=1)
    with pytest.raises(AnotherCollectorRuns, match="process 1"):
        Lease().take()


def test_one_that_was_silent_for_long_is_replaced():
    held_by(ago=21)
    Lease().take()
    assert Heartbeat.objects.get().host != "elsewhere"


def test_one_that_crashed_on_this_machine_is_replaced_at_once():
    held_by(place=Lease()._place, process=2**22 + 1)
    Lease().take()
    assert Heartbeat.objects.get().process != 2**22 + 1


def test_a_container_of_the_same_name_does_not_judge_this_one_s_processes():
    """Both are called alike, and each counts its processes from 1."""
    held_by(host=Lease()._host, process=2**22 + 1)
    with pytest.raises(AnotherCollectorRuns, match="Stop it first"):
        Lease().take()


def test_a_second_one_with_the_same_name_and_number_is_refused():
    first = Lease()
    first.take()
    with pytest.raises(AnotherCollectorRuns, match="Stop it first"):
        Lease().take()
    first.renew()


def test_one_that_ended_is_replaced_at_once():
    first = Lease()
    first.take()
    first.release()
    assert Heartbeat.objects.get().stopped_at is not None
    Lease().take()
    assert Heartbeat.objects.get().stopped_at is None


def test_who_was_replaced_learns_it_and_writes_nothing_more():
    first, second = Lease(), Lease()
    first.take()
    with first.fence():
        WatchSpanFactory(end_reason="first")
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=21))
    second.take()
    with pytest.raises(AnotherCollectorRuns, match="so this one stops"):
        first.renew()
    with pytest.raises(AnotherCollectorRuns), first.fence():
        WatchSpanFactory(end_reason="replaced")
    with second.fence():
        WatchSpanFactory(end_reason="second")
    reasons = WatchSpan.objects.order_by("pk").values_list("end_reason", flat=True)
    assert list(reasons) == ["first", "second"]


def test_every_write_of_a_replaced_collector_is_refused(simulated_upstreams, monkeypatch):
    """Observations, failures and coverage alike: none passes the fence, and the inbox keeps all."""
    collector = Collector()
    collector._lease.take()
    account = collector._accounts[0]
    batch = Batch(
        events=[event(1)],
        failures=[("ses_1", UpstreamError("timed_out", sent=True))],
        marks=[CoverageMark(timezone.now(), "it broke off")],
        restarts_numbering=True,
    )
    RemoteSessionFactory(alias=account.alias, session_id="ses_1")
    Heartbeat.objects.update(token="somebody else's")
    before = rows_of_history()
    for part in (
        lambda: account.writer._record(batch.events, "stream"),
        lambda: account.writer._record_failure(*batch.failures[0]),
        lambda: account.writer._write_coverage(batch.marks[0], is_last=True),
        lambda: account.writer._write(Batch(restarts_numbering=True)),
    ):
        with pytest.raises(AnotherCollectorRuns):
            part()
    # The test's transaction is on the connection that it would close.
    monkeypatch.setattr(process.connections, "close_all", lambda: None)
    collector._finish()
    assert rows_of_history() == before and collector.stop.is_set()
    assert Heartbeat.objects.get().stopped_at is None


def rows_of_history() -> list:
    models = (RemoteSession, StatusSnapshot, WatchSpan, FeedStatus)
    return [list(model.objects.order_by("pk").values()) for model in models]
