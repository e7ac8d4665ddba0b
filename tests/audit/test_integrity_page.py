"""The page that says whether the log is whole, checks it in steps, and never claims more than was checked."""

import json

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from pingadmin.audit.chain import keys
from pingadmin.audit.integrity import checkpoints, verification_runs
from pingadmin.audit.models import AuditEvent, VerificationRun
from tests.audit.factories import event, story
from tests.audit.tampering.tools import TABLE, drop_triggers, sql

pytestmark = pytest.mark.django_db

PAGE, CHECK = "/audit/integrity/", "/audit/integrity/check/"
HTMX = {"HX-Request": "true"}


def words(response) -> str:
    return " ".join(response.text.split())


def test_before_any_check_nothing_is_claimed(as_auditor):
    event()
    for address in ("/audit/", PAGE):
        assert "Not checked yet." in words(as_auditor.get(address))
        assert "Whole" not in words(as_auditor.get(address))


def test_a_check_says_what_was_checked_what_is_anchored_and_what_is_not(as_auditor):
    for _ in range(4):
        event()
    checkpoints.make()
    event()
    event()

    as_auditor.post(CHECK)

    for address in ("/audit/", PAGE):
        page = words(as_auditor.get(address))
        assert "Whole: 6 events checked" in page
        assert "Anchored up to #4 at" in page and "the 2 since then rest on this server." in page
        assert "later event" in page and "not checked yet" in page, (
            "the check is itself an event, after what it checked"
        )


def test_without_a_checkpoint_it_says_that_none_vouches(as_auditor):
    event()
    event()
    as_auditor.post(CHECK)
    assert "No checkpoint vouches for any of them yet: they rest on this server." in words(
        as_auditor.get(PAGE)
    )


def test_what_comes_after_the_check_is_said_to_be_unchecked(as_auditor):
    event()
    as_auditor.post(CHECK)
    for _ in range(3):
        event()
    assert "later events are not checked yet" in words(as_auditor.get("/audit/"))
    assert "Whole: 1 event checked" in words(as_auditor.get("/audit/"))


def test_a_broken_log_is_named_in_plain_words(as_auditor):
    story()
    drop_triggers()
    sql(f"UPDATE {TABLE} SET reason = 'x' WHERE seq = 2")

    as_auditor.post(CHECK)

    for address in ("/audit/", PAGE):
        page = words(as_auditor.get(address))
        assert (
            "Not whole." in page
            and "Event #2 was edited: what it says does not give its hash." in page
        )
        assert "Whole: " not in page


def test_a_bad_checkpoint_is_named_too(as_auditor, checkpoint_file):
    event()
    checkpoints.make()
    checkpoint_file.unlink()

    as_auditor.post(CHECK)

    assert "is in the database, but no longer in checkpoints.jsonl" in words(as_auditor.get(PAGE))


def test_a_check_is_an_event_with_its_result(as_auditor):
    event()
    as_auditor.post(CHECK)

    check = AuditEvent.objects.get(action="audit_verify")
    detail = json.loads(check.detail)
    assert check.actor_name == "auditor"
    assert (detail["outcome"], detail["checked_up_to"], detail["anchored_up_to"]) == ("whole", 1, 0)


def test_a_long_check_goes_on_from_where_it_was_without_javascript(as_auditor, monkeypatch):
    monkeypatch.setattr(verification_runs, "STEP_SECONDS", 0)
    for _ in range(1100):
        event()

    answers = [as_auditor.post(CHECK, follow=True) for _ in range(3)]

    assert [run_count(text) for text in map(words, answers)] == [
        "500 of 1,100",
        "1,000 of 1,100",
        "done",
    ]
    assert "Continue checking" in answers[0].text and "Check now" in answers[2].text
    assert VerificationRun.objects.count() == 1
    assert AuditEvent.objects.filter(action="audit_verify").count() == 1


def test_with_javascript_each_answer_asks_for_the_next_step_until_it_is_done(
    as_auditor, monkeypatch
):
    monkeypatch.setattr(verification_runs, "STEP_SECONDS", 0)
    for _ in range(600):
        event()

    first, second = (as_auditor.post(CHECK, headers=HTMX).text for _ in range(2))

    assert (
        'hx-trigger="load delay' in first and f'hx-post="{CHECK}"' in first and "<html" not in first
    )
    assert "hx-trigger" not in second and "Whole: 600 events" in second


