"""The resume button cannot lie: one call, five results, and the audit log tells the same story."""

import pytest
from django.urls import reverse

from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.models import Attempt

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

PING_RESUME = "PATCH /customer/v2/sessions/*/resume"
AGI_RESUME = "POST /v1/sessions/*/resume"


def press(client, alias, session_id, reason="Customer approved", ticket="INC-4412", **more):
    address = reverse("session:resume", args=[alias, session_id])
    return client.post(address, {"reason": reason, "ticket": ticket, **more}, follow=True)


def attempt():
    return Attempt.objects.get()


def story():
    return list(
        AuditEvent.objects.filter(action="resume").order_by("seq").values_list("phase", "result")
    )


def resume_calls(simulator) -> int:
    return simulator.call_count("/resume")


def test_ping_accepts_and_the_effect_is_not_claimed_to_be_seen(as_support, simulator):
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert 'data-result="ok" data-verified="false"' in answer.text
    assert "Accepted" in answer.text and "Confirmed" not in answer.text
    assert 'data-paused="no"' in answer.text
    assert resume_calls(simulator) == 1
    assert story() == [("intent", ""), ("outcome", "ok")]


def test_agi_accepts_and_the_effect_is_read_back(as_support, simulator):
    answer = press(as_support, "agi", cast.AGI_PAUSED)
    assert 'data-result="ok" data-verified="true"' in answer.text
    assert "Confirmed" in answer.text and 'data-state="running"' in answer.text
    assert resume_calls(simulator) == 1
    assert AuditEvent.objects.filter(action="look", phase="evidence", verified=True).count() == 1


def test_agi_accepts_but_still_shows_paused_is_not_confirmed(as_support, simulator):
    simulator.fault("garbage", match=AGI_RESUME, body='{"success": true, "message": "done"}')
    answer = press(as_support, "agi", cast.AGI_PAUSED)
    assert 'data-result="ok" data-verified="false"' in answer.text
    assert "not confirmed yet" in answer.text and 'data-paused="yes"' in answer.text


@pytest.mark.parametrize(
    ("alias", "session_id"), [("ping", cast.PING_CONNECTED), ("agi", cast.AGI_RUNNING)]
)
def test_a_session_that_was_not_paused_is_no_error(as_support, alias, session_id):
    answer = press(as_support, alias, session_id)
    assert answer.status_code == 200 and 'data-result="already"' in answer.text


def test_a_refusal_shows_the_upstreams_own_words_escaped(as_support, simulator):
    body = '{"error": {"code": "quota", "message": "<b>Ask billing</b>"}}'
    simulator.fault("status", match=PING_RESUME, status=400, body=body)
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert 'data-result="rejected"' in answer.text
    assert "&lt;b&gt;Ask billing&lt;/b&gt;" in answer.text and "<b>Ask billing" not in answer.text
    event = AuditEvent.objects.get(phase="outcome")
    assert (event.upstream_status, event.upstream_code) == (400, "quota")


def test_an_unknown_session_is_refused(as_support):
    assert 'data-result="rejected"' in press(as_support, "ping", cast.PING_UNKNOWN).text


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
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert 'data-result="unknown"' in answer.text
    assert "notice-ok" not in answer.text
    assert resume_calls(simulator) == 1
    assert story() == [("intent", ""), ("outcome", "unknown")]
    assert RemoteSession.objects.get().paused_doubted_at


def test_hanging_is_unknown_within_the_deadline(as_support, simulator, settings):
    settings.UPSTREAM_WRITE_SECONDS = 0.5
    simulator.fault("hang", match=PING_RESUME, seconds=5)
    assert 'data-result="unknown"' in press(as_support, "ping", cast.PING_PAUSED).text
    assert attempt().failure == "timed_out"


def test_nothing_listening_is_not_sent_and_may_be_pressed_again(as_support, dead_upstreams):
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert 'data-result="not_sent"' in answer.text and "You can try again" in answer.text
    assert story() == [("intent", ""), ("outcome", "not_sent")]
    assert ">Customer approved</textarea>" in answer.text


