"""Answering an agent is as careful as a resume, and stops at the first step that isn't `ok`."""

import json

import pytest
from django.db import DatabaseError
from django.urls import reverse
from django.utils import timezone

from pingadmin.accounts.syncing import sync_roles
from pingadmin.audit.models import AuditEvent
from pingadmin.demo import cast
from pingadmin.notifications.models import Notification
from pingadmin.notifications.wording import text_of
from pingadmin.remote_sessions.conversation import reports
from pingadmin.remote_sessions.models import AgentTask, RemoteSession
from pingadmin.resumes.actions import Action
from pingadmin.resumes.answering import chains
from pingadmin.resumes.attempts import AttemptBlocked
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.models import Attempt
from pingadmin.upstream.records import Conversation
from tests.factories import AttemptFactory
from tests.support.html import parse
from tests.support.session_actions import open_session_page, outcome, reconcile

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]

MESSAGE, CANCEL = "POST /v1/sessions/*/message", "POST /v1/sessions/*/cancel"
QUESTION = "Approve 249 EUR?"
QUESTION_ID = 2


@pytest.fixture
def cancelling(settings):
    """Support may cancel here."""
    settings.CANCEL_ROLES = ["support"]
    sync_roles()


@pytest.fixture
def ana(cancelling, as_support):
    return as_support


@pytest.fixture
def asking(simulator, ana):
    """The id of a session whose agent waits for an answer; its page was opened."""
    said = [{"type": "USER", "content": "Buy a printer"}]
    session_id = simulator.session("agi", messages=said, question=QUESTION)
    open_session_page(ana, "agi", session_id)
    return session_id


@pytest.fixture
def paused(simulator, asking):
    assert simulator.ask("POST", f"/v1/sessions/{asking}/pause").ok
    return asking


def click(client, session_id, do="answer", message="Yes, go ahead", **fields):
    address = reverse("session:answer", args=["agi", session_id])
    sent = {"do": do, "message": message, "reason": "Customer approved", "ticket": "INC-4412"}
    return client.post(address, sent | {"question": str(QUESTION_ID)} | fields)


def read_conversation(client, session_id) -> None:
    """As an open page does, which stores that the agent waits."""
    assert client.get(reverse("session:conversation", args=["agi", session_id])).status_code == 200


def steps(response) -> list[str]:
    return [step.split(" audit #")[0] for step in parse(response).texts("#answer-steps li")]


def recorded_actions():
    events = AuditEvent.objects.filter(action__in=Action.values).order_by("seq")
    return list(events.values_list("action", "phase", "result"))


def sent_calls(simulator) -> dict[str, int]:
    return {
        name.rsplit("/", 1)[1]: times
        for name, times in simulator.calls("POST ").items()
        if name.rsplit("/", 1)[1] in ("message", "resume", "cancel")
    }


def conversation(simulator, session_id):
    return simulator.ask("GET", f"/v1/sessions/{session_id}/messages").json()["messages"]


def test_an_answer_arrives_and_is_found_in_the_conversation(ana, asking, simulator):
    response = click(ana, asking, message="Yes.\r\nGo <b>ahead</b>")
    notice = outcome(response)
    assert (notice["data-result"], notice["data-verified"]) == ("ok", "true")
    assert "AGI said it took the message, and a check afterwards found it" in notice.text()
    assert steps(response) == ["Message: confirmed."]
    assert conversation(simulator, asking)[-1]["content"] == "Yes.\nGo <b>ahead</b>"
    assert sent_calls(simulator) == {"message": 1}