def test_what_was_checked_in_earlier_steps_is_not_checked_again_but_still_linked(
    as_auditor, monkeypatch
):
    monkeypatch.setattr(verification_runs, "STEP_SECONDS", 0)
    for _ in range(600):
        event()
    as_auditor.post(CHECK)
    drop_triggers()
    sql(f"DELETE FROM {TABLE} WHERE seq IN (501, 502)")

    as_auditor.post(CHECK)

    assert "Event #501 is missing." in words(as_auditor.get(PAGE))


def test_two_browsers_that_watch_one_check_do_not_end_it_twice(as_auditor, auditor):
    event()
    run = VerificationRun.objects.create(
        started_at=timezone.now(), started_by="auditor", head="0" * 64
    )
    slower = VerificationRun.objects.get(pk=run.pk)
    from pingadmin.audit.record.actors import Actor

    by = Actor(kind="person", id="1", name="auditor")
    verification_runs._take_step(run, by=by)
    seen = verification_runs._take_step(slower, by=by)

    assert seen.outcome == "whole"
    assert AuditEvent.objects.filter(action="audit_verify").count() == 1


def test_whoever_presses_again_at_once_sees_the_last_result(as_auditor, as_support):
    event()
    as_auditor.post(CHECK)
    as_support.post(CHECK)
    assert VerificationRun.objects.count() == 1

    with time_machine.travel(
        timezone.now() + verification_runs.MIN_INTERVAL + verification_runs.MIN_INTERVAL
    ):
        as_auditor.force_login(as_auditor.get(PAGE).wsgi_request.user)
        as_auditor.post(CHECK)
    assert VerificationRun.objects.count() == 2


def test_a_check_that_was_left_is_begun_anew(as_auditor):
    event()
    old = timezone.now() - verification_runs.ABANDONED_AFTER - verification_runs.MIN_INTERVAL
    VerificationRun.objects.create(started_at=old, started_by="ana", seq=5, head="f" * 64)

    as_auditor.post(CHECK)

    assert "Whole: 1 event checked" in words(as_auditor.get(PAGE))


def test_a_log_that_cannot_be_written_can_still_be_checked(as_auditor, checkpoint_file, caplog):
    event()
    event()
    checkpoints.make()
    drop_triggers()
    sql(f"DELETE FROM {TABLE} WHERE seq = 2")

    as_auditor.post(CHECK)

    assert "The log ends at #1, but the checkpoint" in words(as_auditor.get(PAGE))
    assert "could not be written into it" in caplog.text


def test_unfinished_stories_are_another_list(as_auditor):
    story("ok")
    lonely = story("")
    twice = story("ok")
    event(phase="outcome", story=twice.seq, result="unknown")
    recorded = event(action="sign_in", phase="event")
    event(phase="outcome", story=recorded.seq, result="ok")

    as_auditor.post(CHECK)

    page = words(as_auditor.get(PAGE))
    assert "Whole: 8 events" in page
    for sentence, head in (
        ("Intents without an outcome, lost or still under way: 1.", lonely),
        ("Outcomes without an intent: 1.", recorded),
        ("Stories with more than one outcome: 1.", twice),
    ):
        assert f'{sentence}</strong> <a href="{reverse("audit:story", args=[head.seq])}">' in page


def test_a_complete_log_says_so(as_auditor):
    story("ok")
    as_auditor.post(CHECK)
    assert "Every intent has one outcome, and every outcome its intent." in words(
        as_auditor.get(PAGE)
    )


def test_the_page_shows_the_public_key_and_the_newest_checkpoints(as_auditor):
    event()
    made = checkpoints.make()
    page = as_auditor.get(PAGE).text
    assert keys.public_key() in page.replace("<wbr>", "")
    assert made.row_hash[:16] in page


def test_late_checkpoints_are_said(as_auditor):
    with time_machine.travel("2026-11-22 14:00:00Z"):
        event()
        checkpoints.make()
    assert "Not anchored since" in words(as_auditor.get("/audit/"))


def test_no_secret_is_on_the_page(as_auditor, settings):
    event()
    checkpoints.make()
    as_auditor.post(CHECK)
    page = as_auditor.get(PAGE).text
    assert settings.AUDIT_KEY.reveal() not in page
    assert keys.signing_key().private_bytes_raw().hex() not in page


def run_count(text: str) -> str:
    return next((part for part in ("500 of 1,100", "1,000 of 1,100") if part in text), "done")
