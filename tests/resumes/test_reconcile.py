"""Looking again after an unknown outcome: evidence is added, the result never changes, a person may end it."""

import re
import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.resumes import panel
from pingadmin.resumes.models import Attempt
from tests.resumes.test_resume import AGI_RESUME, PING_RESUME, press, resume_calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def lost_answer(simulator, client, alias="ping", session_id=cast.PING_PAUSED, *, acted=True):
    match = {"ping": PING_RESUME, "agi": AGI_RESUME}[alias]
    simulator.fault("reset", match=match, after=acted)
    press(client, alias, session_id)
    return Attempt.objects.get()


def reconcile(attempt, *, seconds=1):
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        call_command("reconcile")
    attempt.refresh_from_db()
    return attempt


def evidence():
    return AuditEvent.objects.filter(phase="evidence")


def page(client, alias="ping", session_id=cast.PING_PAUSED):
    return client.get(reverse("session:page", args=[alias, session_id])).text


def test_agi_shows_that_it_runs_so_the_question_ends_and_the_result_stays_unknown(
    as_support, simulator
):
    attempt = reconcile(lost_answer(simulator, as_support, "agi", cast.AGI_PAUSED))
    assert (attempt.result, attempt.resolved_by, attempt.next_check_at) == (
        "unknown",
        "evidence",
        None,
    )
    assert "cannot be told" in attempt.resolution_note
    assert resume_calls(simulator) == 1
    assert evidence().get().story == attempt.intent_seq


def test_agi_still_paused_is_looked_at_until_the_last_time(as_support, simulator):
    attempt = lost_answer(simulator, as_support, "agi", cast.AGI_PAUSED, acted=False)
    for look, seconds in enumerate([1, 6, 31, 121], start=1):
        reconcile(attempt, seconds=seconds)
        assert (attempt.check_count, attempt.resolved_at) == (look, None)
    reconcile(attempt, seconds=601)
    assert (attempt.check_count, attempt.resolved_by) == (
        5,
        "evidence",
    ) and "still paused" in attempt.resolution_note
    assert evidence().count() == 5


