"""The writer loses nothing silently: a database that is away, a row that cannot be kept, a gap in
the watching.
"""

from datetime import timedelta

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from pingadmin.collector.models import FeedStatus
from pingadmin.collector.steps import writer
from pingadmin.remote_sessions.history import coverage
from pingadmin.remote_sessions.models import RemoteSession, WatchSpan
from tests.support.stream_events import event

pytestmark = pytest.mark.django_db


def test_a_database_that_is_away_costs_only_time(collector_for, monkeypatch):
    ping = collector_for()
    ping.inbox.put_events([event(1, up=1), event(2, up=2)])
    ping.inbox.mark_coverage(timezone.now())

    def away(*_):
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "record_observations", away)
        for _ in range(3):
            with pytest.raises(OperationalError):
                ping.writer.step()
    assert not WatchSpan.objects.exists(), "nothing is said to be watched before it is written"
    ping.inbox.put_events([event(3, up=3)])
    assert ping.writer.step() is True
    session = RemoteSession.objects.get()
    assert (session.uploaded_bytes, session.snapshots.count()) == (3, 3)
    assert WatchSpan.objects.count() == 1


def test_what_the_database_cannot_hold_does_not_keep_the_others_out(collector_for, monkeypatch):
    ping = collector_for()
    record = writer.record_observations

    def picky(alias, observations, *more):
        if any(each.session_id == "ses_bad" for each in observations):
            raise DataError("value out of range")
        return record(alias, observations, *more)

    monkeypatch.setattr(writer, "record_observations", picky)
    names = ["ses_1", "ses_2", "ses_bad", "ses_3", "ses_4"]
    ping.inbox.put_events([event(number, session=name) for number, name in enumerate(names)])
    ping.writer.step()
    assert sorted(RemoteSession.objects.values_list("session_id", flat=True)) == [
        "ses_1",
        "ses_2",
        "ses_3",
        "ses_4",
    ]
    ping.feed.save()
    assert FeedStatus.objects.get().unreadable == 1


def test_a_break_in_the_watching_is_written_in_its_order(collector_for):
    ping = collector_for()
    began = timezone.now() - timedelta(seconds=60)
    ping.inbox.mark_coverage(began)
    ping.inbox.mark_coverage(began + timedelta(seconds=10))
    ping.inbox.mark_coverage(began + timedelta(seconds=10), "the event stream broke off")
    ping.inbox.mark_coverage(began + timedelta(seconds=20))
    ping.inbox.mark_coverage(began + timedelta(seconds=40))
    ping.writer.step()
    (gap,) = coverage.find_gaps("ping", began, began + timedelta(seconds=20))
    assert (gap.until_at - gap.from_at, gap.why) == (
        timedelta(seconds=10),
        "the event stream broke off",
    )


def test_the_watching_is_not_written_with_every_look(collector_for, django_assert_num_queries):
    ping = collector_for()
    ping.inbox.mark_coverage(timezone.now())
    ping.writer.step()
    ping.inbox.mark_coverage(timezone.now())
    with django_assert_num_queries(0):
        ping.writer.step()
