"""An act has an age: what waited too long in the panel is not sent any more."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from pingadmin.audit.models import AuditEvent
from tests.support.html import parse
from tests.support.panel_resumes import PAGE, RESUME, WHY


def events_of_attempts():
    events = AuditEvent.objects.filter(phase__in=["intent", "outcome"]).exclude(attempt="")
    return [(event.phase, event.result) for event in events.oldest_first()]


@pytest.mark.parametrize("action", ["resume", "pause"])
def test_what_waited_too_long_is_not_sent(
    simulated_upstreams, support, as_support, settings, action
):
    from pingadmin.accounts.syncing import sync_roles

    settings.PAUSE_ROLES = ["support"]
    sync_roles()
    settings.ACTION_MAX_AGE_SECONDS = 0
    response = as_support.post(f"{PAGE}{action}/", WHY, follow=True)
    page = parse(response)
    assert page.has("[data-result=not_sent]")
    assert "this had waited here for too long" in page.own_text
    assert events_of_attempts() == [("intent", ""), ("outcome", "not_sent")]
    assert simulated_upstreams.call_count(f"/{action}") == 0
    settings.ACTION_MAX_AGE_SECONDS = 60
    as_support.post(f"{PAGE}{action}/", WHY)
    assert simulated_upstreams.call_count(f"/{action}") == 1


@pytest.mark.process
def test_a_lock_that_is_held_for_longer_than_that_lets_nothing_out_late(
    panel_on_postgres, simulator
):
    """The audit lock stays held while the proxy gives the browser up; then it is freed."""
    url = panel_on_postgres.environment["DATABASE_URL"]
    person = panel_on_postgres.login()
    person.get(PAGE)
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [0x70696E67])
        answer = person.post(RESUME, WHY)
    assert answer.status_code == 503 and "Nothing was sent" in answer.text
    assert simulator.call_count("/resume") == 0
    assert panel_on_postgres.rows("SELECT * FROM resumes_resumeattempt") == []
    assert person.post(RESUME, WHY).status_code == 302


@pytest.mark.process
def test_limits_hold_exactly_however_many_press_at_once(panel_on_postgres, simulator):
    sessions = [
        simulator.session(client_id="acme", connected_for=600, paused_ago=60, paused=True)
        for _ in range(14)
    ]
    person = panel_on_postgres.login()
    person.get("/sessions/")
    together = threading.Barrier(len(sessions))

    def press(session_id: str) -> int:
        together.wait(60)
        return person.post(f"/sessions/ping/{session_id}/resume/", WHY).status_code

    with ThreadPoolExecutor(len(sessions)) as pool:
        statuses = sorted(pool.map(press, sessions))
    assert statuses == [302] * 10 + [429] * 4
    assert simulator.call_count("/resume") == 10
