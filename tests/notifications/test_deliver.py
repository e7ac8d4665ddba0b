"""Messages reach the webhook, fail in bounded ways, and tell nobody its address or anything that
mentions people.
"""

import logging
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from pingadmin.audit.record.actors import Actor
from pingadmin.config.secret import Secret
from pingadmin.notifications import deliver, delivery_status
from pingadmin.notifications.make import make_new
from pingadmin.notifications.models import Notification
from pingadmin.resumes.outcome_sentences import LOOK_FIRST
from tests.audit.factories import BEN, record_entry, record_event
from tests.factories import BulkResumeFactory
from tests.support.raw_server import drips, goes_on_for_ever, hangs, http, resets_after, says
from tests.support.webhooks import PATH, delivered_texts

pytestmark = pytest.mark.django_db


@pytest.fixture
def unknown(webhook):
    """unknown(*script, **facts) -> the webhook, with one message about an unknown outcome due."""

    def make(*script, **facts):
        server = webhook(*script)
        make_new()
        record_entry("unknown", **facts)
        make_new()
        return server

    return make


def test_an_unknown_outcome_is_sent_with_actor_action_reason_and_links(unknown):
    server = unknown(session_id="ses_9", reason="Customer approved", ticket="INC-9")
    assert deliver.deliver_one() is True
    (request,) = server.requests
    assert (request.method, request.path, request.headers["content-type"]) == (
        "POST",
        PATH,
        "application/json",
    )
    (text,) = delivered_texts(server)
    for part in (
        "Unknown outcome",
        "resume of ping ses_9 by ana",
        "Reason: Customer approved",
        "Ticket: INC-9",
        f"It may or may not have worked. {LOOK_FIRST}",
    ):
        assert part in text
    assert (
        "https://panel.example/audit/1/" in text
        and "https://panel.example/sessions/ping/ses_9/" in text
    )
    sent = Notification.objects.get()
    assert (sent.failure, sent.status, sent.next_try_at) == ("", 200, None) and sent.delivered_at


def test_a_flagged_review_is_sent_with_its_note(webhook):
    server = webhook()
    make_new()
    head = record_entry("ok", reason="False alarm")
    record_event(
        phase="mark", action="mark_flagged", by=BEN, story=head.seq, reason="Why without a ticket?"
    )
    make_new()
    deliver.deliver_one()
    (text,) = delivered_texts(server)
    assert "Flagged in review* by ben: resume of ping ses_1 by ana." in text
    assert "Note: Why without a ticket?" in text and "Reason: False alarm" in text


def test_a_bulk_resume_sends_one_message_with_the_number_and_the_link(webhook):
    server = webhook()
    make_new()
    bulk = BulkResumeFactory()
    for number in range(3):
        record_entry("unknown", batch=str(bulk.pk), session_id=f"ses_{number}")
    make_new()
    while deliver.deliver_one():
        pass
    (text,) = delivered_texts(server)
    assert "3 unknown so far" in text
    assert f"https://panel.example/resumes/bulk/{bulk.pk}/" in text


def test_without_the_panels_address_there_are_no_links(unknown, settings):
    settings.PANEL_URL = ""
    server = unknown()
    deliver.deliver_one()
    assert "http" not in delivered_texts(server)[0]


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("<!channel> <@U123> <https://evil.example|click>", "&lt;!channel&gt; &lt;＠U123&gt;"),
        ("@channel @here & co", "＠channel ＠here &amp; co"),
        ("one\u202etwo", "one\\u202etwo"),
        ("x" * 300, "x" * 139 + "…"),
    ],
)
def test_nothing_that_people_typed_mentions_or_links(unknown, reason, sent):
    server = unknown(reason=reason)
    deliver.deliver_one()
    (text,) = delivered_texts(server)
    assert f"Reason: {sent}" in text and "<" not in text and "@" not in text


def test_what_the_upstream_said_is_not_in_it(unknown):
    server = unknown(
        outcome={"detail": {"message": "<!here> canary-upstream"}, "upstream_code": "canary-code"}
    )
    deliver.deliver_one()
    assert "canary" not in delivered_texts(server)[0]


def test_each_is_sent_once_however_often_and_by_whomever_it_is_tried(unknown):
    server = unknown()
    due = Notification.objects.get()
    assert deliver.deliver_one() is True
    assert deliver.deliver_one() is False
    assert deliver._claim(due, timezone.now()) is False
    assert len(server.requests) == 1