def test_the_audit_log_has_the_text_and_shows_it_as_plain_text(ana, asking, as_auditor):
    click(ana, asking, message="Yes.\nGo <b>ahead</b>")
    intent = AuditEvent.objects.get(action="message", phase="intent")
    assert (intent.reason, intent.ticket) == ("Customer approved", "INC-4412")
    assert json.loads(intent.detail) == {
        "sent_lines": ["Yes.", "Go <b>ahead</b>"],
        "question": QUESTION_ID,
        "after_id": QUESTION_ID,
    }
    check = AuditEvent.objects.get(action="look", phase="evidence")
    assert (check.verified, json.loads(check.detail)["effect"]) == (True, "yes")
    page = parse(as_auditor.get(reverse("audit:entry", args=[intent.seq]))).text()
    assert "support wrote, in answer to question 2: “Yes. / Go <b>ahead</b>”" in page
    assert "The conversation showed the effect." in page
    log = parse(as_auditor.get(reverse("audit:log"), {"action": "message"})).text()
    assert "asked to send a message to" in log


def test_a_message_of_10000_characters_is_kept_whole(ana, asking, simulator):
    text = "€😀" * 5000
    assert outcome(click(ana, asking, message=text))["data-verified"] == "true"
    intent = AuditEvent.objects.get(action="message", phase="intent")
    assert json.loads(intent.detail)["sent_lines"] == [text]


def test_messages_and_cancellations_wait_for_review(ana, paused):
    click(ana, paused, "decline")
    waiting = AuditEvent.objects.needing_review()
    assert [event.action for event in waiting.order_by("seq")] == ["message", "cancel"]


@pytest.mark.parametrize("do", ["approve", "instruct"])
def test_a_message_and_then_the_resume(ana, paused, simulator, do):
    response = click(ana, paused, do)
    assert steps(response) == ["Message: confirmed.", "Resume: confirmed."]
    assert sent_calls(simulator) == {"message": 1, "resume": 1}
    assert recorded_actions() == [
        ("message", "intent", ""),
        ("message", "outcome", "ok"),
        ("resume", "intent", ""),
        ("resume", "outcome", "ok"),
    ]


@pytest.mark.parametrize("do", ["answer", "approve", "instruct", "decline"])
def test_a_question_that_was_answered_is_not_reported_as_waiting(ana, paused, do):
    read_conversation(ana, paused)
    wait = AgentTask.objects.get()
    assert wait.waiting_since and wait.question_id == QUESTION_ID
    click(ana, paused, do)
    # As the collector does before it has read the messages again.
    RemoteSession.objects.update(state="running", paused_reported=False)
    reports.report_waits()
    assert not AuditEvent.objects.filter(action="agent_waiting").exists()


def test_a_message_that_did_not_arrive_leaves_the_question_open(ana, asking, simulator):
    read_conversation(ana, asking)
    simulator.fault("status", match=MESSAGE, status=500)
    click(ana, asking)
    assert AgentTask.objects.get().waiting_since


def test_after_a_message_alone_the_resume_is_still_the_main_button(ana, paused):
    page = parse(click(ana, paused, "answer"))
    assert page.text("#outcome h3") == "Message: confirmed"
    assert not page.has("details.again") and page.has("#resume button.button-primary")


def test_an_approval_has_a_text_of_its_own(ana, paused, simulator):
    click(ana, paused, "approve", message="")
    assert conversation(simulator, paused)[-1]["content"] == "Approved. Please continue."


def test_a_session_that_is_known_not_to_be_paused_is_not_resumed(ana, asking, simulator):
    response = click(ana, asking, "approve")
    assert steps(response) == [
        "Message: confirmed.",
        "Resume: not sent, the session isn’t paused.",
    ]
    assert sent_calls(simulator) == {"message": 1}


@pytest.mark.parametrize(("message", "sent"), [("No.", ["message", "cancel"]), ("", ["cancel"])])
def test_declining_cancels_the_task(ana, asking, simulator, message, sent):
    response = click(ana, asking, "decline", message)
    assert steps(response)[-1] == "Cancellation of the task: confirmed."
    assert sent_calls(simulator) == dict.fromkeys(sent, 1)
    assert Attempt.objects.get(action="cancel").verified is True
    assert simulator.ask("GET", f"/v1/sessions/{asking}/status").json()["status"] == "finished"


