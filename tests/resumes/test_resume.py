"""The resume button cannot lie: one call, five results, and the audit log says the same."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.attempt_notice import describe_attempt
from pingadmin.resumes.forms import ReasonForm, ResolveForm
from pingadmin.resumes.models import Attempt
from pingadmin.upstream.ping import PingAPI
from tests.factories import AttemptFactory
from tests.support.html import parse
from tests.support.session_actions import (
    AGI_RESUME,
    PING_RESUME,
    click_resume,
    form_token,
    outcome,
    resume_calls,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def resume_events() -> list[tuple[str, str]]:
    """Phase and result of each event about a resume, in the order of the log."""
    events = AuditEvent.objects.filter(action="resume").order_by("seq")
    return list(events.values_list("phase", "result"))


def test_ping_accepts_and_the_effect_is_not_claimed_to_be_seen(as_support, simulator):
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    notice = outcome(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "false")
    assert notice.text("h3") == "Accepted" and "Confirmed" not in response.text
    assert parse(response).one("#card")["data-paused"] == "no"
    assert resume_calls(simulator) == 1
    assert resume_events() == [("intent", ""), ("outcome", "ok")]


def test_agi_accepts_and_the_effect_is_read_back(as_support, simulator):
    response = click_resume(as_support, "agi", cast.AGI_PAUSED)
    notice = outcome(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "true")
    assert notice.text("h3") == "Confirmed"
    assert parse(response).one("#card")["data-state"] == "running"
    assert resume_calls(simulator) == 1
    assert AuditEvent.objects.filter(action="look", phase="evidence", verified=True).count() == 1


def test_agi_accepts_but_still_shows_paused_is_not_confirmed(as_support, simulator):
    simulator.fault("garbage", match=AGI_RESUME, body='{"success": true, "message": "done"}')
    response = click_resume(as_support, "agi", cast.AGI_PAUSED)
    notice = outcome(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "false")
    assert "not confirmed yet" in notice.text()
    assert parse(response).one("#card")["data-paused"] == "yes"


@pytest.mark.parametrize(
    ("alias", "session_id"), [("ping", cast.PING_CONNECTED), ("agi", cast.AGI_RUNNING)]
)
def test_a_session_that_was_not_paused_is_no_error(as_support, alias, session_id):
    response = click_resume(as_support, alias, session_id)
    assert response.status_code == 200 and outcome(response)["data-result"] == "already"


def test_a_refusal_shows_the_upstreams_own_words_escaped(as_support, simulator):
    body = '{"error": {"code": "quota", "message": "<b>Ask billing</b>"}}'
    simulator.fault("status", match=PING_RESUME, status=400, body=body)
    notice = outcome(click_resume(as_support, "ping", cast.PING_PAUSED))
    assert notice["data-result"] == "rejected"
    assert "<b>Ask billing</b>" in notice.text("blockquote") and not notice.has("b")
    event = AuditEvent.objects.get(phase="outcome")
    assert (event.upstream_status, event.upstream_code) == (400, "quota")


def test_an_unknown_session_is_refused(as_support):
    response = click_resume(as_support, "ping", cast.PING_UNKNOWN)
    assert outcome(response)["data-result"] == "rejected"


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("reset", {"after": True}),
        ("close", {}),
        ("html", {"status": 502}),
        ("status", {"status": 500}),
        ("garbage", {}),
        ("wrong_id", {}),
        ("redirect", {}),
        ("truncate", {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_trustworthy_answer_is_unknown_and_never_sent_again(as_support, simulator, fault, how):
    simulator.fault(fault, match=PING_RESUME, **how)
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    assert outcome(response)["data-result"] == "unknown"
    assert not parse(response).has(".notice-ok")
    assert resume_calls(simulator) == 1
    assert resume_events() == [("intent", ""), ("outcome", "unknown")]
    assert RemoteSession.objects.get().paused_doubted_at


def test_hanging_is_unknown_within_the_deadline(as_support, simulator, seconds_for_answer):
    seconds_for_answer(0.5)
    simulator.fault("hang", match=PING_RESUME, seconds=5)
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    assert outcome(response)["data-result"] == "unknown"
    assert Attempt.objects.get().failure == "timed_out"


def test_nothing_listening_is_not_sent_and_may_be_tried_again(as_support, dead_upstreams):
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    notice = outcome(response)
    assert notice["data-result"] == "not_sent" and "You can try again" in notice.text()
    assert resume_events() == [("intent", ""), ("outcome", "not_sent")]
    assert parse(response).text("#resume textarea[name=reason]") == "Customer approved"


def test_a_refused_key_is_named_with_what_to_do_and_doubts_the_session(as_support, simulator):
    simulator.fault("status", status=401, match=PING_RESUME)
    notice = outcome(click_resume(as_support, "ping", cast.PING_PAUSED))
    assert notice["data-result"] == "rejected"
    assert "the account needs a working key" in notice.text()
    assert RemoteSession.objects.get().failure == "refused_key"


def test_the_intent_is_durable_before_anything_is_sent(as_support, monkeypatch):
    phases_when_called = []
    call = PingAPI.resume

    def read_log_and_call(api, session_id):
        phases_when_called.append(list(AuditEvent.objects.values_list("phase", flat=True)))
        return call(api, session_id)

    monkeypatch.setattr(PingAPI, "resume", read_log_and_call)
    click_resume(as_support, "ping", cast.PING_PAUSED)
    assert phases_when_called == [["intent"]]


def test_the_audit_entry_holds_who_why_what_was_shown_and_the_snapshots(as_support, support):
    page = as_support.get(reverse("session:page", args=["ping", cast.PING_PAUSED]))
    click_resume(as_support, "ping", cast.PING_PAUSED, form_token=form_token(page))
    intent, outcome_event = AuditEvent.objects.filter(action="resume").order_by("seq")
    assert (intent.actor_id, intent.actor_name, intent.actor_role) == (
        str(support.pk),
        "support",
        "support",
    )
    assert (intent.reason, intent.ticket, intent.client) == (
        "Customer approved",
        "INC-4412",
        "acme-frankfurt-022",
    )
    assert (intent.alias, intent.session_id) == ("ping", cast.PING_PAUSED)
    assert '"paused":"unknown"' in intent.shown.replace(" ", "") and "Disconnected" in intent.shown
    assert intent.snapshot_before and outcome_event.snapshot_after
    assert outcome_event.story == intent.seq and outcome_event.upstream_status == 200


def test_an_intent_without_a_form_says_that_nothing_was_shown(as_support):
    click_resume(as_support, "ping", cast.PING_PAUSED)
    assert AuditEvent.objects.get(phase="intent").shown in ("", "null")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b", "bell\x07"])
def test_a_reason_that_cannot_be_used_is_named_and_nothing_is_sent(as_support, simulator, reason):
    response = click_resume(as_support, "ping", cast.PING_PAUSED, reason=reason)
    page = parse(response)
    assert response.status_code == 400
    assert page.text("#problem-resume") == "Nothing was sent: fix the marked field."
    assert page.text("#reason-error")
    assert resume_calls(simulator) == 0 and not Attempt.objects.exists()


def test_a_ticket_that_cannot_be_one_keeps_what_was_typed(as_support, simulator):
    response = click_resume(
        as_support, "ping", cast.PING_PAUSED, reason="A long story", ticket="no ticket!"
    )
    page = parse(response)
    assert response.status_code == 400
    assert page.text("#resume textarea[name=reason]") == "A long story"
    assert page.one("#resume input[name=ticket]")["value"] == "no ticket!"
    assert resume_calls(simulator) == 0


def test_turned_text_in_a_reason_is_shown_as_it_is_spelt(as_support):
    response = click_resume(as_support, "ping", cast.PING_PAUSED, reason="ok \u202egnp.exe")
    assert "\u202e" not in response.text and "\\u202e" in parse(response).text(".timeline")


def test_a_ticket_may_be_demanded(as_support, settings):
    settings.TICKET_REQUIRED = True
    assert click_resume(as_support, "ping", cast.PING_PAUSED, ticket="").status_code == 400


def test_the_last_ticket_is_offered_again(as_support):
    click_resume(as_support, "ping", cast.PING_PAUSED, ticket="INC-7")
    page = parse(as_support.get(reverse("session:page", args=["ping", cast.PING_PAUSED])))
    assert page.one("#resume input[name=ticket]")["value"] == "INC-7"


def test_an_account_that_is_not_set_sends_nothing(as_support, simulator, settings):
    settings.UPSTREAMS = {}
    response = click_resume(as_support, "ping", cast.PING_PAUSED)
    assert response.status_code == 409 and resume_calls(simulator) == 0


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete", "trace"])
def test_only_a_post_resumes(as_support, simulator, method):
    address = reverse("session:resume", args=["ping", cast.PING_PAUSED])
    assert getattr(as_support, method)(address).status_code == 405
    assert resume_calls(simulator) == 0


@pytest.mark.parametrize("who", ["as_viewer", "as_auditor", "as_admin"])
def test_only_support_resumes(request, simulator, who):
    client = request.getfixturevalue(who)
    assert click_resume(client, "ping", cast.PING_PAUSED).status_code == 403
    assert resume_calls(simulator) == 0


@pytest.mark.parametrize("field", ["reason", "note"])
def test_a_reason_is_counted_as_it_is_stored(field):
    """A browser sends two characters for each line break, and counts one."""
    text = "a" * 165 + "\r\n" + "b" * 166 + "\r\n" + "c" * 167
    form = {"reason": ReasonForm, "note": ResolveForm}[field]({field: text})
    assert form.is_valid(), form.errors
    assert len(form.cleaned_data[field]) == 500 and "\n" not in form.cleaned_data[field]
    form = {"reason": ReasonForm, "note": ResolveForm}[field]({field: text + "d"})
    assert not form.is_valid() and "501" in str(form.errors)
    assert not ReasonForm({"reason": "a\0b"}).is_valid()
    assert not ReasonForm({"reason": "\u3164 \u200b\u2800"}).is_valid(), "nobody could read it"


@pytest.mark.parametrize(
    ("asked", "passed", "left"),
    [(7, 0, 7), (7, 5, 2), (7, 8, 0), (86_400, 0, 60), (0, 0, 0), (None, 0, 0)],
)
def test_a_wait_that_the_upstream_asked_for_runs_down(asked, passed, left, as_support):
    closed_at = timezone.now()
    attempt = AttemptFactory(result="rejected", failure="rate_limited", retry_after=asked)
    attempt.is_open, attempt.closed_at = False, closed_at
    notice = describe_attempt(attempt, now=closed_at + timedelta(seconds=passed))
    assert notice.wait_seconds == left


def test_a_doubled_field_counts_once(as_support, simulator):
    """T93: the last one, in the record and in what is sent."""
    address = reverse("session:resume", args=["ping", cast.PING_PAUSED])
    as_support.post(address, {"reason": ["First reason", "Second reason"]})
    assert resume_calls(simulator) == 1
    assert AuditEvent.objects.get(action="resume", phase="intent").reason == "Second reason"


def test_every_commit_reaches_the_disk(db):
    """T46: the database is told not to answer before."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous")
            assert cursor.fetchone() == (2,)
        else:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)
