"""A pause with killed processes and a colleague who resumes: real servers, one call, no loss."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pingadmin.demo import cast
from tests.support.disruptions import (
    fill_the_disk,
    ignoring_a_dead_server,
    in_background,
    let_leases_lapse,
    reconcile_until,
    until,
)
from tests.support.html import parse
from tests.support.panel_resumes import is_called, stored_attempts

pytestmark = pytest.mark.process

SESSION = f"/sessions/agi/{cast.AGI_RUNNING}/"
MATCH = "POST */pause"
WHY = {"reason": "Card dispute", "ticket": "INC-4412"}


@pytest.fixture
def pausing_panel(new_panel):
    """A panel in which support may pause."""
    panel = new_panel(PAUSE_ROLES="support")
    panel.manage("sync_roles")
    return panel


def events(panel):
    query = """
        SELECT action, phase, result FROM audit_auditevent
        WHERE action IN ('resume', 'pause', 'look') ORDER BY seq
    """
    return [tuple(row.values()) for row in panel.rows(query)]


def test_a_process_killed_while_pausing_leaves_an_intent_that_reconcile_closes_and_looks_after(
    pausing_panel, simulator
):
    panel = pausing_panel
    simulator.fault("hang", match=MATCH, seconds=30)
    person = panel.login("support")
    with in_background(
        lambda: ignoring_a_dead_server(lambda: person.post(f"{SESSION}pause/", WHY))
    ):
        until(is_called(simulator, "pause"))
        panel.kill()
    assert events(panel) == [("pause", "intent", "")] and stored_attempts(panel)[0]["is_open"] == 1
    panel.start()
    assert "support is pausing this session" in panel.login("support2").get(SESSION).text
    let_leases_lapse(panel)
    reconcile_until(panel, lambda: len(events(panel)) == 3)
    assert events(panel) == [
        ("pause", "intent", ""),
        ("pause", "outcome", "unknown"),
        ("look", "evidence", ""),
    ]
    assert (stored_attempts(panel)[0]["act"], stored_attempts(panel)[0]["word"]) == (
        "pause",
        "process_lost",
    )
    page = parse(panel.login("support").get(SESSION))
    assert "We don’t know whether the session was paused" in page.text()
    assert page.one("#card")["data-paused"] == "no"
    assert simulator.call_count("/pause") == 1


def test_a_pause_and_a_resume_at_once_make_one_call(pausing_panel, simulator):
    simulator.fault("delay", match="POST */*e", seconds=3, times=2)
    people = {"pause": pausing_panel.login("support"), "resume": pausing_panel.login("support2")}
    together = threading.Barrier(2)

    def submit(act):
        together.wait(60)
        return people[act].post(f"{SESSION}{act}/", WHY)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(submit, people), key=lambda answer: answer.status_code)
    assert [answer.status_code for answer in answers] == [302, 409]
    assert "ing this session. The outcome will show here." in answers[1].text
    assert simulator.call_count("/pause") + simulator.call_count("/resume") == 1


def test_an_outcome_of_a_pause_that_was_kept_in_the_file_is_brought_in_as_a_pause(
    pausing_panel, simulator
):
    panel = pausing_panel
    simulator.fault("delay", match=MATCH, seconds=2)
    person = panel.login("support")
    person.get(SESSION)
    with in_background(lambda: person.post(f"{SESSION}pause/", WHY)) as answer:
        until(is_called(simulator, "pause"))
        fill_the_disk(panel)
        page = answer.result()
    assert "could not be written" in page.text and "nothing can be resumed or paused" in page.text
    panel.manage("reconcile")
    assert events(panel)[:2] == [("pause", "intent", ""), ("pause", "outcome", "ok")]
