"""One message for each unknown outcome and each flagged review, and for nothing else, made once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from pingadmin.config.secret import Secret
from pingadmin.notifications import make
from pingadmin.notifications.models import Notification, ReadUpTo
from tests.audit.factories import BEN, record_entry, record_event

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def switched_on(settings):
    settings.NOTIFY_URL = Secret("https://hooks.example/x")


@pytest.fixture
def begun():
    make.make_new()


def made() -> list[tuple]:
    return list(Notification.objects.order_by("event_seq").values_list("event_seq", "reason"))


def test_only_unknown_outcomes_and_flagged_reviews_ask_for_one(begun):
    for result in ("ok", "already", "rejected", "not_sent", ""):
        record_entry(result)
    head = record_entry("unknown")
    record_event(phase="evidence", story=head.seq, result="unknown")
    record_event(phase="closure", action="close_unknown", story=head.seq)
    record_event(phase="mark", action="mark_reviewed", by=BEN, story=head.seq)
    flag = record_event(phase="mark", action="mark_flagged", by=BEN, story=head.seq)
    make.make_new()
    assert made() == [(head.seq + 1, "unknown"), (flag.seq, "flagged")]


def test_an_unknown_outcome_of_any_act_asks_for_one(begun):
    head = record_entry("unknown", action="pause")
    make.make_new()
    assert made() == [(head.seq + 1, "unknown")]


def test_the_first_start_begins_at_the_end_of_the_log():
    record_entry("unknown")
    make.make_new()
    assert made() == []
    record_entry("unknown")
    make.make_new()
    assert len(made()) == 1


def test_reading_again_from_the_start_makes_nothing_twice(begun):
    record_entry("unknown")
    make.make_new()
    ReadUpTo.objects.update(seq=0)
    make.make_new()
    assert len(made()) == 1


def test_a_second_maker_at_the_same_place_makes_nothing_twice(begun, monkeypatch):
    record_entry("unknown")
    place = ReadUpTo.objects.get()
    make.make_new()
    monkeypatch.setattr(make, "_position", lambda: place)
    make.make_new()
    assert len(made()) == 1 and ReadUpTo.objects.get().seq == 2


def test_a_bulk_act_has_one_message_for_all_its_unknown_outcomes(begun):
    for _ in range(3):
        record_entry("unknown", batch="b-1")
    record_entry("unknown", batch="b-2")
    make.make_new()
    record_entry("unknown", batch="b-1")
    make.make_new()
    assert list(Notification.objects.values_list("batch", flat=True)) == ["b-1", "b-2"]


def test_flagged_reviews_of_one_bulk_act_have_a_message_each(begun):
    heads = [record_entry("ok", batch="b-1") for _ in range(2)]
    for head in heads:
        record_event(phase="mark", action="mark_flagged", by=BEN, story=head.seq, batch="b-1")
    make.make_new()
    assert [reason for _, reason in made()] == ["flagged", "flagged"]


def test_a_long_log_is_read_in_parts(begun, monkeypatch):
    monkeypatch.setattr(make, "MAX_EVENTS", 3)
    for _ in range(4):
        record_entry("unknown")
    answers = [make.make_new() for _ in range(4)]
    assert answers == [True, True, False, False] and len(made()) == 4


def test_without_an_address_nothing_is_made_and_nothing_asked(
    begun, settings, django_assert_num_queries
):
    settings.NOTIFY_URL = Secret("")
    record_entry("unknown")
    with django_assert_num_queries(0):
        assert make.make_new() is False


def test_what_happened_while_it_was_off_for_long_is_no_news(begun, time_machine):
    record_entry("unknown")
    time_machine.move_to(timezone.now() + timedelta(days=3))
    recent = record_entry("unknown")
    make.make_new()
    assert made() == [(recent.seq + 1, "unknown")]


def test_nothing_new_costs_two_queries(begun, django_assert_num_queries):
    record_entry("ok")
    make.make_new()
    with django_assert_num_queries(2):
        make.make_new()


def test_a_message_and_the_place_behind_it_are_written_together(begun, monkeypatch):
    record_entry("unknown")

    def broken(*args, **more):
        raise RuntimeError

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(make.Notification.objects, "bulk_create", broken)
        make.make_new()
    assert ReadUpTo.objects.get().seq == 0
    make.make_new()
    assert len(made()) == 1 and not connection.needs_rollback
