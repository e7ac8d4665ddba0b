"""Entries read as sentences: whoever did what, to whom, and how it went."""

import pytest

from pingadmin.audit import actions
from pingadmin.audit.entries.entries import load_entries
from pingadmin.remote_sessions.models import ObservationSource
from pingadmin.resumes.event_sentences import describe_event
from tests.audit.factories import record_entry, record_event
from tests.support.html import parse

pytestmark = pytest.mark.django_db

AT = "2026-11-22T14:00:00+00:00"
SHOWN = {
    "state": "Disconnected",
    "state_doubted": "",
    "seen_at": "2026-11-22T14:02:11+00:00",
    "age_seconds": 0,
    "source": ObservationSource.LOOK_UP.value,
    "paused": "unknown",
    "paused_grade": "unknown",
    "paused_said_at": None,
    "shown_at": "2026-11-22T14:02:11+00:00",
}


def sentence_of(head):
    [entry] = load_entries([head])
    before, after = entry.sentence
    return f"{before}{entry.object_name}{after}"


@pytest.mark.parametrize(
    ("action", "detail", "sentence"),
    [
        ("role_set", {"person": "ben", "after": "support"}, "gave ben the role support"),
        ("role_set", {"person": "ben", "after": None}, "took the role of ben away"),
        ("person_added", {"person": "ben"}, "added ben"),
        ("sign_in_failed", {"name": "root"}, "failed to sign in as root"),
        ("denied", {"address": "/audit/"}, "was refused /audit/"),
        ("view_saved", {"name": "Initech"}, "saved the view Initech"),
        ("bulk_resume", {"sessions": ["ping/a", "ping/b"]}, "started a bulk resume of 2 sessions"),
        ("long_gone", {}, "Long gone"),
    ],
)
def test_an_entry_is_a_sentence_that_names_its_object(action, detail, sentence):
    assert sentence_of(record_event(phase="event", action=action, detail=detail)) == sentence


def test_every_registered_action_has_a_sentence_and_an_object_where_it_names_one():
    for name, _ in actions.choices():
        action = actions.action_named(name)
        assert action.sentence, f"{name} has no sentence"
        event = record_event(phase="event", action=name, session_id="ses_1", alias="ping")
        text = action.sentence(event)
        assert text[0].islower() and not text.endswith(".")


def test_what_somebody_saw_and_how_the_call_ended_are_sentences():
    head = record_event(action="resume", alias="ping", session_id="ses_1", shown=SHOWN)
    outcome = record_event(
        phase="outcome",
        story=head.seq,
        alias="ping",
        result="unknown",
        detail={"word": "broken_off", "elapsed_ms": 3, "message": ""},
    )
    assert describe_event(head).sentences == (
        "ana saw: disconnected, just now (look-up); ping hadn’t reported whether it was paused.",
    )
    [sentence] = describe_event(outcome).sentences
    assert sentence.startswith("ping ") and sentence.endswith(", after 3 ms.")


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ({"state": "running", "paused": "no"}, "agi described it as running, and not paused."),
        (
            {"state": "connected", "paused": "not said"},
            "agi described it as connected, and didn’t say whether it was paused.",
        ),
        ({"error": "not_configured"}, "It couldn’t be checked: the account agi is no longer"),
        ({"error": "timed_out"}, "The check failed: agi "),
    ],
)
def test_what_a_check_found_is_a_sentence(detail, sentence):
    head = record_event(action="resume", alias="agi")
    event = record_event(
        phase="evidence", action="look", story=head.seq, alias="agi", detail=detail
    )
    [found] = describe_event(event).sentences
    assert found.startswith(sentence)


@pytest.mark.parametrize(
    ("changed", "part"),
    [
        ({"paused": "yes", "paused_said_at": AT}, "; paused, reported at 22 Nov"),
        ({"paused_said_at": AT}, "was uncertain, last reported at 22 Nov"),
        ({"age_seconds": 75}, "disconnected, 1 min ago (look-up)"),
        ({"age_seconds": None, "state": "Not seen yet"}, "saw: not seen yet"),
        ({"state_doubted": "timed out"}, ", in doubt: ping timed out"),
    ],
)
def test_each_fact_that_was_shown_is_in_the_sentence(changed, part):
    head = record_event(action="resume", alias="ping", shown=SHOWN | changed)
    assert part in describe_event(head).sentences[0]


def test_a_value_that_no_sentence_tells_is_shown_with_its_label(as_auditor):
    head = record_event(action="resume", alias="ping", shown=SHOWN | {"mood": "good"})
    odd = record_event(action="resume", alias="ping", shown={"state": 7, "source": "stream"})
    page = parse(as_auditor.get(f"/audit/{head.seq}/"))
    assert page.texts(".well dt") == ["Mood"]
    page = parse(as_auditor.get(f"/audit/{odd.seq}/"))
    assert page.texts(".well dt") == ["Source", "State"]


def test_the_whole_row_is_the_link_to_the_entry_and_other_links_stay(as_auditor):
    head = record_entry("ok", session_id="ses_1")
    row = parse(as_auditor.get("/audit/")).one(f"[data-seq='{head.seq}']")
    assert row.has("td.opens > a[href*='story=']") and row.has(".sentence a")
