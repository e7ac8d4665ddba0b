"""Old history gets smaller and stays true: changes, newest counters, what the audit log names, the
newest of each.
"""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from pingadmin.collector.models import Pruning
from pingadmin.collector.steps import pruner
from pingadmin.remote_sessions.models import RemoteSession, WatchSpan
from tests.audit.factories import record_event
from tests.factories import RemoteSessionFactory, StatusSnapshotFactory, WatchSpanFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def kept_for(settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.HISTORY_FULL_DAYS, settings.HISTORY_SAMPLE_SECONDS, settings.HISTORY_DAYS = (
        14,
        900,
        400,
    )


def days_ago(days: float, seconds: float = 0) -> datetime:
    return NOW - timedelta(days=days) + timedelta(seconds=seconds)


def session_with(history, session_id="ses_1") -> RemoteSession:
    """history: (at, state, downloaded bytes, bytes before the last reset, failure)."""
    session = RemoteSessionFactory(session_id=session_id)
    for at, state, downloaded, before, *failure in history:
        StatusSnapshotFactory(
            session=session,
            source="poll",
            state=state,
            downloaded_bytes=downloaded,
            downloaded_before_reset=before,
            failure=failure[0] if failure else "",
            first_at=at,
            last_at=at,
        )
    return session


def remaining(session) -> list[tuple]:
    rows = session.snapshots.oldest_first()
    return [((row.first_at - NOW).total_seconds(), row.state, row.downloaded_bytes) for row in rows]


def prune_all() -> None:
    for _ in range(1000):
        if not pruner.prune_some():
            return
    raise AssertionError("it does not end")


def every(seconds: float, *, count: int, days: float, state="connected"):
    return [(days_ago(days, n * seconds), state, n * 10, 0) for n in range(count)]


def test_what_is_young_stays_whole():
    session = session_with(every(10, count=200, days=13.9))
    before = remaining(session)
    prune_all()
    assert remaining(session) == before


def test_what_is_old_keeps_the_newest_of_each_sample_and_both_ends():
    session = session_with([*every(60, count=60, days=20), (days_ago(1), "connected", 5000, 0)])
    prune_all()
    counts = [row[2] for row in remaining(session)]
    # An hour from a full quarter on, a row a minute: the first, and the last of each quarter of an
    # hour.
    assert counts == [0, 140, 290, 440, 590, 5000]


def test_totals_are_exact_at_what_stays_also_across_a_reset():
    falls_back = [
        (
            days_ago(20, n * 60),
            "connected",
            n * 10 if n < 20 else (n - 20) * 10,
            0 if n < 20 else 190,
        )
        for n in range(60)
    ]
    session = session_with(falls_back)
    totals = {at: downloaded + before for at, _, downloaded, before in falls_back}
    prune_all()
    rows = list(session.snapshots.order_by("first_at"))
    assert len(rows) < 10
    assert all(
        row.downloaded_before_reset + row.downloaded_bytes == totals[row.first_at] for row in rows
    )
    assert rows[-1].downloaded_before_reset + rows[-1].downloaded_bytes == max(totals.values())


def test_both_sides_of_every_change_stay():
    states = ["connected"] * 5 + ["paused"] * 5 + ["connected"] * 5
    session = session_with([(days_ago(20, n * 10), state, n, 0) for n, state in enumerate(states)])
    prune_all()
    assert [row[2] for row in remaining(session)] == [0, 4, 5, 9, 10, 14]


def test_both_ends_of_a_run_of_failures_stay():
    session = session_with(
        [
            (
                days_ago(20, n),
                "" if 3 <= n < 7 else "connected",
                None,
                0,
                "timed_out" if 3 <= n < 7 else "",
            )
            for n in range(10)
        ]
    )
    prune_all()
    failures = list(session.snapshots.order_by("first_at").values_list("failure", flat=True))
    assert failures == ["", "", "timed_out", "timed_out", "", ""]


def test_after_the_last_day_only_the_newest_of_a_session_stays():
    session = session_with([(days_ago(500, n), f"state{n}", n, 0) for n in range(5)])
    prune_all()
    assert [row[2] for row in remaining(session)] == [4]


def test_what_the_audit_log_names_stays():
    session = session_with([*every(1, count=20, days=500), *every(1, count=20, days=20)])
    ids = list(session.snapshots.order_by("first_at").values_list("id", flat=True))
    record_event(alias="ping", session_id="ses_1", snapshot_before=ids[7], snapshot_after=ids[27])
    prune_all()
    assert set(session.snapshots.values_list("id", flat=True)) == {
        ids[7],
        ids[20],
        ids[27],
        ids[39],
    }


def test_a_page_that_ends_amid_a_sample_keeps_no_more_than_a_large_one(monkeypatch):
    monkeypatch.setattr(pruner, "PAGE", 7)
    small = session_with(every(100, count=90, days=20))
    prune_all()
    monkeypatch.setattr(pruner, "PAGE", 2000)
    Pruning.objects.all().delete()
    large = session_with(every(100, count=90, days=20), "ses_2")
    prune_all()
    assert remaining(small) == remaining(large) and len(remaining(small)) == 11


def test_more_rows_in_one_sample_than_in_a_page_do_not_stop_it(monkeypatch):
    monkeypatch.setattr(pruner, "PAGE", 5)
    session = session_with([(days_ago(20), "connected", n, 0) for n in range(30)])
    prune_all()
    assert session.snapshots.count() < 30


def test_pruning_can_be_interrupted_at_every_step(monkeypatch):
    monkeypatch.setattr(pruner, "STEP_SECONDS", 0)
    monkeypatch.setattr(pruner, "PAGE", 20)
    sessions = [session_with(every(60, count=60, days=20), f"ses_{n}") for n in range(3)]
    steps = 0
    while pruner.prune_some():
        steps += 1
    assert steps > 9 and [len(remaining(session)) for session in sessions] == [5, 5, 5]
    assert Pruning.objects.get().removed == 3 * 55


def test_a_pass_begins_once_a_day_and_continues_where_the_last_one_ended(
    time_machine, django_assert_num_queries
):
    session_with(every(60, count=60, days=20))
    later = session_with(every(60, count=60, days=13.5), "ses_2")
    prune_all()
    with django_assert_num_queries(1):
        assert pruner.prune_some() is False
    time_machine.move_to(NOW + timedelta(days=1), tick=False)
    prune_all()
    assert later.snapshots.count() == 5
    assert Pruning.objects.get().thinned_before == Pruning.objects.get().thin_before - timedelta(
        days=1
    )


def test_old_watch_spans_are_removed_but_the_newest_of_each_account():
    for alias, days in [("ping", 500), ("ping", 450), ("ping", 3), ("agi", 500), ("agi", 490)]:
        WatchSpanFactory(alias=alias, from_at=days_ago(days + 1), until_at=days_ago(days))
    prune_all()
    left = sorted((span.alias, (NOW - span.until_at).days) for span in WatchSpan.objects.all())
    assert left == [("agi", 490), ("ping", 3)]


def test_sessions_themselves_are_never_removed():
    session_with([])
    prune_all()
    assert RemoteSession.objects.count() == 1


def test_the_command_says_what_it_would_do_and_then_does_it(capsys):
    session = session_with(
        [*every(60, count=60, days=20), *every(60, count=60, days=500), *every(9, count=3, days=1)]
    )
    WatchSpanFactory(from_at=days_ago(501), until_at=days_ago(500))
    WatchSpanFactory(from_at=days_ago(3))
    for number, days in enumerate((1, 40, -1)):
        Session.objects.create(session_key=f"key{number}", expire_date=days_ago(days))
    call_command("prune_history", "--dry-run")
    said = capsys.readouterr().out
    removed = "115 snapshots of 1 sessions, 1 spans of watching and 2 sign-ins that ran out"
    assert f"{removed} would be removed." in said
    assert session.snapshots.count() == 123
    call_command("prune_history")
    assert (
        said.splitlines()[-1].replace("would be removed", "removed")
        == capsys.readouterr().out.splitlines()[-1]
    )
    assert session.snapshots.count() == 8 and WatchSpan.objects.count() == 1
    assert [sign_in.session_key for sign_in in Session.objects.all()] == ["key2"]
