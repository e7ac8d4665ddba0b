"""A press is one press: sent twice, stale, borrowed or late, it never becomes a second call."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.remote_sessions.models import RemoteSession
from pingadmin.resumes.form_token import issue_form_token
from pingadmin.resumes.models import Attempt
from tests.conftest import client_of
from tests.resumes.test_resume import hidden, press, resume_calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def page(client, session_id=cast.PING_PAUSED):
    return client.get(reverse("session:page", args=["ping", session_id]))


def test_a_form_sent_twice_gives_the_first_result(as_support, simulator):
    value = hidden(page(as_support))
    first = press(as_support, "ping", cast.PING_PAUSED, form_token=value)
    second = press(as_support, "ping", cast.PING_PAUSED, form_token=value)
    assert 'data-result="ok"' in first.text and 'data-result="ok"' in second.text
    assert resume_calls(simulator) == 1 and Attempt.objects.count() == 1


def test_a_second_press_on_a_stale_page_is_answered_by_the_upstream(as_support, simulator):
    stale = hidden(page(as_support))
    press(as_support, "ping", cast.PING_PAUSED)
    assert (
        'data-result="already"'
        in press(as_support, "ping", cast.PING_PAUSED, form_token=stale).text
    )
    assert resume_calls(simulator) == 2


@pytest.mark.parametrize("value", ["junk", "a:b:c"])
def test_a_forged_memory_of_the_page_sends_nothing(as_support, simulator, value):
    answer = press(as_support, "ping", cast.PING_PAUSED, form_token=value)
    assert answer.status_code == 409 and resume_calls(simulator) == 0


def test_a_form_of_another_person_or_session_sends_nothing(as_support, support2, simulator):
    value = hidden(page(as_support))
    assert press(client_of(support2), "ping", cast.PING_PAUSED, form_token=value).status_code == 409
    assert press(as_support, "ping", cast.PING_PAUSED_TOO, form_token=value).status_code == 409
    assert resume_calls(simulator) == 0


def test_a_form_older_than_a_shift_sends_nothing(as_support, support, simulator):
    page(as_support)
    with time_machine.travel(timezone.now() - timedelta(hours=8, minutes=1)):
        value = issue_form_token(RemoteSession.objects.get(), person_id=str(support.pk))
    assert press(as_support, "ping", cast.PING_PAUSED, form_token=value).status_code == 409
    assert resume_calls(simulator) == 0


@pytest.fixture
def under_way(support2, as_support):
    """support2 is resuming the session this very moment."""
    page(as_support)
    now = timezone.now()
    return Attempt.objects.create(
        token="00000000-0000-4000-8000-00000000000a",
        session=RemoteSession.objects.get(),
        actor_id=str(support2.pk),
        actor_name="support2",
        reason="Rate limit passed",
        ticket="INC-4420",
        opened_at=now,
        lease_until=now + timedelta(seconds=68),
        intent_seq=1,
    )


def test_a_colleague_who_is_faster_is_named_in_place_of_the_button(as_support, under_way):
    shown = page(as_support).text
    assert "support2 is resuming this session" in shown and "INC-4420" in shown
    assert "Resume session</button>" not in shown
    assert "every 2s" in shown


def test_pressing_beside_a_colleague_sends_nothing_and_says_who(as_support, under_way, simulator):
    answer = press(as_support, "ping", cast.PING_PAUSED)
    assert answer.status_code == 409 and "support2 is resuming" in answer.text
    assert resume_calls(simulator) == 0


def test_limits_hold_for_a_person_and_for_a_session(as_support, support2, simulator, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(2, 600)]
    for _ in range(2):
        press(as_support, "ping", cast.PING_PAUSED)
    answer = press(client_of(support2), "ping", cast.PING_PAUSED)
    assert (
        answer.status_code == 429
        and "of this session" in answer.text
        and "Nothing was sent" in answer.text
    )
    settings.RESUME_LIMITS = [(2, 60)]
    answer = press(as_support, "ping", cast.PING_PAUSED_TOO)
    assert answer.status_code == 429 and "by you" in answer.text
    assert resume_calls(simulator) == 2


def test_a_limit_ends_with_its_window(as_support, settings):
    settings.RESUME_LIMITS = [(1, 60)]
    press(as_support, "ping", cast.PING_PAUSED)
    Attempt.objects.update(opened_at=timezone.now() - timedelta(seconds=61))
    assert 'data-result="ok"' in press(as_support, "ping", cast.PING_PAUSED_TOO).text
