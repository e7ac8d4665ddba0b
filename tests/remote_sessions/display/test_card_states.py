"""Which states count as open, and how they are written and coloured."""

import pytest

from pingadmin.remote_sessions.display.card import STATE_TONES, build_card, format_state
from pingadmin.remote_sessions.models import STATE_CODES, RemoteSession
from pingadmin.upstream import agi, ping
from tests.factories import RemoteSessionFactory


def test_every_documented_state_has_a_tone():
    assert set(STATE_TONES) == agi.STATES | ping.STATES


def test_a_letter_never_changes_its_meaning():
    """Rows keep them for ever: extend this list, and change nothing in it."""
    assert "".join(STATE_CODES.values()) == "ncdiyrpfetwx"
    assert list(STATE_CODES)[-5:] == [
        "completed",
        "error",
        "terminated",
        "waiting_for_input",
        "finished",
    ]


@pytest.mark.parametrize(
    ("state", "label"),
    [("waiting_for_input", "Waiting for input"), ("finished", "Finished"), ("running", "Running")],
)
def test_a_state_is_written_in_words(state, label):
    assert format_state(state) == label


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "is_open"),
    [("waiting_for_input", True), ("running", True), ("finished", False), ("paused", False)],
)
def test_a_session_that_waits_is_open_and_a_finished_one_is_not(state, is_open):
    session = RemoteSessionFactory(state=state)
    assert RemoteSession.objects.open().filter(pk=session.pk).exists() == is_open


@pytest.mark.django_db
def test_a_word_that_is_not_documented_is_shown_as_it_came():
    session = RemoteSessionFactory.build(state="waiting_a_bit", is_known_state=False)
    assert build_card(session).state_label == "waiting_a_bit"
    known = RemoteSessionFactory.build(state="waiting_for_input", is_known_state=True)
    assert build_card(known).state_label == "Waiting for input"
