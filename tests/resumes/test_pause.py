"""A pause is the same careful act as a resume, for those alone whom the settings name; neither passes for the other."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from pingadmin.accounts.syncing import sync_roles
from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.models import Attempt
from tests.conftest import client_of
from tests.resumes.test_reconcile import page, reconcile
from tests.resumes.test_resume import press as press_resume

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

PING_PAUSE = "PATCH /customer/v2/sessions/*/pause"
AGI_PAUSE = "POST /v1/sessions/*/pause"


@pytest.fixture
def pausing(settings):
    """Support may pause here."""
    settings.PAUSE_ROLES = ["support"]
    sync_roles()


@pytest.fixture
def ana(pausing, support):
    return client_of(support)


def press(
    client,
    alias="ping",
    session_id=cast.PING_CONNECTED,
    reason="Card dispute",
    ticket="INC-4412",
    **more,
):
    address = reverse("session:pause", args=[alias, session_id])
    return client.post(address, {"reason": reason, "ticket": ticket, **more}, follow=True)


def attempt():
    return Attempt.objects.get()


def told():
    acts = AuditEvent.objects.filter(action__in=["resume", "pause"])
    return list(acts.order_by("seq").values_list("action", "phase", "result"))


def pauses(simulator) -> int:
    return simulator.call_count("/pause")


def held_by_a_colleague(support2, act):
    now = timezone.now()
    return Attempt.objects.create(
        token="00000000-0000-4000-8000-00000000000a",
        session=RemoteSession.objects.get(),
        action=act,
        actor_id=str(support2.pk),
        actor_name="support2",
        reason="Why not",
        opened_at=now,
        lease_until=now + timedelta(seconds=68),
        intent_seq=1,
    )


@pytest.mark.parametrize("who", ["as_viewer", "as_support", "as_auditor", "as_admin"])
def test_by_default_nobody_may_pause_and_nobody_is_offered_to(request, simulator, who):
    client = request.getfixturevalue(who)
    assert press(client).status_code == 403
    assert pauses(simulator) == 0 and not Attempt.objects.exists()
    answer = client.get(reverse("session:page", args=["ping", cast.PING_CONNECTED]))
    assert "Pause session" not in answer.text


@pytest.mark.parametrize("who", ["as_viewer", "as_auditor", "as_admin"])
def test_where_support_may_pause_the_others_still_may_not(request, pausing, simulator, who):
    assert press(request.getfixturevalue(who)).status_code == 403
    assert pauses(simulator) == 0


def test_ping_pauses_and_the_session_says_by_whom_and_who_said_so(ana, simulator):
    answer = press(ana).text
    assert 'data-result="ok" data-verified="false"' in answer and "Accepted" in answer
    assert "Ping said the session is paused now" in answer
    assert (
        'data-paused="yes"' in answer
        and "Paused by support, " in answer
        and "confirmed by Ping then" in answer
    )
    assert pauses(simulator) == 1 and simulator.call_count("/resume") == 0
    assert (
        simulator.ask("PATCH", f"/customer/v2/sessions/{cast.PING_CONNECTED}/resume").status_code
        == 200
    )


def test_who_paused_is_not_claimed_when_the_newest_statement_is_another(ana, simulator):
    press(ana)
    press_resume(ana, "ping", cast.PING_CONNECTED)
    simulator.ask(
        "PATCH", f"/customer/v2/sessions/{cast.PING_CONNECTED}/pause"
    )  # somebody else, past the panel
    shown = press(ana).text
    assert 'data-result="already"' in shown and 'data-paused="yes"' in shown
    assert "Paused by" not in shown


def test_agi_pauses_and_the_effect_is_read_back(ana, simulator):
    answer = press(ana, "agi", cast.AGI_RUNNING).text
    assert 'data-result="ok" data-verified="true"' in answer and "Confirmed" in answer
    assert (
        "a check afterwards shows it paused" in answer
        and 'data-state="paused" data-paused="yes"' in answer
    )
    assert AuditEvent.objects.get(action="look").verified is True


def test_agi_accepts_but_still_runs_is_not_confirmed(ana, simulator):
    simulator.fault("garbage", match=AGI_PAUSE, body='{"success": true, "message": "done"}')
    answer = press(ana, "agi", cast.AGI_RUNNING).text
    assert 'data-result="ok" data-verified="false"' in answer
    assert "not confirmed yet" in answer and 'data-paused="no"' in answer


@pytest.mark.parametrize(
    ("alias", "session_id"), [("ping", cast.PING_PAUSED), ("agi", cast.AGI_PAUSED)]
)
def test_a_session_that_was_paused_already_is_no_error(ana, alias, session_id):
    answer = press(ana, alias, session_id)
    assert answer.status_code == 200 and 'data-result="already"' in answer.text
    assert "Was paused already" in answer.text and 'data-paused="yes"' in answer.text
    assert "Was not paused" not in answer.text


def test_what_cannot_be_paused_is_refused_in_the_upstreams_words(ana):
    answer = press(ana, session_id=cast.PING_NOT_REUSABLE).text
    assert 'data-result="rejected"' in answer and "Only a reusable session can be paused" in answer


def test_no_trustworthy_answer_is_unknown_and_holds_both_acts(ana, simulator):
    simulator.fault("reset", match=PING_PAUSE, after=True)
    answer = press(ana).text
    assert (
        'data-result="unknown"' in answer
        and "We don’t know whether the session was paused" in answer
    )
    for again in (press(ana), press_resume(ana, "ping", cast.PING_CONNECTED)):
        assert again.status_code == 409 and "the outcome of the last pause is unknown" in again.text
    assert pauses(simulator) == 1 and simulator.call_count("/resume") == 0
    assert told() == [("pause", "intent", ""), ("pause", "outcome", "unknown")]


def test_an_unknown_pause_doubts_what_was_said_of_paused(ana, simulator):
    press_resume(ana, "ping", cast.PING_CONNECTED)
    simulator.fault("reset", match=PING_PAUSE)
    shown = " ".join(press(ana).text.split())
    assert 'data-paused="unknown"' in shown and "a resume or pause was sent since" in shown


def test_the_log_tells_a_pause_as_a_pause_and_a_resume_as_a_resume(ana):
    press(ana, reason="Card dispute", ticket="INC-1")
    press_resume(ana, "ping", cast.PING_CONNECTED, reason="Billing answered", ticket="INC-2")
    assert told() == [
        ("pause", "intent", ""),
        ("pause", "outcome", "ok"),
        ("resume", "intent", ""),
        ("resume", "outcome", "ok"),
    ]
    paused, resumed = AuditEvent.objects.filter(phase="intent").order_by("seq")
    assert (paused.reason, paused.ticket, paused.actor_role) == ("Card dispute", "INC-1", "support")
    assert (resumed.reason, resumed.ticket) == ("Billing answered", "INC-2")
    assert list(Attempt.objects.order_by("opened_at").values_list("action", flat=True)) == [
        "pause",
        "resume",
    ]
    sources = RemoteSession.objects.get().snapshots.exclude(paused=None).order_by("id")
    assert list(sources.values_list("source", "paused")) == [("pause", True), ("resume", False)]
    timeline = page(ana, session_id=cast.PING_CONNECTED)
    assert timeline.index("clicked Resume") < timeline.index("clicked Pause")


def test_a_resume_form_cannot_pause_and_a_pause_form_cannot_resume(ana, support, simulator):
    shown = page(ana, session_id=cast.PING_CONNECTED)
    resume_form, pause_form = (
        part.split('"')[0] for part in shown.split('name="form_token" value="')[1:3]
    )
    assert press(ana, form_token=resume_form).status_code == 409
    assert press_resume(ana, "ping", cast.PING_CONNECTED, form_token=pause_form).status_code == 409
    assert pauses(simulator) + simulator.call_count("/resume") == 0
    assert 'data-result="ok"' in press(ana, form_token=pause_form).text
    assert pauses(simulator) == 1


def test_a_pause_form_sent_twice_gives_the_first_result(ana, support, simulator):
    page(ana, session_id=cast.PING_CONNECTED)
    value = issue_form_token(
        RemoteSession.objects.get(), person_id=str(support.pk), action=Action.PAUSE
    )
    assert (
        'data-result="ok"' in press(ana, form_token=value).text
        and 'data-result="ok"' in press(ana, form_token=value).text
    )
    assert pauses(simulator) == 1 and Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("under_way", "act", "sentence"),
    [
        ("resume", press, "support2 is already resuming this session"),
        ("pause", press, "support2 is already pausing this session"),
        ("pause", press_resume, "support2 is already pausing this session"),
    ],
)
def test_one_open_act_of_either_kind_holds_the_session(
    ana, support2, simulator, under_way, act, sentence
):
    page(ana, session_id=cast.PING_CONNECTED)
    held_by_a_colleague(support2, under_way)
    answer = act(ana, "ping", cast.PING_CONNECTED)
    assert answer.status_code == 409 and sentence in answer.text
    assert pauses(simulator) + simulator.call_count("/resume") == 0


def test_a_colleague_who_pauses_is_named_in_place_of_both_buttons(ana, support2):
    page(ana, session_id=cast.PING_CONNECTED)
    held_by_a_colleague(support2, "pause")
    shown = page(ana, session_id=cast.PING_CONNECTED)
    assert "support2 is pausing this session" in shown
    assert "Resume session</button>" not in shown and "Pause session</button>" not in shown


def test_what_was_typed_into_a_pause_that_is_not_accepted_stays_in_the_open_form(ana, simulator):
    answer = press(ana, reason="A long story", ticket="no ticket!")
    assert answer.status_code == 400 and '<details class="pause" open>' in answer.text
    assert answer.text.count("A long story") == 1 and answer.text.count("no ticket!") == 1
    assert answer.text.index("Pause this session") < answer.text.index("A long story")
    assert pauses(simulator) == 0


@pytest.mark.parametrize(
    ("alias", "session_id", "warning"),
    [
        ("ping", cast.PING_CONNECTED, "Pausing disconnects everybody who uses this session now"),
        ("agi", cast.AGI_RUNNING, "Pausing stops the agent"),
    ],
)
def test_the_closed_form_warns_of_what_a_pause_does_to_people(ana, alias, session_id, warning):
    shown = page(ana, alias, session_id)
    assert warning in shown and '<details class="pause">' in shown
    assert "button-primary" not in shown[shown.index("Pause this session") :]


def test_pausing_counts_every_act_and_never_uses_up_the_way_back(ana, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(3, 600)]
    press(ana), press_resume(ana, "ping", cast.PING_CONNECTED), press(ana)
    answer = press(ana)
    assert answer.status_code == 429 and "3 actions of this session" in answer.text
    assert AuditEvent.objects.get(action="pause_limit").session_id == cast.PING_CONNECTED
    for _ in range(2):
        assert press_resume(ana, "ping", cast.PING_CONNECTED).status_code == 200
    assert press_resume(ana, "ping", cast.PING_CONNECTED).status_code == 429


def lost_pause(simulator, client, *, acted):
    simulator.fault("reset", match=AGI_PAUSE, after=acted)
    press(client, "agi", cast.AGI_RUNNING)
    return Attempt.objects.get()


def test_agi_shows_paused_so_the_question_of_a_pause_ends_and_the_result_stays_unknown(
    ana, simulator
):
    attempt = reconcile(lost_pause(simulator, ana, acted=True))
    assert (attempt.result, attempt.resolved_by, attempt.next_check_at) == (
        "unknown",
        "evidence",
        None,
    )
    assert "Seen paused at" in attempt.resolution_note
    look = AuditEvent.objects.get(action="look")
    assert look.story == attempt.intent_seq and look.verified is None


def test_agi_not_paused_is_looked_at_until_the_last_time(ana, simulator):
    attempt = lost_pause(simulator, ana, acted=False)
    for look, seconds in enumerate([1, 6, 31, 121], start=1):
        reconcile(attempt, seconds=seconds)
        assert (attempt.check_count, attempt.resolved_at) == (look, None)
    reconcile(attempt, seconds=601)
    assert (attempt.check_count, attempt.resolved_by) == (
        5,
        "evidence",
    ) and "still not paused" in attempt.resolution_note


def test_a_person_closes_the_question_of_a_pause(ana, simulator):
    simulator.fault("reset", match=PING_PAUSE, after=True)
    press(ana)
    address = reverse("session:close", args=["ping", cast.PING_CONNECTED, attempt().pk])
    ana.post(address, {"note": "The customer is off"})
    assert attempt().resolved_by == "person"
    closure = AuditEvent.objects.get(phase="closure")
    assert (closure.action, closure.story) == ("close_unknown", attempt().intent_seq)
