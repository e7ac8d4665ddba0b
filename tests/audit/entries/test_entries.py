"""An intent and what followed are one audit entry, in words that never flatter."""

import pytest

from pingadmin.audit.entries.entries import AuditEntry, entries_for_session, load_entries
from pingadmin.audit.entries.labels import event_heading
from pingadmin.audit.models import AuditEvent
from tests.audit.factories import BEN, record_entry, record_event

SUCCESS = {"Confirmed", "Accepted"}


def entry_of(*events: dict) -> AuditEntry:
    """A resume whose events were never stored: they may hold what the trail would refuse."""
    return AuditEntry([AuditEvent(**{"action": "resume"} | given) for given in events])


@pytest.mark.parametrize(
    ("result", "verified", "label", "tone"),
    [
        ("ok", True, "Confirmed", "ok"),
        ("ok", False, "Accepted", "ok"),
        ("ok", None, "Accepted", "ok"),
        ("already", None, "Was not paused", "idle"),
        ("rejected", None, "Refused", "failed"),
        ("not_sent", None, "Not sent", "idle"),
        ("unknown", None, "Outcome unknown", "unknown"),
    ],
)
def test_each_result_has_its_label_and_its_tone(result, verified, label, tone):
    entry = entry_of(
        {"phase": "intent"}, {"phase": "outcome", "result": result, "verified": verified}
    )

    assert (entry.result_label, entry.tone) == (label, tone)


@pytest.mark.parametrize(
    ("action", "label"), [("resume", "Was not paused"), ("pause", "Was already paused")]
)
def test_an_action_that_changed_nothing_says_so_in_its_own_words(action, label):
    outcome = {"action": action, "phase": "outcome", "result": "already"}
    entry = entry_of({"action": action, "phase": "intent"}, outcome)

    assert (entry.result_label, entry.tone) == (label, "idle")
    assert entry.action.label == action.capitalize()
    assert event_heading(entry.events[1]) == (f"Outcome: {label.lower()}", "idle")


def test_the_heading_of_an_unknown_outcome_does_not_repeat_itself():
    outcome = AuditEvent(action="resume", phase="outcome", result="unknown")

    assert event_heading(outcome) == ("Outcome unknown", "unknown")


def test_an_entry_without_an_outcome_says_so():
    assert entry_of({"phase": "intent"}).result_label == "No outcome yet"
    assert entry_of({"phase": "event"}).result_label == "Recorded"


@pytest.mark.parametrize("result", ["OK", "success", "ok ", "0k", "оk", "true"])
def test_an_unknown_result_is_unrecognised_and_never_a_success(result):
    entry = entry_of({"phase": "intent"}, {"phase": "outcome", "result": result, "verified": True})

    assert (entry.result_label, entry.tone) == ("Unrecognised", "unknown")
    assert event_heading(entry.events[1])[0] not in SUCCESS


@pytest.mark.parametrize("phase", ["", "Outcome", "done"])
def test_an_unknown_phase_is_unrecognised(phase):
    assert entry_of({"phase": phase}).result_label == "Unrecognised"
    assert event_heading(AuditEvent(phase=phase)) == ("Unrecognised", "unknown")


def test_a_check_confirms_and_a_closure_changes_no_result():
    outcome = {"phase": "outcome", "result": "ok"}
    check = {"phase": "evidence", "verified": True}
    confirmed = entry_of({"phase": "intent"}, outcome, check)
    assert confirmed.result_label == "Confirmed"

    closed = entry_of(
        {"phase": "intent"},
        {"phase": "outcome", "result": "unknown"},
        {"phase": "closure", "actor_name": "ben"},
    )
    assert (closed.result_label, closed.resolved_by) == ("Outcome unknown", "ben")


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, 50])
def test_fifty_entries_cost_as_many_queries_as_one(count, django_assert_num_queries):
    heads = [record_entry("ok") for _ in range(count)]

    with django_assert_num_queries(1):
        entries = load_entries(heads)

    assert [len(entry.events) for entry in entries] == [2] * count


@pytest.mark.django_db
def test_the_entries_of_a_session_are_its_own_newest_first():
    first, other, second = (
        record_entry("ok"),
        record_entry("ok", session_id="ses_2"),
        record_entry("unknown"),
    )
    record_entry("ok", alias="agi")
    record_event(phase="closure", action="close_unknown", by=BEN, story=second.seq, reason="seen")

    entries = entries_for_session("ping", "ses_1", limit=5)

    assert [entry.head.seq for entry in entries] == [second.seq, first.seq]
    assert [event.phase for event in entries[0].events] == ["intent", "outcome", "closure"]
    assert other.seq not in {entry.head.seq for entry in entries}
    assert len(entries_for_session("ping", "ses_1", limit=1)) == 1