FAULTS = {
    "refused": (says(403, b"invalid_token", kind="text/plain"), "refused", 403),
    "gone": (says(404, b"no_service", kind="text/plain"), "not_found", 404),
    "its own fault": (says(500, {"error": "x"}), "server_error", 500),
    "redirect": (says(302, b"", "Location: http://127.0.0.1:9/"), "redirected", 302),
    "reset": (resets_after(), "broken_off", None),
    "too large": (goes_on_for_ever(http(200, b"", length=-1), b"x" * 65536), "too_large", None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_failure_is_stored_by_its_kind_and_tried_again_later(unknown, fault, caplog):
    behaviour, failure, status = FAULTS[fault]
    server = unknown(behaviour)
    with caplog.at_level(logging.DEBUG):
        assert deliver.deliver_one() is True
    failed = Notification.objects.get()
    assert (failed.failure, failed.status, failed.tries, failed.delivered_at) == (
        failure,
        status,
        1,
        None,
    )
    assert timedelta(seconds=5) < failed.next_try_at - timezone.now() < timedelta(seconds=16)
    assert len(server.requests) == 1
    assert "canary-webhook" not in caplog.text and str(server.port) not in caplog.text


@pytest.mark.parametrize(
    "behaviour", [hangs, drips(http(200, b"ok"), every=0.02)], ids=["silent", "dripping"]
)
def test_a_webhook_that_does_not_answer_is_given_up_in_time(unknown, behaviour, seconds_for_answer):
    seconds_for_answer(0.3)
    unknown(behaviour)
    deliver.deliver_one()
    assert Notification.objects.get().failure == "timed_out"


def test_it_waits_as_long_as_the_webhook_asks(unknown):
    unknown(says(429, b"", "Retry-After: 600"))
    deliver.deliver_one()
    waits = Notification.objects.get().next_try_at - timezone.now()
    assert timedelta(seconds=590) < waits <= timedelta(seconds=600)


def test_after_a_few_tries_it_is_given_up_and_said(unknown, time_machine):
    time_machine.move_to(timezone.now(), tick=False)
    server = unknown(says(500, b""))
    for _ in range(20):
        time_machine.shift(timedelta(hours=3))
        deliver.deliver_one()
    lost = Notification.objects.get()
    assert (lost.tries, lost.next_try_at, lost.delivered_at) == (6, None, None) and len(
        server.requests
    ) == 6
    assert (
        delivery_status.count_given_up() == 1
        and delivery_status.read_delivery_status().failing == [lost]
    )


def test_an_answer_that_does_not_say_yes_is_tried_twice_more_and_told(unknown, time_machine):
    """It may have been delivered each time, so not as often as a plain failure."""
    time_machine.move_to(timezone.now(), tick=False)
    server = unknown(says(200, b"Webhook message delivery failed", kind="text/plain"))
    for _ in range(20):
        time_machine.shift(timedelta(hours=3))
        deliver.deliver_one()
    lost = Notification.objects.get()
    assert (lost.failure, lost.status, lost.delivered_at) == ("unconfirmed", 200, None)
    assert (lost.tries, lost.next_try_at, len(server.requests)) == (3, None, 3)
    assert delivery_status.count_given_up() == 1


def test_one_whose_sender_died_is_due_again(unknown, time_machine):
    server = unknown()
    assert deliver._claim(Notification.objects.get(), timezone.now())
    assert deliver.deliver_one() is False
    time_machine.move_to(timezone.now() + timedelta(seconds=61))
    assert deliver.deliver_one() is True and len(server.requests) == 1


def test_a_later_success_clears_the_failure(unknown, time_machine):
    unknown(says(500, b""), says(200, b"ok"))
    deliver.deliver_one()
    time_machine.move_to(timezone.now() + timedelta(seconds=16))
    deliver.deliver_one()
    assert (
        delivery_status.read_delivery_status().failing == []
        and delivery_status.read_delivery_status().waiting == 0
        and delivery_status.count_given_up() == 0
    )


def test_nothing_due_costs_one_query_and_no_address_none(
    settings, webhook, django_assert_num_queries
):
    webhook()
    with django_assert_num_queries(1):
        assert deliver.deliver_one() is False
    settings.NOTIFY_URL = Secret("")
    with django_assert_num_queries(0):
        assert deliver.deliver_one() is False


def test_the_test_command_sends_one_message_and_says_so(webhook, capsys):
    server = webhook()
    call_command("notify_test")
    assert "A test message of pingadmin" in delivered_texts(server)[0]
    assert "took the message (status 200)" in capsys.readouterr().out


def test_the_test_command_says_why_it_failed_without_the_address(webhook, settings):
    webhook(says(403, b"canary-webhook-secret", kind="text/plain"))
    with pytest.raises(
        CommandError, match=r"The webhook refused the request \(status 403\)"
    ) as caught:
        call_command("notify_test")
    assert "canary" not in str(caught.value)
    settings.NOTIFY_URL = Secret("")
    with pytest.raises(CommandError, match="NOTIFY_URL is not set"):
        call_command("notify_test")


def test_whoever_reaches_the_limit_on_look_ups_is_told_to_the_team(webhook):
    """T85."""
    server = webhook()
    make_new()
    by = Actor("person", "7", "ana", "support")
    record_event(by=by, action="look_up_limit", phase="event", detail={"limit": "60 a minute"})
    make_new()
    assert deliver.deliver_one() is True
    [text] = delivered_texts(server)
    assert "Limit on look-ups" in text and "ana reached it" in text


def test_an_answer_about_another_session_is_told_to_the_team(webhook):
    """T21: its outcome is unknown, and that is a message like every unknown outcome."""
    server = webhook()
    make_new()
    head = record_event(reason="Customer approved")
    record_event(
        phase="outcome", story=head.seq, result="unknown", detail={"word": "wrong_session"}
    )
    make_new()
    assert deliver.deliver_one() is True
    assert "Unknown outcome" in delivered_texts(server)[0]
