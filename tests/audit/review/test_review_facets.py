"""The queue covers the whole log, with the same filter that pages and exports use."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone

from pingadmin.audit.log import filter_chips
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.record.actors import Actor
from pingadmin.audit.review import reviews
from pingadmin.config import environment
from tests.audit.factories import BEN, record_entry, record_event
from tests.support.audit_log import matching_heads

pytestmark = pytest.mark.django_db

EVA = Actor(kind="person", id="20", name="eva", role="auditor")


def mark(head, state):
    reviews.mark_entry(
        head_seq=head.seq, state=state, note="Because", last_seen_seq=head.seq, by=EVA
    )
    return head


def at(moment: datetime, **given):
    with time_machine.travel(moment, tick=False):
        return record_entry("ok", **given)


def test_each_review_state_finds_its_entries_by_their_last_mark():
    pending, reviewed, flagged, changed = (
        record_entry("ok"),
        record_entry("ok"),
        record_entry("ok"),
        record_entry("ok"),
    )
    record_event(action="add_user", phase="event")
    (
        mark(reviewed, "reviewed"),
        mark(flagged, "flagged"),
        mark(changed, "flagged"),
        mark(changed, "reviewed"),
    )

    assert matching_heads("review=pending") == [pending.seq]
    assert matching_heads("review=reviewed") == [reviewed.seq, changed.seq]
    assert matching_heads("review=flagged") == [flagged.seq]


def test_an_unknown_mark_leaves_the_entry_pending():
    head = record_entry("ok")
    record_event(action="mark_whole", phase="mark", story=head.seq)

    assert matching_heads("review=pending") == [head.seq]


@pytest.mark.parametrize("facet", ["unknown", "no_ticket", "repeated", "bulk"])
def test_facets_find_only_actions_that_need_a_review(facet):
    record_event(action="add_user", phase="event", batch="b-1")
    record_event(action="add_user", phase="event", batch="b-1")

    assert matching_heads(f"facet={facet}") == []


def test_unknown_finds_unknown_and_missing_outcomes():
    record_entry("ok"), record_entry("rejected")
    unknown, open_ = record_entry("unknown"), record_entry("")
    resolved = record_entry("unknown")
    record_event(phase="evidence", story=resolved.seq, result="ok")

    assert matching_heads("facet=unknown") == [unknown.seq, open_.seq]


def test_no_ticket_and_bulk_find_theirs():
    record_entry("ok")
    without, bulk = record_entry("ok", ticket=""), record_entry("ok", batch="b-1")

    assert matching_heads("facet=no_ticket") == [without.seq]
    assert matching_heads("facet=bulk") == [bulk.seq]


def test_repeated_finds_the_later_action_on_one_session_within_the_time_that_is_set(settings):
    settings.REPEATED_WITHIN_HOURS = 24
    begin = datetime(2026, 11, 22, 12, tzinfo=UTC)
    at(begin, session_id="ses_1")
    at(begin + timedelta(hours=1), session_id="ses_2")
    at(begin + timedelta(hours=2), session_id="ses_1", alias="agi")
    again = at(begin + timedelta(hours=24), session_id="ses_1", by=BEN)
    at(begin + timedelta(hours=48, seconds=1), session_id="ses_1")

    assert matching_heads("facet=repeated") == [again.seq]
    settings.REPEATED_WITHIN_HOURS = 12
    assert matching_heads("facet=repeated") == []


def test_actions_on_no_session_are_not_repeats_of_each_other():
    record_entry("ok", session_id="", alias=""), record_entry("ok", session_id="", alias="")

    assert matching_heads("facet=repeated") == []


@pytest.fixture
def hours(settings, monkeypatch):
    def set_hours(text):
        monkeypatch.setenv("WORKING_HOURS", text)
        settings.WORKING_HOURS = environment.working_hours("WORKING_HOURS")

    return set_hours


@pytest.mark.parametrize(
    ("moment", "is_outside"),
    [
        ("2026-11-20T06:59:59.9+00:00", True),
        ("2026-11-20T07:00:00+00:00", False),
        ("2026-11-20T16:59:59.9+00:00", False),
        ("2026-11-20T17:00:00+00:00", True),
        ("2026-11-21T10:00:00+00:00", True),
        ("2026-07-03T06:00:00+00:00", False),
        ("2026-07-03T16:00:00+00:00", True),
        ("2026-11-22T23:30:00+00:00", True),
    ],
)
def test_outside_hours_goes_by_the_clock_and_days_of_the_zone_that_is_set(
    hours, moment, is_outside
):
    hours("08:00-18:00 Mon-Fri Europe/Madrid")
    head = at(datetime.fromisoformat(moment))

    assert matching_heads("facet=outside_hours") == ([head.seq] if is_outside else [])


def test_hours_may_end_at_midnight_and_days_be_listed(hours):
    hours("00:00-24:00 Mon-Fri,Sun")
    saturday = at(datetime(2026, 11, 21, 12, tzinfo=UTC))
    (
        at(datetime(2026, 11, 20, 23, 59, 59, 999999, tzinfo=UTC)),
        at(datetime(2026, 11, 22, tzinfo=UTC)),
    )

    assert matching_heads("facet=outside_hours") == [saturday.seq]


def test_without_hours_there_is_no_such_facet(settings):
    settings.WORKING_HOURS = None

    assert not AuditFilter(QueryDict("facet=outside_hours")).is_valid()
    assert "Outside hours" not in [
        chip.label for chip in filter_chips.queue_chips(_valid_filter(""), counted=False)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "8-18",
        "18:00-08:00 Mon-Fri",
        "08:00-18:00",
        "08:00-18:00 Fri-Mon",
        "08:00-18:00 Mon Nowhere/City",
        "08:00-18:00 Mon ../etc",
        "08:00-18:00 Mon UTC more",
        "x-y Mon",
    ],
)
def test_hours_that_cannot_be_read_are_refused_at_start_with_an_example(monkeypatch, text):
    monkeypatch.setenv("WORKING_HOURS", text)

    with pytest.raises(
        environment.ImproperlyConfigured, match="08:00-18:00 Mon-Fri,Sun Europe/Madrid"
    ):
        environment.working_hours("WORKING_HOURS")


def test_review_states_and_facets_combine_with_the_other_filters():
    record_entry("unknown", ticket=""), mark(record_entry("unknown", ticket="", by=BEN), "flagged")
    wanted = record_entry("unknown", ticket="", by=BEN)
    record_entry("ok", ticket="", by=BEN), record_entry("unknown", by=BEN)

    assert matching_heads("review=pending&facet=no_ticket&result=unknown&actor=ben") == [wanted.seq]


@pytest.mark.parametrize("query", ["review=done", "facet=everything", "review=%00"])
def test_an_unknown_value_is_refused(query):
    assert not AuditFilter(QueryDict(query)).is_valid()


def test_each_count_is_the_number_that_its_chip_shows_over_the_whole_log():
    for number in range(60):
        record_entry(
            "unknown" if number % 3 else "ok",
            ticket="" if number % 2 else "INC-1",
            session_id=f"ses_{number % 50}",
        )
    for head in (record_entry("ok", by=BEN), record_entry("ok", by=BEN, ticket="", batch="b-1")):
        mark(head, "flagged")

    for query in ("", "review=pending", "facet=no_ticket", "actor=ben&review=flagged&facet=bulk"):
        for chip in filter_chips.queue_chips(_valid_filter(query), counted=True):
            address = chip.address if not chip.is_on else f"/audit/?{query}"
            assert chip.count == len(matching_heads(address.partition("?")[2])), (query, chip)


def test_a_second_click_on_a_chip_removes_it_and_another_of_its_kind_replaces_it():
    of = {
        chip.name: chip
        for chip in filter_chips.queue_chips(
            _valid_filter("review=pending&facet=bulk&actor=ana"), counted=False
        )
    }

    assert of["pending"].is_on and of["pending"].address == "/audit/?actor=ana&facet=bulk"
    assert (
        not of["flagged"].is_on
        and of["flagged"].address == "/audit/?actor=ana&review=flagged&facet=bulk"
    )
    assert of["unknown"].address == "/audit/?actor=ana&review=pending&facet=unknown"


def test_progress_counts_this_week_from_monday_in_the_viewers_zone():
    before, monday = (
        datetime(2026, 11, 15, 14, 59, tzinfo=UTC),
        datetime(2026, 11, 15, 15, 1, tzinfo=UTC),
    )
    at(before), mark(at(monday), "reviewed"), mark(at(monday), "flagged"), at(monday)
    record_event(action="add_user", phase="event")

    with time_machine.travel(datetime(2026, 11, 18, tzinfo=UTC)), timezone.override("Asia/Tokyo"):
        assert reviews.progress_this_week() == {"done": 2, "all": 3}
    with time_machine.travel(datetime(2026, 11, 15, 16, tzinfo=UTC)), timezone.override("UTC"):
        assert reviews.progress_this_week() == {"done": 2, "all": 4}, "there it is still Sunday"
    with (
        time_machine.travel(datetime(2026, 11, 22, 16, tzinfo=UTC)),
        timezone.override("Asia/Tokyo"),
    ):
        assert reviews.progress_this_week() == {"done": 0, "all": 0}, "there it is Monday again"


def _valid_filter(query: str) -> AuditFilter:
    audit_filter = AuditFilter(QueryDict(query))
    assert audit_filter.is_valid()
    return audit_filter


def test_a_pause_waits_for_a_review_as_a_resume_does():
    paused, resumed = record_entry("ok", action="pause"), record_entry("ok")

    assert matching_heads("review=pending") == [paused.seq, resumed.seq]
    mark(paused, "flagged")
    assert matching_heads("review=flagged") == [paused.seq]
    assert matching_heads("review=pending") == [resumed.seq]


def test_a_resume_after_a_pause_repeats_nothing_but_a_second_pause_does():
    record_entry("ok", action="pause")
    record_entry("ok")
    again = record_entry("ok", action="pause")

    assert matching_heads("facet=repeated") == [again.seq]


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_each_action_is_found_by_its_own_name_alone(action):
    heads = {name: record_entry("already", action=name) for name in ("pause", "resume")}

    assert matching_heads(f"action={action}") == [heads[action].seq]
    assert matching_heads("result=already") == sorted(head.seq for head in heads.values())
