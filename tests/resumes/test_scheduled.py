"""A resume that is scheduled: written down, checked again at its time, sent once or never."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from pingadmin import upstream
from pingadmin.audit.models import AuditEvent
from pingadmin.config.secret import Secret
from pingadmin.demo import cast
from pingadmin.notifications import make
from pingadmin.notifications.models import Notification
from pingadmin.notifications.wording import text_of
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import Attempt, ScheduledResume
from pingadmin.resumes.scheduled.lifecycle import cancel
from pingadmin.resumes.scheduled.sending import send
from pingadmin.upstream.isolation import Bulkhead
from tests.factories import ANA, AttemptFactory, HeartbeatFactory, ScheduledResumeFactory
from tests.support.html import parse
from tests.support.session_actions import click_resume, form_token, resume_calls

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("simulated_upstreams"),
]

PAGE = f"/sessions/ping/{cast.PING_PAUSED}/"
LATER = f"{PAGE}resume-later/"
REFUSAL = '{"error": {"code": "quota", "message": "No more resumes"}}'
FIELDS = {"reason": "Rate limit passed", "ticket": "INC-4412", "when": "15", "at": ""}


def schedule(client, **fields):
    page = client.get(PAGE)
    token = {"form_token": form_token(page)}
    return client.post(LATER, FIELDS | token | fields, follow=True)


def scheduled_for(client, *, seconds: float = 0, **fields) -> ScheduledResume:
    """One that is due since that many seconds."""
    schedule(client, **fields)
    ScheduledResume.objects.update(due_at=timezone.now() - timedelta(seconds=seconds))
    return ScheduledResume.objects.get()


def actions() -> list[tuple[str, str]]:
    events = AuditEvent.objects.oldest_first()
    return [(event.action, event.phase) for event in events if event.action != "look"]


def test_scheduling_writes_the_intent_with_its_time_and_sends_nothing(as_support, simulator):
    page = parse(schedule(as_support))
    scheduled = ScheduledResume.objects.get()
    assert abs(scheduled.due_at - timezone.now() - timedelta(minutes=15)) < timedelta(minutes=1)
    event = AuditEvent.objects.get(seq=scheduled.event_seq)
    assert (event.action, event.actor_name, event.reason) == (
        "resume_schedule",
        "support",
        "Rate limit passed",
    )
    assert "in 14 min" in page.text("[data-scheduled]")
    assert resume_calls(simulator) == 0


def test_the_board_and_my_sessions_show_it(as_support):
    schedule(as_support)
    assert "Resumes at" in as_support.get("/sessions/?view=all").content.decode()
    assert cast.PING_PAUSED in parse(as_support.get("/sessions/handover/")).text(
        "#scheduled-resumes"
    )


def test_a_form_that_is_sent_twice_schedules_once_and_a_second_form_is_refused(as_support):
    token = {"form_token": form_token(as_support.get(PAGE))}
    for _ in range(2):
        assert as_support.post(LATER, FIELDS | token).status_code == 302
    assert ScheduledResume.objects.count() == 1
    answer = as_support.post(LATER, FIELDS)
    assert answer.status_code == 409 and "Cancel that one first" in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"when": "at", "at": "00:00"}, "That time has passed."),
        ({"when": "at", "at": ""}, "Write the time as hours and minutes"),
        ({"when": "15", "at": "23:59"}, "You chose minutes and wrote a time."),
        ({"when": "7"}, "Choose one of these"),
        ({"reason": ""}, "Say why in a few words"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_with_what_to_do(as_support, fields, sentence):
    answer = schedule(as_support, **fields)
    assert answer.status_code == 400 and sentence in answer.content.decode()
    assert not ScheduledResume.objects.exists()


@pytest.mark.parametrize(
    ("now", "when", "at", "due"),
    [
        ("2026-11-27T22:50:00+00:00", "tomorrow", "00:10", "2026-11-27T23:10:00+00:00"),
        ("2026-11-27T10:00:00+00:00", "at", "11:01", "2026-11-27T10:01:00+00:00"),
        # The clocks show 02:30 twice on that day, and on the other day never.
        ("2026-10-24T20:00:00+00:00", "tomorrow", "02:30", "2026-10-25T00:30:00+00:00"),
        ("2026-03-28T20:00:00+00:00", "tomorrow", "02:30", "2026-03-29T01:30:00+00:00"),
    ],
)
def test_a_time_is_one_of_the_viewers_day(as_support, time_machine, now, when, at, due):
    time_machine.move_to(datetime.fromisoformat(now), tick=False)
    as_support.force_login(get_user_model().objects.get(username="support"))
    as_support.cookies["tz"] = "Europe/Madrid"
    schedule(as_support, when=when, at=at)
    assert ScheduledResume.objects.get().due_at == datetime.fromisoformat(due)


def test_anybody_who_may_resume_cancels_it_and_then_nothing_is_sent(
    as_support, support2, simulator
):
    scheduled = scheduled_for(as_support)
    answer = as_support.post(f"{LATER}{scheduled.pk}/cancel/", follow=True)
    assert "support cancelled it" in parse(answer).text("[data-schedule-end=cancelled]")
    send(ScheduledResume.objects.get())
    assert resume_calls(simulator) == 0
    assert actions()[-1] == ("resume_schedule_cancel", "event")
    assert as_support.post(f"{LATER}{scheduled.pk}/cancel/").status_code == 409


def test_at_its_time_it_becomes_one_ordinary_attempt_whoever_sends_it(as_support, simulator):
    scheduled = scheduled_for(as_support)
    for _ in range(2):
        send(ScheduledResume.objects.get())
    attempt = Attempt.objects.get()
    scheduled.refresh_from_db()
    assert (scheduled.state, scheduled.attempt) == ("sent", attempt)
    assert (attempt.result, attempt.actor_name, attempt.token) == ("ok", "support", scheduled.pk)
    assert resume_calls(simulator) == 1
    entry = as_support.get(attempt.get_absolute_url()).content.decode()
    assert "Nobody clicked: it was scheduled" in entry
    assert not cancel(scheduled, by=ANA)


def test_what_is_more_than_a_minute_late_is_missed_and_the_team_is_told(
    as_support, simulator, settings
):
    settings.NOTIFY_URL = Secret("https://hooks.example/x")
    make.make_new()
    send(scheduled_for(as_support, seconds=61))
    assert ScheduledResume.objects.get().state == "missed" and resume_calls(simulator) == 0
    end = parse(as_support.get(PAGE)).text("[data-schedule-end=missed]")
    assert "Not sent, missed" in end and "nothing ran at that time" in end
    make.make_new()
    message = text_of(Notification.objects.get())
    assert "Scheduled resume missed" in message and "Scheduled by support." in message


@pytest.mark.parametrize(
    ("status", "words"), [(400, "Scheduled resume refused"), (None, "Scheduled resume not sent")]
)
def test_the_team_is_told_of_one_that_resumed_nothing(
    as_support, simulator, settings, status, words
):
    settings.NOTIFY_URL = Secret("https://hooks.example/x")
    make.make_new()
    scheduled = scheduled_for(as_support)
    if status:
        simulator.fault("status", match="PATCH */resume", status=status, body=REFUSAL)
    else:
        settings.UPSTREAM_WRITE_SLOTS = 0
        upstream.api_for("ping").transport._bulkhead = Bulkhead(read=3, write=0, wait_seconds=0.01)
    send(scheduled)
    make.make_new()
    message = text_of(Notification.objects.get())
    assert words in message and "Scheduled by support." in message


def test_nobody_is_told_of_a_click_that_resumed_nothing(as_support, simulator, settings):
    settings.NOTIFY_URL = Secret("https://hooks.example/x")
    make.make_new()
    simulator.fault("status", match="PATCH */resume", status=400, body=REFUSAL)
    click_resume(as_support, "ping", cast.PING_PAUSED)
    make.make_new()
    assert not Notification.objects.exists()


def test_while_the_account_is_down_it_waits_and_is_then_missed(as_support, simulator):
    scheduled = scheduled_for(as_support)
    simulator.fault("status", match="*/status", status=503, times=9)
    assert send(scheduled) is False
    assert ScheduledResume.objects.get().state == "pending"
    ScheduledResume.objects.update(due_at=timezone.now() - timedelta(seconds=61))
    assert send(scheduled)
    missed = ScheduledResume.objects.get()
    assert missed.state == "missed" and missed.why.startswith("Ping ")
    assert resume_calls(simulator) == 0


def test_a_session_that_runs_already_needs_nothing(as_support, simulator):
    scheduled = scheduled_for(as_support)
    simulator.ask("PATCH", f"/customer/v2/sessions/{cast.PING_PAUSED}/resume")
    as_support.post(f"{PAGE}resume/", {"reason": "Customer approved", "ticket": "INC-4412"})
    before = resume_calls(simulator)
    send(scheduled)
    assert ScheduledResume.objects.get().state == "not_needed"
    assert resume_calls(simulator) == before


def test_whoever_may_no_longer_resume_sends_nothing(as_support, support, simulator):
    scheduled = scheduled_for(as_support)
    support.groups.clear()
    send(scheduled)
    refused = ScheduledResume.objects.get()
    assert (refused.state, refused.why) == ("refused", "support may no longer resume sessions")
    assert resume_calls(simulator) == 0 and actions()[-1] == ("resume_refused", "event")


@pytest.mark.parametrize("result", ["", "unknown"])
def test_an_attempt_that_nobody_knows_the_outcome_of_refuses_it(as_support, simulator, result):
    scheduled = scheduled_for(as_support)
    AttemptFactory(session=scheduled.session, result=result, opened_at=timezone.now())
    send(scheduled)
    assert ScheduledResume.objects.get().state == "refused" and resume_calls(simulator) == 0


def test_the_limits_count_for_it_too(as_support, support, simulator, settings):
    scheduled = scheduled_for(as_support)
    settings.RESUME_LIMITS = [(1, 60)]
    AttemptFactory(actor_id=str(support.pk), result="ok")
    send(scheduled)
    refused = ScheduledResume.objects.get()
    assert refused.state == "refused" and "the limit is" in refused.why
    assert resume_calls(simulator) == 0


def test_the_page_says_when_nothing_would_send_it(as_support):
    warning = "a scheduled resume will be missed"
    assert warning in as_support.get(PAGE).content.decode()
    HeartbeatFactory()
    assert warning not in as_support.get(PAGE).content.decode()


def test_people_who_may_not_resume_see_it_and_cannot_cancel_it(as_viewer):
    as_viewer.get(PAGE)
    ScheduledResumeFactory(session=RemoteSession.objects.get())
    page = parse(as_viewer.get(PAGE))
    assert page.has("[data-scheduled]") and not page.has("#cancel-schedule")
