"""Resumes through the session's page, as people send them, and what the page says afterwards."""

from datetime import timedelta

import time_machine
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pingadmin.demo import cast
from pingadmin.resumes.models import Attempt
from tests.support.html import Element, parse
from tests.support.simulator import Simulator

PING_RESUME = "PATCH /customer/v2/sessions/*/resume"
AGI_RESUME = "POST /v1/sessions/*/resume"


def open_session_page(
    client: Client, alias: str = "ping", session_id: str = cast.PING_PAUSED
) -> Element:
    return parse(client.get(reverse("session:page", args=[alias, session_id])))


def click_resume(
    client: Client,
    alias: str,
    session_id: str,
    reason: str = "Customer approved",
    ticket: str = "INC-4412",
    **fields: str,
) -> HttpResponse:
    """Submit the form of the session's page, and follow to the page with the outcome."""
    address = reverse("session:resume", args=[alias, session_id])
    return client.post(address, {"reason": reason, "ticket": ticket, **fields}, follow=True)


def outcome(response: HttpResponse) -> Element:
    """The notice about the newest attempt."""
    return parse(response).one("#outcome")


def session_card(response: HttpResponse) -> Element:
    """The session's state on its page."""
    return parse(response).one("#card")


def form_token(response: HttpResponse) -> str:
    """The hidden field of the resume form in a page."""
    return parse(response).one("form[action$='/resume/'] input[name=form_token]")["value"]


def resume_calls(simulator: Simulator) -> int:
    return simulator.call_count("/resume")


def cause_unknown_outcome(
    simulator: Simulator,
    client: Client,
    alias: str = "ping",
    session_id: str = cast.PING_PAUSED,
    *,
    acted: bool = True,
) -> Attempt:
    """A resume whose answer is lost; the system resumed the session if it `acted`."""
    match = {"ping": PING_RESUME, "agi": AGI_RESUME}[alias]
    simulator.fault("reset", match=match, after=acted)
    click_resume(client, alias, session_id)
    return Attempt.objects.get()


def reconcile(attempt: Attempt, *, seconds: float = 1) -> Attempt:
    """Run `reconcile` after that time; the attempt as it is then."""
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        call_command("reconcile")
    attempt.refresh_from_db()
    return attempt