FAULTS = [
    ("reset", {"after": True}, "unknown", "outcome unknown"),
    ("status", {"status": 429}, "rejected", "refused"),
]


@pytest.mark.parametrize(
    ("do", "stopped"), [("approve", "Resume"), ("decline", "Cancellation of the task")]
)
@pytest.mark.parametrize(("fault", "details", "result", "words"), FAULTS)
def test_the_chain_stops_at_a_message_that_is_not_ok(
    ana, paused, simulator, do, stopped, fault, details, result, words
):
    simulator.fault(fault, match=MESSAGE, **details)
    response = click(ana, paused, do)
    assert steps(response) == [
        f"Message: {words}.",
        f"{stopped}: not sent, the steps stopped before it.",
    ]
    assert sent_calls(simulator) == {"message": 1}
    assert Attempt.objects.get().result == result


@pytest.mark.parametrize(("do", "left_out"), [("instruct", "resume"), ("decline", "cancel")])
def test_where_an_answer_stopped_is_still_said_to_whoever_looks_later(
    ana, paused, as_viewer, simulator, do, left_out
):
    simulator.fault("status", match=MESSAGE, status=500)
    click(ana, paused, do)
    event = AuditEvent.objects.get(action=f"{left_out}_left_out")
    assert (event.actor_name, event.session_id) == ("support", paused)
    assert json.loads(event.detail) == {"why": "the steps stopped before it"}
    page = parse(as_viewer.get(f"/sessions/agi/{paused}/"))
    assert "left out" in page.text("#last").lower()


@pytest.mark.parametrize(("fault", "details", "result", "words"), FAULTS)
@pytest.mark.parametrize(
    ("do", "label"), [("instruct", "Resume"), ("decline", "Cancellation of the task")]
)
def test_the_last_step_may_fail_too(
    ana, paused, simulator, fault, details, result, words, do, label
):
    path = {"instruct": "resume", "decline": "cancel"}[do]
    simulator.fault(fault, match=f"POST /v1/sessions/*/{path}", **details)
    response = click(ana, paused, do)
    assert steps(response) == ["Message: confirmed.", f"{label}: {words}."]
    assert Attempt.objects.get(action=path).result == result


def test_what_waited_too_long_is_not_sent(ana, paused, simulator, settings):
    settings.ACTION_MAX_AGE_SECONDS = -1
    assert steps(click(ana, paused, "approve")) == [
        "Message: not sent.",
        "Resume: not sent, the steps stopped before it.",
    ]
    assert sent_calls(simulator) == {}


def test_a_cancelled_task_cannot_be_cancelled_again(ana, asking, simulator):
    simulator.ask("POST", f"/v1/sessions/{asking}/cancel")
    response = click(ana, asking, "decline", "", question="")
    assert outcome(response)["data-result"] == "rejected"
    assert "Session has no task to cancel" in outcome(response).text()


def test_a_form_sent_twice_gives_the_first_results(ana, support, paused, simulator):
    session = RemoteSession.objects.get(session_id=paused)
    token = issue_form_token(session, person_id=str(support.pk), action=Action.MESSAGE)
    answers = [steps(click(ana, paused, "approve", form_token=token)) for _ in range(2)]
    assert answers[0] == answers[1] == ["Message: confirmed.", "Resume: confirmed."]
    assert sent_calls(simulator) == {"message": 1, "resume": 1}


def test_the_steps_of_a_chain_that_stopped_are_not_taken_by_the_same_form(
    ana, support, paused, simulator
):
    session = RemoteSession.objects.get(session_id=paused)
    token = issue_form_token(session, person_id=str(support.pk), action=Action.MESSAGE)
    simulator.fault("status", match=MESSAGE, status=429)
    for _ in range(2):
        response = click(ana, paused, "approve", form_token=token)
        assert steps(response)[0] == "Message: refused."
    assert sent_calls(simulator) == {"message": 1}


