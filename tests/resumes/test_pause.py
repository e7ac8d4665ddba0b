"""A pause is as careful as a resume, and only for the roles that the settings name."""

import pytest
from django.urls import reverse

from pingadmin.accounts.syncing import sync_roles
from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.models import Attempt
from tests.factories import AttemptFactory
from tests.support.html import parse
from tests.support.session_actions import (
    click_resume,
    open_session_page,
    outcome,
    reconcile,
    session_card,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

PING_PAUSE = "PATCH /customer/v2/sessions/*/pause"
AGI_PAUSE = "POST /v1/sessions/*/pause"


@pytest.fixture
def pausing(settings):
    """Support may pause here."""
    settings.PAUSE_ROLES = ["support"]
    sync_roles()


@pytest.fixture
def ana(pausing, as_support):
    return as_support


def click_pause(
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


def recorded_actions():
    events = AuditEvent.objects.filter(action__in=["resume", "pause"])
    return list(events.order_by("seq").values_list("action", "phase", "result"))


def pause_calls(simulator) -> int:
    return simulator.call_count("/pause")


def open_attempt_of_a_colleague(support2, action):
    return AttemptFactory(
        session=RemoteSession.objects.get(),
        action=action,
        actor_id=str(support2.pk),
        actor_name="support2",
    )


@pytest.mark.parametrize("client_fixture", ["as_viewer", "as_support", "as_auditor", "as_admin"])
def test_by_default_nobody_may_pause_or_is_offered_to(request, simulator, client_fixture):
    client = request.getfixturevalue(client_fixture)
    assert click_pause(client).status_code == 403
    assert pause_calls(simulator) == 0 and not Attempt.objects.exists()
    answer = client.get(reverse("session:page", args=["ping", cast.PING_CONNECTED]))
    assert "Pause session" not in answer.text


@pytest.mark.parametrize("client_fixture", ["as_viewer", "as_auditor", "as_admin"])
def test_where_support_may_pause_the_others_still_may_not(
    request, pausing, simulator, client_fixture
):
    assert click_pause(request.getfixturevalue(client_fixture)).status_code == 403
    assert pause_calls(simulator) == 0


def test_ping_pauses_and_the_session_shows_who_paused_it_and_who_reported_it(ana, simulator):
    response = click_pause(ana)
    notice = outcome(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "false")
    assert "Accepted" in notice.text()
    assert "Ping said the session is paused now" in notice.text()
    card = session_card(response)
    assert card["data-paused"] == "yes"
    assert "Paused by support, " in card.text() and "confirmed by Ping then" in card.text()
    assert pause_calls(simulator) == 1 and simulator.call_count("/resume") == 0
    assert (
        simulator.ask("PATCH", f"/customer/v2/sessions/{cast.PING_CONNECTED}/resume").status_code
        == 200
    )


def test_nobody_is_named_when_the_newest_report_came_another_way(ana, simulator):
    click_pause(ana)
    click_resume(ana, "ping", cast.PING_CONNECTED)
    simulator.ask(
        "PATCH", f"/customer/v2/sessions/{cast.PING_CONNECTED}/pause"
    )  # somebody else, past the panel
    response = click_pause(ana)
    assert outcome(response)["data-result"] == "already"
    assert session_card(response)["data-paused"] == "yes"
    assert "Paused by" not in response.text


def test_agi_pauses_and_the_effect_is_read_back(ana, simulator):
    response = click_pause(ana, "agi", cast.AGI_RUNNING)
    notice, card = outcome(response), session_card(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "true")
    assert "Confirmed" in notice.text() and "a check afterwards shows it paused" in notice.text()
    assert (card["data-state"], card["data-paused"]) == ("paused", "yes")
    assert AuditEvent.objects.get(action="look").verified is True


def test_agi_accepts_but_still_runs_is_not_confirmed(ana, simulator):
    simulator.fault("garbage", match=AGI_PAUSE, body='{"success": true, "message": "done"}')
    response = click_pause(ana, "agi", cast.AGI_RUNNING)
    notice = outcome(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "false")
    assert "not confirmed yet" in notice.text()
    assert session_card(response)["data-paused"] == "no"


@pytest.mark.parametrize(
    ("alias", "session_id"), [("ping", cast.PING_PAUSED), ("agi", cast.AGI_PAUSED)]
)
def test_a_session_that_was_paused_already_is_no_error(ana, alias, session_id):
    answer = click_pause(ana, alias, session_id)
    assert answer.status_code == 200
    notice = outcome(answer)
    assert notice["data-result"] == "already" and "Was already paused" in notice.text()
    assert session_card(answer)["data-paused"] == "yes"
    assert "Was not paused" not in answer.text


def test_a_session_that_cannot_be_paused_is_refused_in_the_upstreams_words(ana):
    notice = outcome(click_pause(ana, session_id=cast.PING_NOT_REUSABLE))
    assert notice["data-result"] == "rejected"
    assert "Only a reusable session can be paused" in notice.text()


def test_no_trustworthy_answer_is_unknown_and_blocks_both_actions(ana, simulator):
    simulator.fault("reset", match=PING_PAUSE, after=True)
    notice = outcome(click_pause(ana))
    assert notice["data-result"] == "unknown"
    assert "We don’t know whether the session was paused" in notice.text()
    for again in (click_pause(ana), click_resume(ana, "ping", cast.PING_CONNECTED)):
        assert again.status_code == 409 and "the outcome of the last pause is unknown" in again.text
    assert pause_calls(simulator) == 1 and simulator.call_count("/resume") == 0
    assert recorded_actions() == [("pause", "intent", ""), ("pause", "outcome", "unknown")]


def test_an_unknown_pause_puts_paused_in_doubt(ana, simulator):
    click_resume(ana, "ping", cast.PING_CONNECTED)
    simulator.fault("reset", match=PING_PAUSE)
    card = session_card(click_pause(ana))
    assert card["data-paused"] == "unknown" and "a resume or pause was sent since" in card.text()


def test_the_log_records_a_pause_as_a_pause_and_a_resume_as_a_resume(ana):
    click_pause(ana, reason="Card dispute", ticket="INC-1")
    click_resume(ana, "ping", cast.PING_CONNECTED, reason="Billing answered", ticket="INC-2")
    assert recorded_actions() == [
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
    timeline = open_session_page(ana, session_id=cast.PING_CONNECTED).text(".timeline")
    assert timeline.index("clicked Resume") < timeline.index("clicked Pause")


def test_a_resume_form_cannot_pause_and_a_pause_form_cannot_resume(ana, support, simulator):
    page = open_session_page(ana, session_id=cast.PING_CONNECTED)
    resume_form, pause_form = page.attributes('[name="form_token"]', "value")
    assert click_pause(ana, form_token=resume_form).status_code == 409
    assert click_resume(ana, "ping", cast.PING_CONNECTED, form_token=pause_form).status_code == 409
    assert pause_calls(simulator) + simulator.call_count("/resume") == 0
    assert outcome(click_pause(ana, form_token=pause_form))["data-result"] == "ok"
    assert pause_calls(simulator) == 1


def test_a_pause_form_sent_twice_gives_the_first_result(ana, support, simulator):
    open_session_page(ana, session_id=cast.PING_CONNECTED)
    value = issue_form_token(
        RemoteSession.objects.get(), person_id=str(support.pk), action=Action.PAUSE
    )
    for _ in range(2):
        assert outcome(click_pause(ana, form_token=value))["data-result"] == "ok"
    assert pause_calls(simulator) == 1 and Attempt.objects.count() == 1


@pytest.mark.parametrize(
    ("action", "click", "sentence"),
    [
        ("resume", click_pause, "support2 is resuming this session"),
        ("pause", click_pause, "support2 is pausing this session"),
        ("pause", click_resume, "support2 is pausing this session"),
    ],
)
def test_an_open_attempt_of_either_action_blocks_the_session(
    ana, support2, simulator, action, click, sentence
):
    open_session_page(ana, session_id=cast.PING_CONNECTED)
    open_attempt_of_a_colleague(support2, action)
    answer = click(ana, "ping", cast.PING_CONNECTED)
    assert answer.status_code == 409 and sentence in answer.text
    assert pause_calls(simulator) + simulator.call_count("/resume") == 0


def test_a_colleague_who_pauses_is_named_in_place_of_both_buttons(ana, support2):
    open_session_page(ana, session_id=cast.PING_CONNECTED)
    open_attempt_of_a_colleague(support2, "pause")
    page = open_session_page(ana, session_id=cast.PING_CONNECTED)
    assert "support2 is pausing this session" in page.text()
    assert not {"Resume session", "Pause session"} & set(page.texts("button"))


def test_what_was_typed_stays_in_the_expanded_form_of_a_refused_pause(ana, simulator):
    answer = click_pause(ana, reason="A long story", ticket="no ticket!")
    assert answer.status_code == 400
    assert answer.text.count("A long story") == 1 and answer.text.count("no ticket!") == 1
    form = parse(answer).one("details.pause[open]")
    assert "Pause this session" in form.text("summary")
    assert form.text("[name=reason]") + form.one("[name=reason]")["value"] == "A long story"
    assert form.one("[name=ticket]")["value"] == "no ticket!"
    assert pause_calls(simulator) == 0


@pytest.mark.parametrize(
    ("alias", "session_id", "warning"),
    [
        ("ping", cast.PING_CONNECTED, "Pausing disconnects everybody who uses this session now"),
        ("agi", cast.AGI_RUNNING, "Pausing stops the agent"),
    ],
)
def test_the_collapsed_form_warns_of_what_a_pause_does_to_people(ana, alias, session_id, warning):
    form = open_session_page(ana, alias, session_id).one("details.pause:not(.later)")
    assert warning in form.text() and "open" not in form
    assert not form.has(".button-primary")


def test_a_pause_counts_every_action_and_never_uses_up_the_resumes(ana, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(3, 600)]
    click_pause(ana), click_resume(ana, "ping", cast.PING_CONNECTED), click_pause(ana)
    answer = click_pause(ana)
    assert answer.status_code == 429 and "3 actions of this session" in answer.text
    assert AuditEvent.objects.get(action="pause_limit").session_id == cast.PING_CONNECTED
    for _ in range(2):
        assert click_resume(ana, "ping", cast.PING_CONNECTED).status_code == 200
    assert click_resume(ana, "ping", cast.PING_CONNECTED).status_code == 429


def lost_pause(simulator, client, *, acted):
    simulator.fault("reset", match=AGI_PAUSE, after=acted)
    click_pause(client, "agi", cast.AGI_RUNNING)
    return Attempt.objects.get()


def test_agi_shows_paused_which_resolves_a_pause_and_leaves_its_result_unknown(ana, simulator):
    attempt = reconcile(lost_pause(simulator, ana, acted=True))
    assert (attempt.result, attempt.resolved_by) == ("unknown", "evidence")
    assert attempt.next_check_at is None
    assert "UTC the session was paused." in attempt.resolution_note
    check = AuditEvent.objects.get(action="look")
    assert check.story == attempt.intent_seq and check.verified is None


def test_agi_not_paused_is_checked_until_the_last_time(ana, simulator):
    attempt = lost_pause(simulator, ana, acted=False)
    for check_count, seconds in enumerate([1, 6, 31, 121], start=1):
        reconcile(attempt, seconds=seconds)
        assert (attempt.check_count, attempt.resolved_at) == (check_count, None)
    reconcile(attempt, seconds=601)
    assert (attempt.check_count, attempt.resolved_by) == (5, "evidence")
    assert "still not paused" in attempt.resolution_note


def test_a_person_resolves_an_unknown_pause(ana, simulator):
    simulator.fault("reset", match=PING_PAUSE, after=True)
    click_pause(ana)
    address = reverse("session:resolve", args=["ping", cast.PING_CONNECTED, attempt().pk])
    ana.post(address, {"note": "The customer is off"})
    assert attempt().resolved_by == "person"
    closure = AuditEvent.objects.get(phase="closure")
    assert (closure.action, closure.story) == ("close_unknown", attempt().intent_seq)