def test_ping_cannot_tell_so_only_a_person_can_end_it(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    for seconds in [1, 6, 31, 121, 601]:
        reconcile(attempt, seconds=seconds)
    assert (attempt.resolved_at, attempt.next_check_at, attempt.check_count) == (None, None, 5)
    assert "A person has to resolve this" in page(as_support)


def test_looks_come_no_sooner_than_they_are_due(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    reconcile(attempt, seconds=1)
    reconcile(attempt, seconds=2)
    assert attempt.check_count == 1


def test_a_failed_look_is_evidence_of_nothing_but_is_written_down(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    simulator.fault("status", status=503, match="GET *", times=2)
    reconcile(attempt)
    assert "server_error" in evidence().get().detail
    assert attempt.resolved_at is None


def test_nobody_may_press_again_until_somebody_has_looked(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    assert press(as_support, "ping", cast.PING_PAUSED).status_code == 409
    assert resume_calls(simulator) == 1
    reconcile(attempt)
    shown = page(as_support)
    assert 'data-result="unknown"' in shown and "Trying again may resume the session twice" in shown
    assert 'data-result="already"' in press(as_support, "ping", cast.PING_PAUSED).text


def test_paused_is_unknown_after_an_unknown_outcome(as_support, simulator):
    press(as_support, "ping", cast.PING_CONNECTED)
    assert 'data-paused="no"' in page(as_support, session_id=cast.PING_CONNECTED)
    simulator.fault("reset", match=PING_RESUME)
    press(as_support, "ping", cast.PING_CONNECTED)
    assert 'data-paused="unknown"' in page(as_support, session_id=cast.PING_CONNECTED)


def test_a_person_closes_the_question_with_a_reason(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    address = reverse("session:close", args=["ping", cast.PING_PAUSED, attempt.pk])
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
    assert 'data-result="already"' in press(as_support, "ping", cast.PING_PAUSED).text


def test_a_question_that_could_not_be_closed_says_why_where_it_was_asked(as_support, simulator):
    first = lost_answer(simulator, as_support)
    address = reverse("session:close", args=["ping", cast.PING_PAUSED, first.pk])
    refused = as_support.post(address, {"note": "  "}).text
    assert re.search(rf'<details open>\s*<summary id="close-{first.pk}"', refused)
    assert "Say how you know" in refused
    assert not re.search(r'<details open>\s*<summary id="close-', page(as_support))


def test_closing_twice_adds_nothing(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    address = reverse("session:close", args=["ping", cast.PING_PAUSED, attempt.pk])
    as_support.post(address, {"note": "one"})
    as_support.post(address, {"note": "two"})
    assert AuditEvent.objects.filter(phase="closure").count() == 1


def test_a_viewer_cannot_close_a_question(as_support, as_viewer, simulator):
    attempt = lost_answer(simulator, as_support)
    address = reverse("session:close", args=["ping", cast.PING_PAUSED, attempt.pk])
    assert as_viewer.post(address, {"note": "one"}).status_code == 403


def test_an_unknown_outcome_stands_first_on_the_front_door(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    assert "Outcome unknown: look before anyone presses again" in as_support.get("/sessions/").text
    Attempt.objects.filter(pk=attempt.pk).update(resolved_at=timezone.now())
    assert "Outcome unknown: look" not in as_support.get("/sessions/").text


def test_when_nobody_reconciles_the_page_does_not_say_that_we_are_looking(as_support, simulator):
    lost_answer(simulator, as_support)
    assert "We’ll check again automatically" in page(as_support)
    Attempt.objects.update(next_check_at=timezone.now() - timedelta(seconds=16))
    assert "overdue" in page(as_support) and "automatically" not in page(as_support)


def test_an_accepted_resume_is_confirmed_when_a_later_look_shows_it(as_support, simulator):
    simulator.fault("garbage", match=AGI_RESUME, body='{"success": true, "message": "soon"}')
    press(as_support, "agi", cast.AGI_PAUSED)
    attempt = Attempt.objects.get()
    assert attempt.verified is False
    simulator.ask("POST", f"/v1/sessions/{cast.AGI_PAUSED}/resume")  # somebody else, past the panel
    reconcile(attempt, seconds=6)
    assert (attempt.verified, attempt.next_check_at) == (True, None)
    assert 'data-verified="true"' in page(as_support, "agi", cast.AGI_PAUSED)


def test_an_older_question_stays_open_and_can_be_closed_beside_a_newer_press(as_support, simulator):
    first = reconcile(lost_answer(simulator, as_support))
    press(as_support, "ping", cast.PING_PAUSED)
    shown = page(as_support)
    assert 'data-result="already"' in shown and 'data-result="unknown"' in shown
    assert "Trying again may resume the session twice" in shown
    address = reverse("session:close", args=["ping", cast.PING_PAUSED, first.pk])
    assert address in shown
    as_support.post(address, {"note": "It runs"})
    assert 'data-result="unknown"' not in page(as_support)


def test_an_older_question_that_nobody_could_look_at_holds_the_session(as_support, simulator):
    first = reconcile(lost_answer(simulator, as_support))
    press(as_support, "ping", cast.PING_PAUSED)
    Attempt.objects.filter(pk=first.pk).update(closed_at=timezone.now() + timedelta(seconds=5))
    assert press(as_support, "ping", cast.PING_PAUSED).status_code == 409


def test_looks_that_were_missed_are_one_look(as_support, simulator):
    attempt = lost_answer(simulator, as_support)
    reconcile(attempt, seconds=125)
    assert evidence().count() == 1
    assert attempt.next_check_at - attempt.closed_at == timedelta(seconds=600)


def test_a_stale_page_of_an_agent_is_brought_up_to_date_by_its_own_answer(as_support, simulator):
    page(as_support, "agi", cast.AGI_PAUSED)
    simulator.ask("POST", f"/v1/sessions/{cast.AGI_PAUSED}/resume")
    answer = press(as_support, "agi", cast.AGI_PAUSED).text
    assert 'data-result="already"' in answer
    assert 'data-state="running" data-paused="no"' in " ".join(answer.split())
    assert Attempt.objects.get().next_check_at is None


def test_a_line_that_cannot_be_read_does_not_stop_the_others(
    as_support, simulator, settings, tmp_path
):
    settings.DATA_DIR = tmp_path
    page(as_support)
    press(as_support, "ping", cast.PING_PAUSED)
    kept = '{"attempt": "00000000-0000-4000-8000-000000000001", "answer": {}, "by": {}}'
    (tmp_path / "unrecorded-outcomes.jsonl").write_text(f'{{"attempt": "0b0b\n{kept}\n')
    call_command("reconcile")
    assert not (tmp_path / "unrecorded-outcomes.jsonl").exists()
    assert len((tmp_path / "unrecorded-outcomes.unreadable.jsonl").read_text().splitlines()) == 2


def test_an_open_question_shows_however_many_presses_came_after_it(as_support, simulator):
    asked = lost_answer(simulator, as_support)
    for number in range(panel.NEWEST_COUNT):
        Attempt.objects.create(
            token=uuid.uuid4(), session=asked.session, actor_id="9", actor_name="ana", reason="x", is_open=False,
            result="already", opened_at=timezone.now(), closed_at=timezone.now(), lease_until=timezone.now(),
            intent_seq=number + 1,
        )  # fmt: skip
    shown = page(as_support)
    assert 'data-result="unknown"' in shown and 'data-result="already"' in shown
