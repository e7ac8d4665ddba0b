"""Checks after an unknown outcome add evidence and keep the result; a person may resolve it."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.resumes import panel
from pingadmin.resumes.models import Attempt
from tests.factories import AttemptFactory
from tests.support.html import parse
from tests.support.session_actions import (
    AGI_RESUME,
    PING_RESUME,
    cause_unknown_outcome,
    click_resume,
    open_session_page,
    outcome,
    reconcile,
    resume_calls,
    session_card,
)

UNKNOWN = "[data-result=unknown]"
ALREADY = "[data-result=already]"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def reported_paused(client) -> str:
    """What the page of the connected session says about paused: yes, no or unknown."""
    return open_session_page(client, session_id=cast.PING_CONNECTED).one("#card")["data-paused"]


def evidence():
    return AuditEvent.objects.filter(phase="evidence")


def test_agi_shows_that_it_runs_which_resolves_the_outcome_and_leaves_the_result_unknown(
    as_support, simulator
):
    attempt = reconcile(cause_unknown_outcome(simulator, as_support, "agi", cast.AGI_PAUSED))
    assert (attempt.result, attempt.resolved_by) == ("unknown", "evidence")
    assert attempt.next_check_at is None
    assert "We can’t tell whether this resume did anything." in attempt.resolution_note
    assert resume_calls(simulator) == 1
    assert evidence().get().story == attempt.intent_seq


def test_agi_still_paused_is_checked_until_the_last_time(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support, "agi", cast.AGI_PAUSED, acted=False)
    for check_count, seconds in enumerate([1, 6, 31, 121], start=1):
        reconcile(attempt, seconds=seconds)
        assert (attempt.check_count, attempt.resolved_at) == (check_count, None)
    reconcile(attempt, seconds=601)
    assert (attempt.check_count, attempt.resolved_by) == (5, "evidence")
    assert "still paused" in attempt.resolution_note
    assert evidence().count() == 5


def test_ping_cannot_tell_so_only_a_person_can_resolve_it(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    for seconds in [1, 6, 31, 121, 601]:
        reconcile(attempt, seconds=seconds)
    assert (attempt.resolved_at, attempt.next_check_at, attempt.check_count) == (None, None, 5)
    assert "A person has to resolve this" in open_session_page(as_support).text()


def test_checks_come_no_sooner_than_they_are_due(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    reconcile(attempt, seconds=1)
    reconcile(attempt, seconds=2)
    assert attempt.check_count == 1


def test_a_failed_check_proves_nothing_and_is_still_recorded(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    simulator.fault("status", status=503, match="GET *", times=2)
    reconcile(attempt)
    assert "server_error" in evidence().get().detail
    assert attempt.resolved_at is None


def test_nobody_may_try_again_until_the_session_was_looked_up(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    assert click_resume(as_support, "ping", cast.PING_PAUSED).status_code == 409
    assert resume_calls(simulator) == 1
    reconcile(attempt)
    page = open_session_page(as_support)
    assert page.has(UNKNOWN) and "Trying again may resume the session twice" in page.text()
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    assert outcome(response)["data-result"] == "already"


def test_paused_is_unknown_after_an_unknown_outcome(as_support, simulator):
    click_resume(as_support, "ping", cast.PING_CONNECTED)
    assert reported_paused(as_support) == "no"
    simulator.fault("reset", match=PING_RESUME)
    click_resume(as_support, "ping", cast.PING_CONNECTED)
    assert reported_paused(as_support) == "unknown"


def test_a_person_resolves_it_with_a_reason(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    address = reverse("session:resolve", args=["ping", cast.PING_PAUSED, attempt.pk])
    assert as_support.post(address, {"note": " "}).status_code == 400
    as_support.post(address, {"note": "The customer is online again"})
    attempt.refresh_from_db()
    assert (attempt.result, attempt.resolved_by) == ("unknown", "person")
    closure = AuditEvent.objects.get(phase="closure")
    assert (closure.story, closure.reason, closure.actor_name) == (
        attempt.intent_seq,
        "The customer is online again",
        "support",
    )
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    assert outcome(response)["data-result"] == "already"


def test_a_refused_reason_is_explained_at_its_field(as_support, simulator):
    first = cause_unknown_outcome(simulator, as_support)
    address = reverse("session:resolve", args=["ping", cast.PING_PAUSED, first.pk])
    refused = parse(as_support.post(address, {"note": "  "}))
    assert refused.has(f"details[open] > summary#resolve-{first.pk}:first-child")
    assert "Say how you know" in refused.text()
    page = open_session_page(as_support)
    assert page.has(f"#resolve-{first.pk}")
    assert not page.has("details[open] > summary[id^=close-]:first-child")


def test_closing_twice_adds_nothing(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    address = reverse("session:resolve", args=["ping", cast.PING_PAUSED, attempt.pk])
    as_support.post(address, {"note": "one"})
    as_support.post(address, {"note": "two"})
    assert AuditEvent.objects.filter(phase="closure").count() == 1


def test_a_viewer_cannot_resolve_it(as_support, as_viewer, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    address = reverse("session:resolve", args=["ping", cast.PING_PAUSED, attempt.pk])
    assert as_viewer.post(address, {"note": "one"}).status_code == 403


def test_an_unknown_outcome_is_first_on_the_front_page(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    assert "Outcome unknown: check before anyone resumes again" in as_support.get("/sessions/").text
    Attempt.objects.filter(pk=attempt.pk).update(resolved_at=timezone.now())
    assert "Outcome unknown: check" not in as_support.get("/sessions/").text


def test_an_overdue_check_is_called_overdue_and_not_promised(as_support, simulator):
    cause_unknown_outcome(simulator, as_support)
    assert "We’ll check again automatically" in open_session_page(as_support).text()
    Attempt.objects.update(next_check_at=timezone.now() - timedelta(seconds=16))
    page = open_session_page(as_support)
    assert "overdue" in page.text() and "automatically" not in page.text()


def test_an_accepted_resume_is_confirmed_when_a_later_check_shows_it(as_support, simulator):
    simulator.fault("garbage", match=AGI_RESUME, body='{"success": true, "message": "soon"}')
    click_resume(as_support, "agi", cast.AGI_PAUSED)
    attempt = Attempt.objects.get()
    assert attempt.verified is False
    simulator.ask("POST", f"/v1/sessions/{cast.AGI_PAUSED}/resume")  # not through the panel
    reconcile(attempt, seconds=6)
    assert (attempt.verified, attempt.next_check_at) == (True, None)
    page = open_session_page(as_support, "agi", cast.AGI_PAUSED)
    assert page.one("#outcome")["data-verified"] == "true"


def test_an_older_unknown_outcome_stays_and_can_be_resolved_next_to_a_newer_attempt(
    as_support, simulator
):
    first = reconcile(cause_unknown_outcome(simulator, as_support))
    click_resume(as_support, "ping", cast.PING_PAUSED)
    page = open_session_page(as_support)
    assert page.has(ALREADY) and page.has(UNKNOWN)
    assert "Trying again may resume the session twice" in page.text()
    address = reverse("session:resolve", args=["ping", cast.PING_PAUSED, first.pk])
    assert page.has(f'form[action="{address}"]')
    as_support.post(address, {"note": "It runs"})
    assert not open_session_page(as_support).has(UNKNOWN)


def test_an_older_unknown_outcome_without_a_look_up_blocks_the_session(as_support, simulator):
    first = reconcile(cause_unknown_outcome(simulator, as_support))
    click_resume(as_support, "ping", cast.PING_PAUSED)
    Attempt.objects.filter(pk=first.pk).update(closed_at=timezone.now() + timedelta(seconds=5))
    assert click_resume(as_support, "ping", cast.PING_PAUSED).status_code == 409


def test_missed_checks_become_one_check(as_support, simulator):
    attempt = cause_unknown_outcome(simulator, as_support)
    reconcile(attempt, seconds=125)
    assert evidence().count() == 1
    assert attempt.next_check_at - attempt.closed_at == timedelta(seconds=600)


def test_a_stale_page_of_an_agent_is_brought_up_to_date_by_its_own_answer(as_support, simulator):
    open_session_page(as_support, "agi", cast.AGI_PAUSED)
    simulator.ask("POST", f"/v1/sessions/{cast.AGI_PAUSED}/resume")
    response = click_resume(as_support, "agi", cast.AGI_PAUSED)
    assert outcome(response)["data-result"] == "already"
    card = session_card(response)
    assert (card["data-state"], card["data-paused"]) == ("running", "no")
    assert Attempt.objects.get().next_check_at is None


def test_an_unreadable_line_does_not_stop_the_others(as_support, simulator, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    open_session_page(as_support)
    click_resume(as_support, "ping", cast.PING_PAUSED)
    unmatched = '{"attempt": "00000000-0000-4000-8000-000000000001", "answer": {}, "by": {}}'
    (tmp_path / "unrecorded-outcomes.jsonl").write_text(f'{{"attempt": "0b0b\n{unmatched}\n')
    call_command("reconcile")
    assert not (tmp_path / "unrecorded-outcomes.jsonl").exists()
    assert len((tmp_path / "unrecorded-outcomes.unreadable.jsonl").read_text().splitlines()) == 2


def test_an_unresolved_outcome_is_shown_however_many_attempts_follow_it(as_support, simulator):
    unresolved = cause_unknown_outcome(simulator, as_support)
    for _ in range(panel.NEWEST_COUNT):
        AttemptFactory(session=unresolved.session, result="already", opened_at=timezone.now())
    page = open_session_page(as_support)
    assert page.has(UNKNOWN) and page.has(ALREADY)