def test_a_form_that_lost_a_race_gives_what_the_other_did(
    ana, support, paused, simulator, monkeypatch
):
    """Both found nothing stored, and the other one took all steps before this one's first."""
    session = RemoteSession.objects.get(session_id=paused)
    token = issue_form_token(session, person_id=str(support.pk), action=Action.MESSAGE)
    load, found = chains.load_steps, []

    def load_late(request):
        found.append(load(request))
        if len(found) == 1:
            chains.answer_agent(request)
            return []
        return found[-1]

    monkeypatch.setattr(chains, "load_steps", load_late)
    monkeypatch.setattr(
        chains, "_read_conversation", lambda request: Conversation("", (), timezone.now())
    )
    response = click(ana, paused, "approve", form_token=token)
    assert steps(response) == ["Message: confirmed.", "Resume: confirmed."]
    assert sent_calls(simulator) == {"message": 1, "resume": 1}
    # The other one took that step.
    assert not AuditEvent.objects.filter(action="resume_left_out").exists()


def test_a_wait_that_cannot_be_ended_in_our_records_stops_no_step(
    ana, paused, simulator, monkeypatch, caplog
):
    def away(session):
        raise DatabaseError("locked")

    monkeypatch.setattr(chains, "record_answered", away)
    response = click(ana, paused, "instruct")
    assert steps(response) == ["Message: confirmed.", "Resume: confirmed."]
    assert "the wait that it ended stays till then" in caplog.text


def test_an_outcome_that_cannot_be_recorded_stops_the_chain(ana, paused, simulator, monkeypatch):
    def fail(*args, **more):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr("pingadmin.resumes.resume.close_attempt", fail)
    response = click(ana, paused, "approve")
    assert sent_calls(simulator) == {"message": 1}
    assert "could not be written to the database" in response.text
    assert not parse(response).has("#answer-form")


def test_an_intent_that_cannot_be_written_sends_nothing(ana, paused, simulator, monkeypatch):
    def fail(*args, **more):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr("pingadmin.resumes.resume.open_attempt", fail)
    response = click(ana, paused, "approve")
    assert response.status_code == 503 and sent_calls(simulator) == {}
    assert "the audit log can’t be written" in parse(response).text("#problem-answer")


def test_a_step_that_is_blocked_says_by_what(ana, paused, simulator, monkeypatch):
    session = RemoteSession.objects.get(session_id=paused)

    def block(request):
        raise AttemptBlocked(AttemptFactory(session=session, actor_name="support2"))

    monkeypatch.setattr(chains, "resume", block)
    assert steps(click(ana, paused, "approve")) == [
        "Message: confirmed.",
        "Resume: not sent, support2 is resuming this session.",
    ]


def test_a_form_of_another_action_sends_nothing(ana, support, asking, simulator):
    session = RemoteSession.objects.get(session_id=asking)
    token = issue_form_token(session, person_id=str(support.pk))
    assert click(ana, asking, form_token=token).status_code == 409
    assert sent_calls(simulator) == {}


def test_a_newer_question_sends_nothing_and_keeps_what_was_typed(ana, asking, simulator):
    simulator.message(asking, "QUESTION", "Or the <i>cheaper</i> one?")
    response = click(ana, asking, "approve", "A long story")
    assert response.status_code == 409 and sent_calls(simulator) == {}
    page = parse(response)
    problem = page.text("#problem-answer")
    assert "Nothing was sent: the agent has asked something newer meanwhile." in problem
    assert "Or the <i>cheaper</i> one?" in problem
    form = page.one("#answer-form")
    assert form.one("[name=question]")["value"] == "3"
    assert form.one("[name=message]").text() == "A long story"
    assert form.one("[name=reason]").text() == "Customer approved"
    assert form.one("[name=ticket]")["value"] == "INC-4412"
    assert click(ana, asking, question="3").status_code == 200
    assert sent_calls(simulator) == {"message": 1}


def test_the_newest_of_several_shown_questions_counts(ana, asking, simulator):
    simulator.message(asking, "QUESTION", "Or the cheaper one?")
    assert click(ana, asking, question=["3", "2"]).status_code == 200


