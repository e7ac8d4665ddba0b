"""Paused is a report with a source and an age, and is unknown when in doubt."""

from datetime import UTC, datetime, timedelta

import pytest

from pingadmin.remote_sessions.display.paused import judge_paused
from pingadmin.remote_sessions.models import RemoteSession

NOW = datetime(2026, 11, 22, 14, 2, 11, tzinfo=UTC)


def judge(*, status_shows_paused=False, **facts):
    return judge_paused(RemoteSession(**facts), now=NOW, status_shows_paused=status_shows_paused)


def test_what_nobody_reported_is_unknown():
    assert judge(last_seen_at=NOW).value == "unknown"


@pytest.mark.parametrize(("reported", "value"), [(True, "yes"), (False, "no")])
def test_a_fresh_report_is_taken_as_a_fact(reported, value):
    verdict = judge(
        paused_reported=reported,
        paused_reported_at=NOW - timedelta(minutes=4),
        paused_reported_source="resume",
    )
    assert (verdict.value, verdict.grade, verdict.source) == (value, "stated", "answer to a resume")


def test_an_old_report_is_unknown_and_says_what_was_reported(settings):
    settings.PAUSED_STATEMENT_SECONDS = 900
    verdict = judge(paused_reported=True, paused_reported_at=NOW - timedelta(seconds=901))
    assert (verdict.value, verdict.reported) == ("unknown", True)
    assert "too long ago" in verdict.doubt


def test_a_failing_look_up_since_makes_it_unknown():
    verdict = judge(
        paused_reported=True,
        paused_reported_at=NOW - timedelta(minutes=4),
        failure="timed_out",
        failed_at=NOW - timedelta(minutes=1),
    )
    assert (verdict.value, verdict.doubt) == ("unknown", "look-ups have failed since")


def test_a_resume_of_unknown_outcome_since_makes_it_unknown():
    verdict = judge(
        paused_reported=True,
        paused_reported_at=NOW - timedelta(minutes=4),
        paused_doubted_at=NOW - timedelta(minutes=1),
    )
    assert verdict.value == "unknown" and "outcome is unknown" in verdict.doubt


def test_a_report_after_the_doubt_counts_again():
    assert (
        judge(
            paused_reported=False,
            paused_reported_at=NOW - timedelta(minutes=1),
            paused_doubted_at=NOW - timedelta(minutes=4),
        ).value
        == "no"
    )


def test_a_newer_answer_that_does_not_say_makes_it_unknown_where_every_answer_should_say():
    facts = {
        "paused_reported": True,
        "paused_reported_at": NOW - timedelta(minutes=4),
        "last_seen_at": NOW - timedelta(minutes=1),
    }
    assert judge(status_shows_paused=True, **facts).value == "unknown"
    assert judge(status_shows_paused=False, **facts).value == "yes"
