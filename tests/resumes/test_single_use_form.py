"""One form is one attempt: sent twice, stale, borrowed or late, it never becomes a second call."""

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
from tests.factories import AttemptFactory
from tests.support.html import parse
from tests.support.session_actions import click_resume, form_token, outcome, resume_calls

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("simulated_upstreams")]


def open_page(client):
    return client.get(reverse("session:page", args=["ping", cast.PING_PAUSED]))


def resume(client, **fields):
    return click_resume(client, "ping", cast.PING_PAUSED, **fields)


def test_a_form_sent_twice_gives_the_first_result(as_support, simulator):
    token = form_token(open_page(as_support))
    results = [outcome(resume(as_support, form_token=token))["data-result"] for _ in range(2)]
    assert results == ["ok", "ok"]
    assert resume_calls(simulator) == 1 and Attempt.objects.count() == 1


def test_a_second_attempt_from_a_stale_page_is_answered_by_the_upstream(as_support, simulator):
    token = form_token(open_page(as_support))
    resume(as_support)
    assert outcome(resume(as_support, form_token=token))["data-result"] == "already"
    assert resume_calls(simulator) == 2


@pytest.mark.parametrize("forged", ["junk", "a:b:c"])
def test_a_forged_memory_of_the_page_sends_nothing(as_support, simulator, forged):
    assert resume(as_support, form_token=forged).status_code == 409
    assert resume_calls(simulator) == 0


def test_a_form_of_another_person_or_session_sends_nothing(as_support, support2, simulator):
    token = form_token(open_page(as_support))
    assert resume(client_of(support2), form_token=token).status_code == 409
    response = click_resume(as_support, "ping", cast.PING_PAUSED_TOO, form_token=token)
    assert response.status_code == 409
    assert resume_calls(simulator) == 0


def test_a_form_older_than_a_shift_sends_nothing(as_support, support, simulator):
    open_page(as_support)
    with time_machine.travel(timezone.now() - timedelta(hours=8, minutes=1)):
        token = issue_form_token(RemoteSession.objects.get(), person_id=str(support.pk))
    assert resume(as_support, form_token=token).status_code == 409
    assert resume_calls(simulator) == 0


@pytest.fixture
def colleagues_attempt(support2, as_support):
    """support2 is resuming the session this very moment."""
    open_page(as_support)
    return AttemptFactory(
        session=RemoteSession.objects.get(),
        actor_id=str(support2.pk),
        actor_name="support2",
        ticket="INC-4420",
        opened_at=timezone.now(),
    )


def test_a_colleague_who_is_faster_is_named_in_place_of_the_button(as_support, colleagues_attempt):
    panel = parse(open_page(as_support)).one("#resume")
    assert panel.text("[data-under-way] h3") == "support2 is resuming this session"
    assert "INC-4420" in panel.text("[data-under-way]")
    assert not panel.has("#resume-button") and panel["hx-trigger"] == "every 2s"


def test_resuming_at_the_same_time_as_a_colleague_sends_nothing_and_says_who(
    as_support, colleagues_attempt, simulator
):
    response = resume(as_support)
    assert response.status_code == 409
    assert "support2 is resuming" in parse(response).text("#problem-resume")
    assert resume_calls(simulator) == 0


def test_limits_hold_for_a_person_and_for_a_session(as_support, support2, simulator, settings):
    settings.RESUME_LIMITS_PER_SESSION = [(2, 600)]
    for _ in range(2):
        resume(as_support)
    response = resume(client_of(support2))
    problem = parse(response).text("#problem-resume")
    assert response.status_code == 429
    assert "of this session" in problem and "Nothing was sent" in problem
    settings.RESUME_LIMITS = [(2, 60)]
    response = click_resume(as_support, "ping", cast.PING_PAUSED_TOO)
    assert response.status_code == 429 and "by you" in parse(response).text("#problem-resume")
    assert resume_calls(simulator) == 2


def test_a_limit_ends_with_its_window(as_support, settings):
    settings.RESUME_LIMITS = [(1, 60)]
    resume(as_support)
    Attempt.objects.update(opened_at=timezone.now() - timedelta(seconds=61))
    response = click_resume(as_support, "ping", cast.PING_PAUSED_TOO)
    assert outcome(response)["data-result"] == "ok"