def test_an_answered_question_is_not_answered_again(ana, asking, simulator):
    simulator.ask("POST", f"/v1/sessions/{asking}/message", json={"message": "No"})
    before = simulator.call_count("/message")
    response = click(ana, asking)
    assert response.status_code == 409
    assert "doesn’t wait any more" in parse(response).text("#problem-answer")
    assert not parse(response).has("#answer-form [name=question]")
    assert Attempt.objects.count() == 0 and before > 0


@pytest.mark.parametrize("question", ["", "x", "-1", "9" * 40])
def test_a_question_that_was_not_shown_is_shown_first(ana, asking, simulator, question):
    response = click(ana, asking, question=question)
    problem = parse(response).text("#problem-answer")
    assert response.status_code == 409 and "the agent asks this" in problem and QUESTION in problem
    assert sent_calls(simulator) == {}


def test_the_answer_comes_before_the_resume_while_the_agent_waits(ana, asking, paused):
    def panels(page):
        return [each["aria-labelledby"] for each in page.css("aside section.card")]

    session = RemoteSession.objects.get(session_id=asking)
    AgentTask.objects.update_or_create(
        session=session, defaults={"waiting_since": timezone.now(), "answered_at": timezone.now()}
    )
    RemoteSession.objects.update(state="paused")
    assert panels(parse(ana.get(session.get_absolute_url())))[0] != "answer-head"
    RemoteSession.objects.update(state="running")
    assert panels(parse(ana.get(session.get_absolute_url())))[0] == "answer-head"


def test_without_a_script_the_question_and_its_form_are_on_one_page(ana, asking, simulator):
    page = parse(ana.get(reverse("session:conversation", args=["agi", asking])))
    form = page.one("#answer-form")
    fields = {each["name"]: each["value"] for each in page.css("[form=answer-form]")}
    fields |= {each["name"]: each["value"] for each in form.css("input[type=hidden]")}
    assert QUESTION in page.text("#question") and "hx-post" not in form
    sent = {"do": "answer", "message": "Yes", "reason": "Customer approved", "ticket": ""}
    response = ana.post(form["action"], fields | sent)
    assert steps(response) == ["Message: confirmed."] and sent_calls(simulator) == {"message": 1}


def test_nothing_is_sent_where_the_conversation_cannot_be_read(ana, asking, simulator):
    simulator.fault("status", match="GET /v1/sessions/*/messages", status=500, times=0)
    response = click(ana, asking, message="A long story")
    assert response.status_code == 409 and sent_calls(simulator) == {}
    page = parse(response)
    assert "the conversation couldn’t be read (AGI " in page.text("#problem-answer")
    assert page.one("#answer-form [name=message]").text() == "A long story"


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"message": "x" * 10_001}, "message", "under 10,000 characters (it has 10001)"),
        ({"message": ""}, "message", "Write the message first."),
        ({"message": "", "do": "instruct"}, "message", "Write the message first."),
        ({"message": " \n "}, "message", "Write the message first."),
        ({"message": "a\x07b"}, "message", "Remove the invisible character U+0007."),
        ({"reason": ""}, "answer-reason", "Say why in a few words."),
        ({"ticket": "no ticket!"}, "answer-ticket", "This doesn’t look like a ticket."),
        ({"do": "delete"}, "answer-do", "Click one of the buttons below."),
    ],
)
def test_bad_input_sends_nothing_and_says_what_to_do(
    ana, asking, simulator, fields, field, sentence
):
    response = click(ana, asking, **fields)
    assert response.status_code == 400 and sent_calls(simulator) == {}
    assert sentence in parse(response).text(f"#{field}-error")
    typed = fields.get("message", "Yes, go ahead").strip()
    assert parse(response).one("#answer-form [name=message]").text() == typed
    assert parse(response).one("#answer-form [name=question]")["value"] == "2"


