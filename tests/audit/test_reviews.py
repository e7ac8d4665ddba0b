"""Marks: by whom, on what, and which one counts."""

import subprocess
import sys

import pytest
from django.db import transaction

from pingadmin.audit.entries import entries
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from tests.audit.factories import ANA, BEN, event, story
from tests.support.processes import CHECKOUT

pytestmark = pytest.mark.django_db

EVA = Actor(kind="person", id="20", name="eva", role="auditor")
FINN = Actor(kind="person", id="21", name="finn", role="auditor")


def mark(head, word="reviewed", *, note="", by=EVA, seen=None) -> reviews.Marked:
    last = AuditEvent.objects.filter(story=head.seq).last().seq
    return reviews.mark(story=head.seq, word=word, note=note, seen=seen or last, by=by)


def told(head) -> entries.Story:
    return entries.of([head])[0]


def test_a_mark_is_a_further_event_of_the_story_with_the_note_as_its_reason():
    head = story("ok")

    marked = mark(head, "flagged", note="Whose ticket is this?")

    kept = AuditEvent.objects.get(seq=marked.event.seq)
    assert (kept.story, kept.phase, kept.action) == (head.seq, "mark", "mark_flagged")
    assert (kept.reason, kept.actor_name, kept.session_id) == (
        "Whose ticket is this?",
        "eva",
        head.session_id,
    )
    assert told(head).result == "ok", "how it ended is not touched"


def test_the_last_mark_counts_and_all_of_them_stay():
    head = story("ok")
    assert told(head).review == "pending"

    for word, note in (
        ("reviewed", ""),
        ("flagged", "On second thought"),
        ("reviewed", "Explained"),
    ):
        mark(head, word, note=note)
        assert told(head).review == word

    assert reviews.marks().filter(story=head.seq).count() == 3


@pytest.mark.parametrize("phase", ["event", "intent"])
@pytest.mark.parametrize("action", ["add_user", "sign_in", "export"])
def test_what_is_no_act_on_a_session_needs_no_review(action, phase):
    head = event(action=action, phase=phase)

    assert told(head).review == ""
    with pytest.raises(reviews.NotMarked, match="needs no review"):
        mark(head)


def test_a_later_event_and_a_story_that_is_not_there_cannot_be_marked():
    head = story("ok")

    for seq in (head.seq + 1, 999):
        with pytest.raises(reviews.NotMarked):
            reviews.mark(story=seq, word="reviewed", note="", seen=seq, by=EVA)


def test_nobody_reviews_their_own_act():
    head = story("ok", by=ANA)

    with pytest.raises(reviews.OwnAct):
        mark(head, by=ANA)
    renamed = Actor(kind="person", id=ANA.id, name="anna", role="auditor")
    with pytest.raises(reviews.OwnAct):
        mark(head, by=renamed)
    assert not reviews.marks().exists()


def test_whoever_closed_a_story_does_not_review_it():
    head = story("unknown", by=ANA)
    event(
        phase="closure", action="close_unknown", by=BEN, story=head.seq, reason="Customer is online"
    )

    with pytest.raises(reviews.OwnAct):
        mark(head, by=BEN)
    mark(head, by=EVA)


def test_to_have_marked_a_story_is_not_to_have_acted_in_it():
    head = story("ok")
    mark(head, "reviewed")

    assert mark(head, "flagged", note="Looked again").event.action == "mark_flagged"


def test_a_flag_says_why_and_a_review_need_not():
    head = story("ok")

    with pytest.raises(reviews.NoteMissing):
        mark(head, "flagged")
    assert not reviews.marks().exists()
    mark(head, "reviewed")


def test_a_form_that_is_sent_twice_is_one_mark():
    head = story("ok")
    seen = head.seq + 1

    first, second = (mark(head, "flagged", note="Why?", seen=seen) for _ in range(2))

    assert first.event == second.event
    assert reviews.marks().count() == 1


def test_the_later_of_two_reviewers_counts_and_is_told_of_the_other():
    head = story("ok")
    seen = head.seq + 1
    mark(head, "flagged", note="Odd", by=FINN, seen=seen)

    marked = mark(head, "reviewed", by=EVA, seen=seen)

    assert [other.actor_name for other in marked.meanwhile] == ["finn"]
    assert told(head).review == "reviewed"
    assert reviews.marks().count() == 2


def test_an_own_mark_from_another_window_is_no_news():
    head = story("ok")
    seen = head.seq + 1
    mark(head, "flagged", note="Odd", seen=seen)

    assert mark(head, "reviewed", seen=seen).meanwhile == []


def test_a_mark_that_the_reviewer_had_seen_is_no_news():
    head = story("ok")
    mark(head, "flagged", note="Odd", by=FINN)

    assert mark(head, "reviewed", by=EVA).meanwhile == []


@pytest.mark.parametrize("word", ["reviewed", "flagged"])
def test_a_mark_that_cannot_be_written_leaves_nothing(word):
    head = story("ok")
    rows = AuditEvent.objects.count()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        mark(head, word, note="x")
        raise ZeroDivisionError

    assert AuditEvent.objects.count() == rows
    assert told(head).review == "pending"


def test_marks_are_links_of_the_chain():
    head = story("ok")
    tail = AuditEvent.objects.last()

    assert mark(head).event.prev_hash == tail.row_hash


def test_next_is_the_next_older_one_then_the_newest_and_never_an_own_act():
    oldest, own, middle, newest = story(""), story("", by=BEN), story(""), story("")
    heads = reviews.in_state(entries.all_heads(), "pending")

    def following(below):
        found = reviews.next_for(heads, below=below.seq, person_id=BEN.id)
        return found and found.seq

    assert following(newest) == middle.seq
    assert following(middle) == oldest.seq, "not the own one"
    assert following(oldest) == newest.seq
    for head in (oldest, middle, newest):
        mark(head)
    assert following(newest) is None
    assert own.seq in heads.values_list("seq", flat=True), "it waits for somebody else"


PRESS = """
import django, sys; django.setup()
from pingadmin.audit import reviews
from pingadmin.audit.actors import Actor
story, name = int(sys.argv[1]), sys.argv[2]
by = Actor(kind="person", id=name, name=name, role="auditor")
print("ready", flush=True); sys.stdin.readline()
marked = reviews.mark(story=story, word="flagged", note="Odd", seen=story + 1, by=by)
print(len(marked.meanwhile))
"""
PREPARE = (
    "import django; django.setup(); from tests.audit.factories import story; print(story('ok').seq)"
)


@pytest.mark.process
def test_two_reviewers_at_once_both_leave_a_mark_and_the_later_is_told(own_database):
    def python(*arguments):
        return subprocess.Popen(
            [sys.executable, "-c", *arguments],
            cwd=CHECKOUT, env=own_database, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    seq = python(PREPARE).communicate()[0].split()[-1]
    both = [python(PRESS, seq, name) for name in ("eva", "finn")]
    for process in both:
        process.stdout.readline()
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()

    assert sorted(int(process.communicate()[0]) for process in both) == [0, 1]
