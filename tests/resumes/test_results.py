"""Every result has one label and one sentence, for both actions; an unknown word is no success."""

import pytest
from django.utils import timezone

from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.models import Attempt
from pingadmin.resumes.outcome_sentences import describe_block, describe_outcome
from pingadmin.resumes.results import UNRECOGNISED, Result, label_for


def closed_attempt(result: str, action: Action = Action.RESUME, **values) -> Attempt:
    session = RemoteSession(alias="ping", session_id="ses_a")
    return Attempt(session=session, action=action, result=result, is_open=False, **values)


def sentence(attempt: Attempt, *, reports_paused: bool = False) -> str:
    return describe_outcome(attempt, system="Ping", reports_paused=reports_paused)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("result", Result)
def test_every_result_of_every_action_has_a_label_and_a_sentence(action, result):
    assert label_for(action, result) != UNRECOGNISED
    assert "Ping" in sentence(closed_attempt(result, action, failure="refused"))


@pytest.mark.parametrize(
    ("action", "result", "verified", "text"),
    [
        ("resume", "ok", True, "Confirmed"),
        ("resume", "ok", False, "Accepted"),
        ("resume", "already", None, "Was not paused"),
        ("pause", "already", None, "Was already paused"),
        ("pause", "unknown", None, "Outcome unknown"),
    ],
)
def test_a_label_tells_what_happened(action, result, verified, text):
    assert label_for(action, result, verified).text == text


@pytest.mark.parametrize("word", ["", "OK", "success"])
def test_a_word_that_is_no_result_is_never_a_success(word):
    assert label_for("resume", word, True) == UNRECOGNISED
    assert "Don’t take it for a success" in sentence(closed_attempt(word))


@pytest.mark.parametrize(
    ("attempt", "reports_paused", "text"),
    [
        (
            closed_attempt("ok", verified=True),
            True,
            "Ping said it resumed the session, and a check afterwards shows it not paused.",
        ),
        (
            closed_attempt("ok", Action.PAUSE, verified=False),
            True,
            "Ping said it paused the session, but no check has shown it yet.",
        ),
        (
            closed_attempt("ok", verified=False),
            False,
            "Ping said the session is no longer paused.",
        ),
        (
            closed_attempt("already", Action.PAUSE),
            True,
            "Ping answered that the session was already paused. Nothing changed.",
        ),
        (
            closed_attempt("unknown", failure="timed_out"),
            False,
            "The request was sent, and Ping did not answer in time. "
            "We don’t know whether the session was resumed.",
        ),
        (
            closed_attempt(
                "unknown",
                resolved_at=timezone.now(),
                resolved_by="person",
                resolution_note="It is \u202eonline",
            ),
            False,
            "The outcome was unknown. Resolved by a person: It is \\u202eonline",
        ),
    ],
)
def test_a_sentence_claims_no_more_than_is_known(attempt, reports_paused, text):
    assert sentence(attempt, reports_paused=reports_paused) == text


def test_a_blocking_attempt_names_the_colleague_or_the_unknown_outcome():
    under_way = closed_attempt("", Action.PAUSE, actor_name="Ana")
    under_way.is_open = True
    assert describe_block(under_way) == "Ana is pausing this session"
    unresolved = closed_attempt("unknown", Action.PAUSE)
    assert "the outcome of the last pause is unknown" in describe_block(unresolved)