def test_messages_are_limited_as_resumes_are(ana, asking, simulator, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(1, 600)]
    click(ana, asking)
    response = click(ana, asking, question="")
    assert response.status_code == 429 and "1 messages of this session" in response.text
    assert AuditEvent.objects.get(action="message_limit").session_id == asking
    assert sent_calls(simulator) == {"message": 1}


def test_the_reading_before_it_counts_as_a_look_up(ana, asking, simulator, settings):
    settings.LOOKUP_LIMITS = [(1, 86_400)]
    open_session_page(ana, "agi", cast.AGI_COMPLETED)
    response = click(ana, asking)
    assert response.status_code == 429 and sent_calls(simulator) == {}
    assert AuditEvent.objects.filter(action="look_up_limit").count() == 1
    assert not AuditEvent.objects.filter(action="message_limit").exists()


def test_a_limit_on_a_later_step_stops_there(ana, support, paused, simulator, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(1, 600)]
    session = RemoteSession.objects.get(session_id=paused)
    AttemptFactory(session=session, actor_id=str(support.pk), result="ok")
    response = click(ana, paused, "approve")
    first, second = steps(response)
    assert first == "Message: confirmed."
    assert second.startswith("Resume: not sent, the limit is 1 resumes of this session")
    assert AuditEvent.objects.filter(action="resume_limit").exists()


def test_messages_never_use_up_resumes_or_pauses(ana, support, asking, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(1, 600)]
    click(ana, asking)
    address = reverse("session:resume", args=["agi", asking])
    assert ana.post(address, {"reason": "x"}, follow=True).status_code == 200


def test_an_open_attempt_of_a_colleague_blocks(ana, support2, asking, simulator):
    session = RemoteSession.objects.get(session_id=asking)
    AttemptFactory(
        session=session, action="message", actor_id=str(support2.pk), actor_name="support2"
    )
    response = click(ana, asking)
    assert response.status_code == 409
    assert "support2 is sending a message to this session" in response.text
    assert not parse(response).has("#answer-form") and sent_calls(simulator) == {}


@pytest.mark.parametrize("client_fixture", ["as_viewer", "as_auditor", "as_admin"])
def test_others_may_not_answer(request, simulator, asking, client_fixture):
    client = request.getfixturevalue(client_fixture)
    assert click(client, asking).status_code == 403 and sent_calls(simulator) == {}


def test_by_default_support_may_answer_and_not_cancel(as_support, simulator):
    session_id = simulator.session("agi", question=QUESTION)
    page = open_session_page(as_support, "agi", session_id)
    assert page.texts("#answer-form button") == [
        "Answer",
        "Approve and resume",
        "Send instructions and resume",
    ]
    assert click(as_support, session_id, "decline", question="1").status_code == 403
    assert sent_calls(simulator) == {}


def test_where_the_settings_take_answering_away_nobody_may(as_support, simulator, settings):
    settings.ANSWER_ROLES = []
    sync_roles()
    session_id = simulator.session("agi", question=QUESTION)
    assert not open_session_page(as_support, "agi", session_id).has("#answer")
    assert click(as_support, session_id, question="1").status_code == 403


def test_who_may_only_cancel_declines_without_a_message(as_support, simulator, settings):
    settings.ANSWER_ROLES, settings.CANCEL_ROLES = [], ["support"]
    sync_roles()
    session_id = simulator.session("agi", question=QUESTION)
    page = open_session_page(as_support, "agi", session_id)
    assert page.texts("#answer-form button") == ["Decline and cancel the task"]
    assert not page.has("#answer-form [name=message]")
    assert click(as_support, session_id, "decline", "No", question="1").status_code == 403
    assert sent_calls(simulator) == {}
    assert click(as_support, session_id, "decline", "", question="1").status_code == 200


