"""An intent and what followed are one story, told in words that never flatter."""

import pytest

from pingadmin.audit.entries import entries, labels
from pingadmin.audit.entries.entries import Story
from pingadmin.audit.models import AuditEvent
from tests.audit.factories import BEN, event, story

SUCCESS = {"Confirmed", "Accepted"}


def told(*events: dict) -> Story:
    """A story of rows that were never stored, so that they may hold what the trail would refuse."""
    return Story([AuditEvent(**given) for given in events])


@pytest.mark.parametrize(
    ("result", "verified", "word", "meaning"),
    [
        ("ok", True, "Confirmed", "ok"),
        ("ok", False, "Accepted", "ok"),
        ("ok", None, "Accepted", "ok"),
        ("already", None, "Was not paused", "idle"),
        ("rejected", None, "Refused", "failed"),
        ("not_sent", None, "Not sent", "idle"),
        ("unknown", None, "Unknown", "unknown"),
    ],
)
def test_each_result_has_its_word_and_its_colour(result, verified, word, meaning):
    ended = told({"phase": "intent"}, {"phase": "outcome", "result": result, "verified": verified})

    assert (ended.result_label, ended.meaning) == (word, meaning)


@pytest.mark.parametrize(
    ("action", "word"), [("resume", "Was not paused"), ("pause", "Was paused already")]
)
def test_a_needless_act_is_told_in_its_own_words(action, word):
    outcome = {"action": action, "phase": "outcome", "result": "already"}
    needless = told({"action": action, "phase": "intent"}, outcome)

    assert (needless.result_label, needless.meaning, needless.act) == (
        word,
        "idle",
        action.capitalize(),
    )
    assert labels.of_moment(needless.events[1]) == (f"Outcome: {word.lower()}", "idle")


def test_a_story_without_an_outcome_says_so():
    assert told({"phase": "intent"}).result_label == "No outcome yet"
    assert told({"phase": "event"}).result_label == "Recorded"


@pytest.mark.parametrize("result", ["OK", "success", "ok ", "0k", "оk", "true"])
def test_an_unknown_result_is_unrecognised_and_never_a_success(result):
    odd = told({"phase": "intent"}, {"phase": "outcome", "result": result, "verified": True})

    assert (odd.result_label, odd.meaning) == ("Unrecognised", "unknown")
    assert labels.of_moment(odd.events[1])[0] not in SUCCESS


@pytest.mark.parametrize("phase", ["", "Outcome", "done"])
def test_an_unknown_phase_is_unrecognised(phase):
    assert told({"phase": phase}).result_label == "Unrecognised"
    assert labels.of_moment(AuditEvent(phase=phase)) == ("Unrecognised", "unknown")


def test_looking_again_confirms_and_a_closure_changes_no_result():
    outcome = {"phase": "outcome", "result": "ok"}

    assert (
        told({"phase": "intent"}, outcome, {"phase": "evidence", "verified": True}).result_label
        == "Confirmed"
    )
    closed = told(
        {"phase": "intent"},
        {"phase": "outcome", "result": "unknown"},
        {"phase": "closure", "actor_name": "ben"},
    )
    assert (closed.result_label, closed.closed_by) == ("Unknown", "ben")


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 50])
def test_fifty_stories_cost_as_many_queries_as_one(count, django_assert_num_queries):
    heads = [story("ok") for _ in range(count)]

    with django_assert_num_queries(1):
        told_stories = entries.of(heads)

    assert [len(each.events) for each in told_stories] == [2] * count


@pytest.mark.django_db
def test_the_stories_of_a_session_are_its_own_newest_first():
    first, other, second = story("ok"), story("ok", session_id="ses_2"), story("unknown")
    story("ok", alias="agi")
    event(phase="closure", action="close_unknown", by=BEN, story=second.seq, reason="seen")

    found = entries.for_session("ping", "ses_1", limit=5)

    assert [each.head.seq for each in found] == [second.seq, first.seq]
    assert [event.phase for event in found[0].events] == ["intent", "outcome", "closure"]
    assert other.seq not in {each.head.seq for each in found}
    assert len(entries.for_session("ping", "ses_1", limit=1)) == 1
