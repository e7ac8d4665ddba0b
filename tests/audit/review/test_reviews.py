"""Marks: by whom, on what, and which one counts."""

import subprocess
import sys

import pytest
from django.db import transaction

from pingadmin.audit.entries.entries import AuditEntry, load_entries
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from tests.audit.factories import ANA, BEN, record_entry, record_event
from tests.support.processes import CHECKOUT

pytestmark = pytest.mark.django_db

EVA = Actor(kind="person", id="20", name="eva", role="auditor")
FINN = Actor(kind="person", id="21", name="finn", role="auditor")


def mark(head, state="reviewed", *, note="", by=EVA, last_seen_seq=None) -> reviews.MarkedEntry:
    last = AuditEvent.objects.filter(story=head.seq).last().seq
    return reviews.mark_entry(
        head_seq=head.seq, state=state, note=note, last_seen_seq=last_seen_seq or last, by=by
    )


def entry_of(head) -> AuditEntry:
    return load_entries([head])[0]


def test_a_mark_is_a_further_event_of_the_entry_with_the_note_as_its_reason():
    head = record_entry("ok")

    marked = mark(head, "flagged", note="Whose ticket is this?")

    kept = AuditEvent.objects.get(seq=marked.event.seq)
    assert (kept.story, kept.phase, kept.action) == (head.seq, "mark", "mark_flagged")
    assert (kept.reason, kept.actor_name, kept.session_id) == (
        "Whose ticket is this?",
        "eva",
        head.session_id,
    )
    assert entry_of(head).result == "ok", "a mark changes no result"


def test_the_last_mark_counts_and_all_of_them_stay():
    head = record_entry("ok")
    assert entry_of(head).review_state == "pending"

    for word, note in (
        ("reviewed", ""),
        ("flagged", "On second thought"),
        ("reviewed", "Explained"),
    ):
        mark(head, word, note=note)
        assert entry_of(head).review_state == word

    assert AuditEvent.objects.marks().filter(story=head.seq).count() == 3


@pytest.mark.parametrize("phase", ["event", "intent"])
@pytest.mark.parametrize("action", ["add_user", "sign_in", "export"])
def test_other_actions_need_no_review(action, phase):
    head = record_event(action=action, phase=phase)

    assert entry_of(head).review_state is None
    with pytest.raises(reviews.NotMarked, match="doesn’t need a review"):
        mark(head)


def test_later_events_and_missing_entries_cannot_be_marked():
    head = record_entry("ok")

    for seq in (head.seq + 1, 999):
        with pytest.raises(reviews.NotMarked):
            reviews.mark_entry(head_seq=seq, state="reviewed", note="", last_seen_seq=seq, by=EVA)


def test_nobody_reviews_an_entry_in_which_they_acted():
    head = record_entry("ok", by=ANA)

    with pytest.raises(reviews.OwnEntry):
        mark(head, by=ANA)
    renamed = Actor(kind="person", id=ANA.id, name="anna", role="auditor")
    with pytest.raises(reviews.OwnEntry):
        mark(head, by=renamed)
    assert not AuditEvent.objects.marks().exists()


def test_whoever_closed_an_entry_does_not_review_it():
    head = record_entry("unknown", by=ANA)
    record_event(
        phase="closure", action="close_unknown", by=BEN, story=head.seq, reason="Customer is online"
    )

    with pytest.raises(reviews.OwnEntry):
        mark(head, by=BEN)
    mark(head, by=EVA)


def test_marking_an_entry_is_not_acting_in_it():
    head = record_entry("ok")
    mark(head, "reviewed")

    assert mark(head, "flagged", note="Looked again").event.action == "mark_flagged"


def test_a_flag_says_why_and_a_review_need_not():
    head = record_entry("ok")

    with pytest.raises(reviews.NoteMissing):
        mark(head, "flagged")
    assert not AuditEvent.objects.marks().exists()
    mark(head, "reviewed")


def test_a_form_that_is_sent_twice_is_one_mark():
    head = record_entry("ok")
    seen = head.seq + 1

    first, second = (mark(head, "flagged", note="Why?", last_seen_seq=seen) for _ in range(2))

    assert first.event == second.event
    assert AuditEvent.objects.marks().count() == 1


def test_the_later_of_two_reviewers_counts_and_learns_of_the_other():
    head = record_entry("ok")
    seen = head.seq + 1
    mark(head, "flagged", note="Odd", by=FINN, last_seen_seq=seen)

    marked = mark(head, "reviewed", by=EVA, last_seen_seq=seen)

    assert [other.actor_name for other in marked.unseen_marks] == ["finn"]
    assert entry_of(head).review_state == "reviewed"
    assert AuditEvent.objects.marks().count() == 2


def test_an_own_mark_from_another_window_is_not_reported():
    head = record_entry("ok")
    seen = head.seq + 1
    mark(head, "flagged", note="Odd", last_seen_seq=seen)

    assert mark(head, "reviewed", last_seen_seq=seen).unseen_marks == []


def test_a_mark_that_the_page_showed_is_not_reported():
    head = record_entry("ok")
    mark(head, "flagged", note="Odd", by=FINN)

    assert mark(head, "reviewed", by=EVA).unseen_marks == []


@pytest.mark.parametrize("word", ["reviewed", "flagged"])
def test_a_mark_that_cannot_be_written_leaves_nothing(word):
    head = record_entry("ok")
    rows = AuditEvent.objects.count()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        mark(head, word, note="x")
        raise ZeroDivisionError

    assert AuditEvent.objects.count() == rows
    assert entry_of(head).review_state == "pending"


def test_marks_are_links_of_the_chain():
    head = record_entry("ok")
    tail = AuditEvent.objects.last()

    assert mark(head).event.prev_hash == tail.row_hash


def test_next_is_the_next_older_entry_then_the_newest_and_never_an_own_one():
    oldest, own, middle, newest = (
        record_entry(""),
        record_entry("", by=BEN),
        record_entry(""),
        record_entry(""),
    )
    heads = AuditEvent.objects.heads().in_review_state("pending")

    def following(below):
        found = reviews.next_to_review(heads, after_seq=below.seq, person_id=BEN.id)
        return found and found.seq

    assert following(newest) == middle.seq
    assert following(middle) == oldest.seq, "not the own one"
    assert following(oldest) == newest.seq
    for head in (oldest, middle, newest):
        mark(head)
    assert following(newest) is None
    assert own.seq in heads.values_list("seq", flat=True), "it waits for somebody else"


MARK_ONE_ENTRY = """
import django, sys; django.setup()
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
head_seq, name = int(sys.argv[1]), sys.argv[2]
by = Actor(kind="person", id=name, name=name, role="auditor")
print("ready", flush=True); sys.stdin.readline()
marked = reviews.mark_entry(
    head_seq=head_seq, state="flagged", note="Odd", last_seen_seq=head_seq + 1, by=by
)
print(len(marked.unseen_marks))
"""
MAKE_ONE_ENTRY = """
import django; django.setup()
from tests.audit.factories import record_entry
print(record_entry("ok").seq)
"""


@pytest.mark.process
def test_two_reviewers_at_once_both_leave_a_mark_and_the_later_learns_of_it(own_database):
    def python(*arguments):
        return subprocess.Popen(
            [sys.executable, "-c", *arguments],
            cwd=CHECKOUT,
            env=own_database,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    seq = python(MAKE_ONE_ENTRY).communicate()[0].split()[-1]
    both = [python(MARK_ONE_ENTRY, seq, name) for name in ("eva", "finn")]
    for process in both:
        process.stdout.readline()
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()

    assert sorted(int(process.communicate()[0]) for process in both) == [0, 1]