def test_only_accounts_that_can_converse_have_the_form(ana, simulator):
    assert not open_session_page(ana, "ping", cast.PING_PAUSED).has("#answer")
    address = reverse("session:answer", args=["ping", cast.PING_PAUSED])
    response = ana.post(address, {"do": "answer", "message": "Hi", "reason": "x"})
    assert response.status_code == 409 and "can’t be spoken to" in response.text


def test_htmx_gets_the_part_of_the_page(ana, asking):
    address = reverse("session:answer", args=["agi", asking])
    fields = {"do": "answer", "message": "Yes", "reason": "x", "question": str(QUESTION_ID)}
    response = ana.post(address, fields, headers={"HX-Request": "true"})
    assert steps(response) == ["Message: confirmed."] and "<html" not in response.text


def lost(simulator, client, session_id, do, *, acted):
    match = {"answer": MESSAGE, "decline": CANCEL}[do]
    simulator.fault("reset", match=match, after=acted)
    click(client, session_id, do, "Yes" if do == "answer" else "")
    return Attempt.objects.get()


@pytest.mark.parametrize(
    ("do", "found"),
    [
        ("answer", "a message with this text was in the conversation"),
        ("decline", "the task was finished"),
    ],
)
def test_an_effect_that_shows_resolves_an_unknown_outcome(ana, asking, simulator, do, found):
    attempt = reconcile(lost(simulator, ana, asking, do, acted=True))
    assert (attempt.result, attempt.resolved_by) == ("unknown", "evidence")
    assert found in attempt.resolution_note
    assert "We can’t tell whether this" in attempt.resolution_note
    session = RemoteSession.objects.get(session_id=asking)
    assert session.paused_doubted_at is None


@pytest.mark.parametrize("do", ["answer", "decline"])
def test_an_effect_that_never_shows_resolves_at_the_last_check(ana, asking, simulator, do):
    attempt = lost(simulator, ana, asking, do, acted=False)
    for seconds in (1, 6, 31, 121):
        assert reconcile(attempt, seconds=seconds).resolved_at is None
    attempt = reconcile(attempt, seconds=601)
    assert attempt.resolved_by == "evidence"
    assert ("no message with this text" in attempt.resolution_note) is (do == "answer")


def test_the_same_text_of_before_is_no_evidence(ana, simulator):
    said = [{"type": "USER", "content": "Yes"}]
    session_id = simulator.session("agi", messages=said, question=QUESTION)
    open_session_page(ana, "agi", session_id)
    attempt = reconcile(lost(simulator, ana, session_id, "answer", acted=False))
    assert attempt.resolved_at is None


def test_a_conversation_that_cannot_be_read_resolves_nothing(ana, asking, simulator):
    attempt = lost(simulator, ana, asking, "answer", acted=False)
    simulator.fault("status", match="GET /v1/sessions/*/messages", status=500, times=0)
    attempt = reconcile(attempt, seconds=601)
    assert attempt.resolved_at is None and attempt.next_check_at is None


def test_a_person_resolves_an_unknown_message(ana, asking, simulator):
    attempt = lost(simulator, ana, asking, "answer", acted=True)
    address = reverse("session:resolve", args=["agi", asking, attempt.pk])
    ana.post(address, {"note": "The agent has it"})
    attempt.refresh_from_db()
    assert attempt.resolved_by == "person"


def test_an_unknown_message_says_so_and_blocks(ana, asking, simulator):
    simulator.fault("reset", match=MESSAGE, after=True)
    response = click(ana, asking)
    assert "We don’t know whether the message arrived" in outcome(response).text()
    again = click(ana, asking, question="")
    assert again.status_code == 409
    assert "the outcome of the last message is unknown" in again.text


def test_the_team_gets_a_message_of_an_unknown_outcome(ana, asking, simulator):
    lost(simulator, ana, asking, "decline", acted=True)
    event = AuditEvent.objects.get(action="cancel", phase="outcome")
    notification = Notification(event_seq=event.seq, reason=Notification.Reason.UNKNOWN_OUTCOME)
    assert f"*Unknown outcome*: cancel task of agi {asking} by support" in text_of(notification)