def test_a_refused_key_is_said_with_what_to_do_and_doubts_the_session(as_support, simulator):
    simulator.fault("status", status=401, match=PING_RESUME)
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert (
        'data-result="rejected"' in answer.text and "the account needs a working key" in answer.text
    )
    assert RemoteSession.objects.get().failure == "refused_key"


def test_the_intent_is_durable_before_anything_is_sent(as_support, monkeypatch):
    seen = []
    from pingadmin.upstream.ping import PingAPI

    whole = PingAPI.resume

    def watch(api, session_id):
        seen.append(list(AuditEvent.objects.values_list("phase", flat=True)))
        return whole(api, session_id)

    monkeypatch.setattr(PingAPI, "resume", watch)
    press(as_support, "ping", cast.PING_PAUSED)
    assert seen == [["intent"]]


def test_the_story_holds_who_why_what_was_shown_and_the_snapshots(as_support, support):
    page = as_support.get(reverse("session:page", args=["ping", cast.PING_PAUSED]))
    press(as_support, "ping", cast.PING_PAUSED, press=hidden(page))
    intent, outcome = AuditEvent.objects.filter(action="resume").order_by("seq")
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
    assert intent.snapshot_before and outcome.snapshot_after
    assert outcome.story == intent.seq and outcome.upstream_status == 200


def test_no_form_was_shown_is_said_so(as_support):
    press(as_support, "ping", cast.PING_PAUSED)
    assert AuditEvent.objects.get(phase="intent").shown in ("", "null")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501, "a\x00b", "bell\x07"])
def test_a_reason_that_cannot_be_used_is_named_and_nothing_is_sent(as_support, simulator, reason):
    answer = press(as_support, "ping", cast.PING_PAUSED, reason=reason)
    assert answer.status_code == 400 and "Nothing was sent" in answer.text
    assert resume_calls(simulator) == 0 and not Attempt.objects.exists()


def test_a_ticket_that_cannot_be_one_keeps_what_was_typed(as_support, simulator):
    answer = press(as_support, "ping", cast.PING_PAUSED, reason="A long story", ticket="no ticket!")
    assert answer.status_code == 400
    assert "A long story" in answer.text and "no ticket!" in answer.text
    assert resume_calls(simulator) == 0


def test_turned_text_in_a_reason_is_shown_as_it_is_spelt(as_support):
    answer = press(as_support, "ping", cast.PING_PAUSED, reason="ok \u202egnp.exe")
    assert "\u202e" not in answer.text and "\\u202e" in answer.text


def test_a_ticket_may_be_demanded(as_support, settings):
    settings.TICKET_REQUIRED = True
    assert press(as_support, "ping", cast.PING_PAUSED, ticket="").status_code == 400


def test_the_last_ticket_is_offered_again(as_support):
    press(as_support, "ping", cast.PING_PAUSED, ticket="INC-7")
    page = as_support.get(reverse("session:page", args=["ping", cast.PING_PAUSED]))
    assert 'value="INC-7"' in page.text


def test_an_account_that_is_not_set_sends_nothing(as_support, simulator, settings):
    settings.UPSTREAMS = {}
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert answer.status_code == 409 and resume_calls(simulator) == 0


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete", "trace"])
def test_only_a_post_resumes(as_support, simulator, method):
    answer = getattr(as_support, method)(reverse("session:resume", args=["ping", cast.PING_PAUSED]))
    assert answer.status_code == 405 and resume_calls(simulator) == 0


@pytest.mark.parametrize("who", ["as_viewer", "as_auditor", "as_admin"])
def test_only_support_resumes(request, simulator, who):
    assert press(request.getfixturevalue(who), "ping", cast.PING_PAUSED).status_code == 403
    assert resume_calls(simulator) == 0


def hidden(page) -> str:
    return page.text.split('name="form_token" value="')[1].split('"')[0]
