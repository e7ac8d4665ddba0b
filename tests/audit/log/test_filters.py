"""A filter searches the whole log, its fields combine, and the count is exact."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.http import QueryDict
from django.utils import timezone

from pingadmin.audit.entries.entries import load_entries
from pingadmin.audit.log.filters import AuditFilter
from pingadmin.audit.models import AuditEvent
from pingadmin.audit.record.actors import Actor
from tests.audit.factories import ANA, BEN, record_entry, record_event
from tests.support.audit_log import matching_heads
from tests.support.html import parse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "given"),
    [
        ("actor=ben", {"by": BEN}),
        ("action=add_user", {"action": "add_user"}),
        ("session=ses_9", {"session_id": "ses_9"}),
        ("client=acme", {"client": "acme"}),
        ("alias=agi", {"alias": "agi"}),
        ("ticket=INC-9", {"ticket": "INC-9"}),
        ("session=SES_9", {"session_id": "ses_9f"}),
        ("client=MÜLLER", {"client": "gebrüder-müller-7"}),
        ("ticket=inc-9", {"ticket": "INC-91"}),
        ("actor=BEN", {"by": BEN}),
        ("batch=b-9", {"batch": "b-9"}),
        ("words=rate+Limit", {"reason": "The limit of its rate has passed"}),
        ("words=100%25_sure", {"reason": "I am 100%_sure"}),
    ],
)
def test_each_filter_finds_its_entries_and_no_other(query, given):
    record_entry("ok"), record_entry("ok")
    wanted = record_entry("ok", **given)

    assert matching_heads(query) == [wanted.seq]


def test_filters_combine():
    record_entry("ok", by=BEN, ticket="INC-8")
    record_entry("unknown", by=BEN, ticket="INC-9")
    wanted = record_entry("ok", by=BEN, ticket="INC-9")
    record_entry("ok", ticket="INC-9")

    assert matching_heads("actor=ben&ticket=INC-9&result=accepted") == [wanted.seq]
    assert matching_heads("actor=ben&ticket=INC-9&result=rejected") == []


def test_a_filter_searches_the_whole_log_and_not_one_page():
    oldest = record_entry("ok", ticket="INC-OLD")
    for _ in range(120):
        record_entry("")

    assert matching_heads("ticket=INC-OLD") == [oldest.seq]
    assert len(matching_heads("result=none")) == 120


def test_each_result_finds_the_entries_that_ended_that_way():
    heads = {
        "confirmed": record_entry("ok", outcome={"verified": True}),
        "accepted": record_entry("ok", outcome={"verified": False}),
        "already": record_entry("already"),
        "rejected": record_entry("rejected"),
        "not_sent": record_entry("not_sent"),
        "unknown": record_entry("unknown"),
        "none": record_entry(""),
    }
    record_event(phase="event", action="look_up_limit")

    assert {result: matching_heads(f"result={result}") for result in heads} == {
        result: [head.seq] for result, head in heads.items()
    }


def test_an_entry_is_found_by_the_result_that_its_page_shows():
    head = record_entry("unknown")
    record_event(phase="evidence", action="look", story=head.seq)
    assert matching_heads("result=unknown") == [head.seq]

    record_event(phase="evidence", story=head.seq, result="ok")
    assert (matching_heads("result=unknown"), matching_heads("result=accepted")) == ([], [head.seq])

    record_event(phase="evidence", action="look", story=head.seq, verified=True)
    assert matching_heads("result=accepted") == []
    assert matching_heads("result=confirmed") == [head.seq]
    assert load_entries([head])[0].result_label == "Confirmed"

    record_event(phase="evidence", action="look", story=head.seq, verified=False)
    assert matching_heads("result=accepted") == [head.seq]
    assert matching_heads("result=confirmed") == []
    assert load_entries([head])[0].result_label == "Accepted"


def test_the_person_who_closed_an_entry_is_found_like_the_one_who_began_it():
    head = record_entry("unknown")
    record_event(
        phase="closure", action="close_unknown", by=BEN, story=head.seq, reason="Customer is online"
    )

    for query in (
        "actor=ana",
        "actor=ben",
        "action=resume",
        "action=close_unknown",
        "words=online",
    ):
        assert matching_heads(query) == [head.seq]
    assert matching_heads("actor=ana&action=close_unknown") == []


def test_an_action_is_found_by_its_label_too_in_any_case():
    head = record_entry("ok")
    closed = record_entry("unknown")
    record_event(phase="closure", action="close_unknown", story=closed.seq, reason="Online")

    assert matching_heads("action=Unknown outcome resolved") == [closed.seq]
    assert matching_heads("action=RESUME") == [head.seq, closed.seq]
    assert matching_heads("action=Nobody registered this") == []
    assert AuditFilter(QueryDict("action=Resume")).urlencode() == "action=resume"


def test_a_day_is_a_whole_day_in_the_zone_of_the_viewer():
    with time_machine.travel(datetime(2026, 11, 21, 22, 59, 59, 999999, UTC), tick=False):
        before = record_entry("")
    with time_machine.travel(datetime(2026, 11, 21, 23, 0, tzinfo=UTC), tick=False):
        first = record_entry("")
    with time_machine.travel(datetime(2026, 11, 22, 22, 59, 59, 999999, UTC), tick=False):
        last = record_entry("")
    with time_machine.travel(datetime(2026, 11, 22, 23, 0, tzinfo=UTC), tick=False):
        after = record_entry("")

    with timezone.override("Europe/Zagreb"):
        assert matching_heads("since=2026-11-22&until=2026-11-22") == [first.seq, last.seq]
        assert matching_heads("until=2026-11-21") == [before.seq]
        assert matching_heads("since=2026-11-23T00:00") == [after.seq]
        assert matching_heads("since=2026-11-22T23:00Z") == [after.seq]


@pytest.mark.parametrize(
    "query",
    [
        "since=9999-99-99",
        "since=9999-12-31",
        "until=9999-12-31",
        "since=0001-01-01",
        "since=yesterday",
        "since=2026-11-22T14:00%2B99:99",
        "since=2026-11-22T25:00",
        "until=2026-11-22T14:00Zulu",
        "since=2026-11-22&until=2026-11-21",
        "result=success",
        "actor=%00",
        "words=" + "x" * 201,
        "ticket=" + "9" * 101,
    ],
)
def test_a_value_that_makes_no_sense_is_an_error_of_its_field(query):
    audit_filter = AuditFilter(QueryDict(query))

    assert not audit_filter.is_valid()
    assert set(audit_filter.errors) <= {part.split("=")[0] for part in query.split("&")}


def test_the_url_holds_the_filter_without_blanks():
    audit_filter = AuditFilter(
        QueryDict("actor=ana&session=&words=+rate+&result=ok&result=unknown&page=7")
    )

    assert audit_filter.urlencode() == "words=rate&actor=ana&result=unknown"
    assert audit_filter.urlencode(result="", before=7) == "words=rate&actor=ana&before=7"


def test_system_actors_are_found_by_name():
    head = record_entry("")
    record_event(phase="outcome", story=head.seq, result="unknown", by=Actor.system("reconcile"))

    assert matching_heads("actor=reconcile") == [head.seq]


def test_everybody_who_ever_acted_is_listed_once():
    assert AuditEvent.objects.actor_names() == []
    for by in (BEN, ANA, BEN):
        record_entry("ok", by=by)
    assert AuditEvent.objects.actor_names() == ["ana", "ben"]


@pytest.mark.parametrize(
    ("query", "field", "selected"),
    [
        ("action=resume", "action", "Resume"),
        ("action=Resume", "action", "Resume"),
        ("action=long_gone", "action", "long_gone"),
        ("alias=closed", "alias", "closed"),
        ("", "action", "Any"),
    ],
)
def test_few_values_are_a_list_and_an_old_one_is_still_shown(as_auditor, query, field, selected):
    page = parse(as_auditor.get(f"/audit/?{query}"))
    assert page.text(f"select[name={field}] option[selected]") == selected
