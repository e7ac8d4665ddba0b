"""The integrity page verifies the log in steps, and never claims more than was verified."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import checkpoints, run_seal, verification_runs
from pingadmin.audit.models import AuditEvent, VerificationRun
from pingadmin.audit.record.actors import Actor
from tests.audit.factories import record_entry, record_event
from tests.audit.tampering.tools import TABLE, drop_triggers
from tests.factories import VerificationRunFactory
from tests.support.html import parse
from tests.support.queries import run_sql

pytestmark = pytest.mark.django_db

LOG, PAGE, VERIFY = "/audit/", "/audit/integrity/", "/audit/integrity/check/"
HTMX = {"HX-Request": "true"}


def text_of(response: HttpResponse) -> str:
    return parse(response).text()


@pytest.fixture
def short_steps(monkeypatch):
    """A step ends at the first look at the clock, after 500 events."""
    monkeypatch.setattr(verification_runs, "STEP_SECONDS", 0)


@pytest.mark.parametrize("address", [LOG, PAGE])
def test_before_any_verification_nothing_is_claimed(as_auditor, address):
    record_event()

    text = text_of(as_auditor.get(address))

    assert "Not verified yet." in text
    assert "Intact" not in text


def test_it_says_what_was_verified_and_what_checkpoints_vouch_for(as_auditor):
    for _ in range(4):
        record_event()
    checkpoints.make()
    record_event()
    record_event()

    as_auditor.post(VERIFY)

    for address in (LOG, PAGE):
        text = text_of(as_auditor.get(address))
        assert "Intact: 6 events verified" in text
        assert "Checkpoints vouch for everything up to #4, recorded at" in text
        assert "Only this server can vouch for the 2 since then." in text
        assert "later event" in text and "been verified yet" in text, (
            "the verification is itself an event, after those it verified"
        )


def test_without_a_checkpoint_it_says_that_none_vouches(as_auditor):
    record_event()
    record_event()

    as_auditor.post(VERIFY)

    assert (
        "No checkpoint vouches for any of them yet: for now, only this server can vouch for them."
        in text_of(as_auditor.get(PAGE))
    )


def test_events_after_the_verification_are_called_unverified(as_auditor):
    record_event()
    as_auditor.post(VERIFY)
    for _ in range(3):
        record_event()

    text = text_of(as_auditor.get(LOG))

    assert "4 later events haven’t been verified yet" in text
    assert "Intact: 1 event verified" in text


def test_a_broken_log_is_named_in_plain_words(as_auditor):
    record_entry()
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET reason = 'x' WHERE seq = 2")

    as_auditor.post(VERIFY)

    for address in (LOG, PAGE):
        text = text_of(as_auditor.get(address))
        assert "Not intact." in text
        assert "Event #2 was edited: its content does not match its hash." in text
        assert "Intact: " not in text


def test_a_lost_checkpoint_is_named_too(as_auditor, checkpoint_file):
    record_event()
    checkpoints.make()
    checkpoint_file.unlink()

    as_auditor.post(VERIFY)

    assert "is in the database, but no longer in checkpoints.jsonl" in text_of(as_auditor.get(PAGE))


def test_each_fault_stands_on_the_page_with_its_word(as_auditor, checkpoint_file):
    record_event()
    checkpoints.make()
    checkpoint_file.unlink()
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET reason = 'x'")

    as_auditor.post(VERIFY)

    page = parse(as_auditor.get(PAGE))
    assert page.texts("#verification p strong") == ["Edited", "Lost checkpoint"]
    assert "2 faults in all." in page.text()


def test_a_verification_is_an_event_with_its_result(as_auditor):
    record_event()
    as_auditor.post(VERIFY)

    verified = AuditEvent.objects.get(action="audit_verify")
    detail = json.loads(verified.detail)
    assert verified.actor_name == "auditor"
    assert (detail["outcome"], detail["checked_up_to"], detail["anchored_up_to"]) == ("whole", 1, 0)


def test_without_javascript_a_long_verification_continues_step_by_step(as_auditor, short_steps):
    for _ in range(1100):
        record_event()

    pages = [parse(as_auditor.post(VERIFY, follow=True)) for _ in range(3)]

    assert "500 of 1,100 events are good so far." in pages[0].text()
    assert "1,000 of 1,100 events are good so far." in pages[1].text()
    assert "so far" not in pages[2].text()
    assert [page.text("#verification button") for page in pages] == [
        "Continue verifying",
        "Continue verifying",
        "Verify now",
    ]
    assert VerificationRun.objects.count() == 1
    assert AuditEvent.objects.filter(action="audit_verify").count() == 1


def test_with_javascript_each_answer_asks_for_the_next_step_until_the_end(as_auditor, short_steps):
    for _ in range(600):
        record_event()

    first, second = (as_auditor.post(VERIFY, headers=HTMX) for _ in range(2))

    form = parse(first).one("form[hx-trigger]")
    assert form["hx-trigger"].startswith("load delay") and form["hx-post"] == VERIFY
    assert "<html" not in first.text
    assert not parse(second).has("[hx-trigger]")
    assert "Intact: 600 events" in text_of(second)


def test_a_later_step_does_not_read_again_but_still_checks_the_link(as_auditor, short_steps):
    for _ in range(600):
        record_event()
    as_auditor.post(VERIFY)
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE} WHERE seq IN (501, 502)")

    as_auditor.post(VERIFY)

    assert "Event #501 is missing." in text_of(as_auditor.get(PAGE))


def test_two_browsers_that_watch_one_verification_do_not_end_it_twice(auditor):
    record_event()
    run = VerificationRunFactory()
    slower = VerificationRun.objects.get(pk=run.pk)
    by = Actor(kind="person", id="1", name="auditor")

    verification_runs._take_step(run, by=by)
    result = verification_runs._take_step(slower, by=by)

    assert result.outcome == "whole"
    assert AuditEvent.objects.filter(action="audit_verify").count() == 1


def test_a_second_click_right_after_the_end_shows_the_last_result(as_auditor, as_support):
    record_event()
    as_auditor.post(VERIFY)
    as_support.post(VERIFY)
    assert VerificationRun.objects.count() == 1

    with time_machine.travel(timezone.now() + 2 * verification_runs.MIN_INTERVAL):
        sign_in_again(as_auditor)
        as_auditor.post(VERIFY)
    assert VerificationRun.objects.count() == 2


def test_an_abandoned_verification_starts_again(as_auditor):
    record_event()
    started_at = timezone.now() - verification_runs.ABANDONED_AFTER - timedelta(minutes=1)
    VerificationRunFactory(started_at=started_at, seq=5, last_hash="f" * 64)

    as_auditor.post(VERIFY)

    assert "Intact: 1 event verified" in text_of(as_auditor.get(PAGE))


@pytest.mark.parametrize(
    "planted",
    [
        "started_at = '2099-01-01 00:00:00+00:00'",
        "started_at = '2026-01-01 00:00:00+00:00'",
        "ended_at = started_at, outcome = 'whole'",
    ],
    ids=["in the future", "now", "ended"],
)
def test_a_run_that_somebody_wrote_into_the_database_is_not_believed(as_auditor, planted):
    for _ in range(6):
        record_event()
    checkpoints.make()
    drop_triggers()
    run_sql(f"UPDATE {TABLE} SET reason = 'another' WHERE seq = 3")
    head = AuditEvent.objects.get(seq=6)
    run = VerificationRunFactory(seq=6, last_hash=head.row_hash, previous_hash=head.prev_hash)
    run_sql(f"UPDATE audit_verificationrun SET {planted} WHERE id = {run.pk}")

    for address in (LOG, PAGE):
        assert "Not verified yet." in text_of(as_auditor.get(address))
    as_auditor.post(VERIFY)

    assert "Event #3 was edited" in text_of(as_auditor.get(PAGE))


def test_no_field_of_a_run_can_be_changed_unnoticed(auditor):
    record_event()
    verification_runs.start_or_continue(by=Actor.system("test"))
    for field in VerificationRun._meta.concrete_fields:
        run = run_seal.newest_run()
        assert run is not None
        if field.primary_key:
            continue
        changed = {
            "DateTimeField": run.started_at - timedelta(days=1),
            "JSONField": ["x"],
            "BigIntegerField": 99,
        }.get(field.get_internal_type(), "x")
        before = getattr(run, field.attname)
        VerificationRun.objects.filter(pk=run.pk).update(**{field.attname: changed})
        assert run_seal.newest_run() is None, field.attname
        VerificationRun.objects.filter(pk=run.pk).update(**{field.attname: before})


def test_a_log_that_takes_no_events_can_still_be_verified(as_auditor, checkpoint_file, caplog):
    record_event()
    record_event()
    checkpoints.make()
    drop_triggers()
    run_sql(f"DELETE FROM {TABLE} WHERE seq = 2")

    as_auditor.post(VERIFY)

    assert "The log ends at #1, but the checkpoint" in text_of(as_auditor.get(PAGE))
    assert "takes no event that says so" in caplog.text


def test_incomplete_entries_are_listed_apart_from_faults(as_auditor):
    record_entry("ok")
    without_outcome = record_entry("")
    twice = record_entry("ok")
    record_event(phase="outcome", story=twice.seq, result="unknown")
    recorded = record_event(action="sign_in", phase="event")
    record_event(phase="outcome", story=recorded.seq, result="ok")

    as_auditor.post(VERIFY)

    page = parse(as_auditor.get(PAGE))
    assert "Intact: 8 events" in page.text()
    findings = [
        (finding.text("strong"), finding.one("a")["href"])
        for finding in page.css("[aria-labelledby=completeness] p:has(strong)")
    ]
    assert findings == [
        ("Intents without an outcome, lost or still under way: 1.", entry_page(without_outcome)),
        ("Outcomes without an intent: 1.", entry_page(recorded)),
        ("Entries with more than one outcome: 1.", entry_page(twice)),
    ]


def test_a_complete_log_says_so(as_auditor):
    record_entry("ok")

    as_auditor.post(VERIFY)

    assert "Every intent has one outcome, and every outcome has its intent." in text_of(
        as_auditor.get(PAGE)
    )


def test_the_page_shows_the_public_key_and_the_newest_checkpoints(as_auditor):
    record_event()
    made = checkpoints.make()

    page = parse(as_auditor.get(PAGE))

    assert page.text("[aria-labelledby=public-key] .hash") == keys.public_key()
    assert f"{made.row_hash[:16]}…" in page.text("[aria-labelledby=checkpoints]")


@pytest.mark.parametrize("address", [LOG, PAGE])
def test_overdue_checkpoints_are_named(as_auditor, address):
    with time_machine.travel("2026-11-22 14:00:00Z"):
        record_event()
        checkpoints.make()

    assert "No checkpoint since" in text_of(as_auditor.get(address))


def test_no_secret_is_on_the_page(as_auditor, settings):
    record_event()
    checkpoints.make()
    as_auditor.post(VERIFY)

    page = as_auditor.get(PAGE).text

    assert settings.AUDIT_KEY.reveal() not in page
    assert keys.signing_key().private_bytes_raw().hex() not in page


def entry_page(head: AuditEvent) -> str:
    return reverse("audit:entry", args=[head.seq])


def sign_in_again(client: Client) -> None:
    """The clock has moved past the end of the session."""
    client.force_login(client.get(PAGE).wsgi_request.user)
